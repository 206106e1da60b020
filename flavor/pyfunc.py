"""A loaded model that predicts: validate, to_pipeline, run, from_pipeline. Thread-safe; nothing of the caller's is changed."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

from . import prompt_templates, registered_prompts
from .adapter_choice import AdapterLock, adapter_of
from .batching import MAX_ROWS
from .conversations import Conversations, in_turn
from .decoding import decode_row, settings_for, usage_of
from .errors import as_mlflow_does
from .flavor_config import Prompt
from .lengths import token_limit
from .media import MAX_PIXELS
from .parameters import Effective, Source, accepted_names, resolve
from .previews import preview
from .pyfunc_input import rows_from
from .results import RowResult, json_safe
from .row_params import rows_at, runs_of
from .running import Batcher, Prepared, full_text_of
from .stock_answers import StockAnswers
from .tasks._adapters import ADAPTER, has_adapters
from .tasks._base import InvalidInput, Row, Task, Warned
from .tasks._checking import check_rows, under_own_names
from .tasks._generation import check_sequences, settle_sampling

__all__ = ["PyfuncModel", "RowResult", "Warned"]

logger = logging.getLogger(__name__)

OVERLONG = ("truncate", "refuse")
ON_ERROR = ("raise", "row")


class PyfuncModel:
    """What `flavor.loading` returns for predictions.

    `predict` and `predict_stream` are MLflow's doors and take what MLflow takes; `run` and `stream` take rows of the task.
    The pipeline is this object's own from now on: its tokenizer's limit is set to what the model reads.
    `output="stock"` makes `predict` answer in stock's shape.
    """

    def __init__(
        self,
        task: Task,
        pipeline: Any,
        *,
        model_config: Row | None = None,
        prompt_template: str | None = None,
        prompt: Prompt | None = None,
        overlong: str = "truncate",
        signature_defaults: Row | None = None,
        output: str = "rich",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.task = task
        self.pipeline = pipeline
        self.model_config = dict(model_config or {})
        self.prompt = prompt or registered_prompts.named(prompt_template or None)
        if self.prompt is not None:
            prompt_templates.check(self.prompt.template)
        self.overlong = _checked("overlong", overlong, OVERLONG)
        self.signature_defaults = dict(signature_defaults or {})
        self.output = output
        self.stock = StockAnswers(task, self.model_config, self.signature_defaults) if output == "stock" else None
        self.max_pixels = max_pixels
        self.token_limit = token_limit(pipeline)
        self._lock: Any = AdapterLock(pipeline.model) if has_adapters(task) else threading.Lock()
        self._conversations = Conversations()
        self._accepted = accepted_names(pipeline)
        if self.token_limit is not None:
            pipeline.tokenizer.model_max_length = self.token_limit

    @property
    def prompt_template(self) -> Any:
        """The text, or the messages of a chat, that inputs are put into; None where there is none."""
        return self.prompt.template if self.prompt else None

    def predict(self, model_input: Any, params: Row | None = None) -> Any:
        """Answer N inputs with N lists of records (stock's shape when `output` says so).

        `model_input` is a text, bytes, a list, a dict, a DataFrame or an array; no input gives no answer.
        Raises InvalidInput naming the field, which here is an MlflowException too; warnings go to the log.
        """
        with as_mlflow_does():
            rows = [under_own_names(self.task, row) for row in rows_from(self.task, model_input)]
            if self.stock:
                rows = [self.task.from_stock(row) for row in rows]
            results = self._run_by_params(rows, _said(params))
        for number, result in enumerate(results):
            for warned in result.warnings:
                logger.warning("input %d: %s: %s", number, warned.code, warned.detail)
        records = [json_safe(result.records) for result in results]
        return self.stock.of(rows, records, params or {}) if self.stock else records

    def predict_stream(self, model_input: Any, params: Row | None = None) -> Iterator[str]:
        """Yield the text of one input as it is written."""
        with as_mlflow_does():
            rows = rows_from(self.task, model_input)
            if len(rows) != 1:
                raise InvalidInput("inputs", f"a stream answers one input, got {len(rows)}.")
            if not self.task.streams:
                raise InvalidInput("inputs", f"{self.task.name} has nothing to stream; use predict.")
            ((_, together, own),) = runs_of(self.task, rows)
            for piece in self.stream(together[0], {**_said(params), **own}):
                if isinstance(piece, str):
                    yield piece

    def run(
        self,
        rows: list[Row],
        params: Row | None = None,
        *,
        should_stop: Callable[[], bool] | None = None,
        on_error: str = "raise",
        overlong: str | None = None,
    ) -> list[RowResult]:
        """Answer N rows with N results, in order.

        `should_stop` is asked before every batch and after every token; rows not reached have the error code `cancelled`.
        With `on_error="row"` a row at fault has its error in its own result; wrong params are raised all the same.
        """
        raises = _checked("on_error", on_error, ON_ERROR) == "raise"
        batcher = self._batcher(overlong, raises=raises, should_stop=should_stop)
        return self._run(rows, params, batcher)

    def stream(
        self, row: Row, params: Row | None = None, *, should_stop: Callable[[], bool] | None = None, overlong: str | None = None
    ) -> Iterator[str | RowResult]:
        """Yield the pieces of the text of one row, then its RowResult; the pieces together are its text.

        Closing the iterator ends the writing. A task that does not stream yields its RowResult only; a text that cannot be told
        while it is written, such as one of several beams that the model follows unasked, is one piece.
        """
        has_told = False
        with closing(self._pieces(row, params, should_stop, overlong)) as pieces:
            for piece in pieces:
                if isinstance(piece, RowResult) and self.task.streams and not has_told:
                    yield from self._whole_text(piece)
                has_told = True
                yield piece

    def _whole_text(self, result: RowResult) -> list[str]:
        text = result.records[0].get(self.task.written) if result.records else None
        return [text] if isinstance(text, str) and text else []

    def _pieces(
        self, row: Row, params: Row | None, should_stop: Callable[[], bool] | None, overlong: str | None
    ) -> Generator[str | RowResult]:
        if not self._tells_pieces(params):
            yield from self.run([row], params, should_stop=should_stop, overlong=overlong)
            return
        pieces: SimpleQueue[str | RowResult | BaseException] = SimpleQueue()
        closed = threading.Event()
        batcher = self._batcher(
            overlong, should_stop=lambda: closed.is_set() or bool(should_stop and should_stop()), on_text=pieces.put
        )
        writer = threading.Thread(target=self._write_into, args=(pieces, row, params, batcher), name="flavor-stream", daemon=True)
        writer.start()
        try:
            yield from _until_result(pieces)
        finally:
            closed.set()
            writer.join()

    def _tells_pieces(self, params: Row | None) -> bool:
        if not self.task.streams:
            return False
        found = self.effective(params)
        asked = {name for name in ("num_beams", "num_return_sequences") if found.sources.get(name) is Source.REQUEST}
        return bool(asked) or self.task.streams_with(found.values)

    def effective(self, params: Row | None = None) -> Effective:
        """Return the parameters that a call with `params` would run with, and who said each.

        Raises InvalidInput naming the parameter.
        """
        own = self.task.stock_defaults if self.stock else {}
        found = resolve(
            self.task,
            defaults={**self.task.fallbacks, **own},
            model={name: value for name, value in self.task.model_defaults(self.pipeline).items() if name not in own},
            model_config=self.stock.without_settings(self.model_config) if self.stock else self.model_config,
            signature=self.signature_defaults,
            request=params,
            accepted=self._accepted,
        )
        self.task.check_model(self.pipeline, found.values)
        return self._settled(found) if self.task.generates or self.task.draws else found

    def preview(self, row: Row, params: Row | None = None) -> Row:
        """Return `{"text", "tokens", "ids"}`: what the model would read for `row`, prompt template and chat template applied.

        Under `parameters` is which value each parameter would have, and who said it.
        """
        effective = self.effective(params)
        prepared = self._prepared_row(row, effective.values)
        with self._lock:
            found = preview(self.task, self.pipeline, prepared, effective.values)
        return {**found, "parameters": effective.report()}

    def _run_by_params(self, rows: list[Row], params: Row) -> list[RowResult]:
        """Run rows that may have params among their inputs, as columns of a frame or of stock's requests."""
        if self.stock:
            params = self.stock.without_settings(params)
        found: dict[int, RowResult] = {}
        for places, together, own in runs_of(self.task, rows):
            with rows_at(places):
                found.update(zip(places, self.run(together, {**params, **own}), strict=True))
        return [found[place] for place in range(len(rows))]

    def _run(self, rows: list[Row], params: Row | None, batcher: Batcher) -> list[RowResult]:
        started = time.perf_counter()
        effective, said = adapter_of(self.effective(params))
        if said:
            batcher = replace(batcher, lock=self._lock.using(said[ADAPTER]["value"]))
        if self.task.generates:
            check_sequences(effective.values, is_streamed=batcher.on_text is not None)
        turns = in_turn(rows) if self.task.remembers else [list(range(len(rows)))]
        found: dict[int, RowResult] = {}
        for places in turns:
            prepared = [self._prepare(number, rows[number], effective, batcher) for number in places]
            found.update(zip(places, self._run_prepared(prepared, effective, batcher, started), strict=True))
        return [replace(found[place], parameters={**said, **found[place].parameters}) for place in range(len(rows))]

    def _run_prepared(self, prepared: list[Prepared], effective: Effective, batcher: Batcher, started: float) -> list[RowResult]:
        if batcher.on_text and prepared[0].error is None:
            prompt = full_text_of(prepared[0].row, effective.values)
            batcher.on_text(prompt) if prompt else None
        ready_ms = round((time.perf_counter() - started) * 1000, 2)
        results = batcher.run(prepared, effective)
        if self.task.remembers:
            self._remember(prepared, results)
        total_ms = round((time.perf_counter() - started) * 1000, 2)
        timing: dict[str, float | None] = {"preprocess": ready_ms, "total": total_ms}
        return [replace(each, timing_ms={**timing, **each.timing_ms}) for each in results]

    def _remember(self, prepared: list[Prepared], results: list[RowResult]) -> None:
        for each, result in zip(prepared, results, strict=True):
            if result.records:
                self._conversations.keep(each.row, result.records[0]["message"])

    def _prepare(self, number: int, row: Row, effective: Effective, batcher: Batcher) -> Prepared:
        prepared = Prepared(number, {})
        prepared.row = batcher.guarded(prepared, lambda: self._prepared_row(row, effective.values)) or {}
        prepared.media = usage_of(prepared.row)
        return prepared

    def _prepared_row(self, row: Row, values: Row) -> Row:
        """Check a row, decode its media, fill the prompt template."""
        settings = settings_for(self.task, self.pipeline, values, max_pixels=self.max_pixels)
        checked = decode_row(self.task, check_rows(self.task, [row])[0], settings)
        if self.task.remembers:
            checked = self._conversations.opened(checked)
        template = self._template(values)
        if not template:
            return checked
        return prompt_templates.put_around(template, checked, values.get("prompt_variables"), field=self.task.inputs[0].name)

    def _template(self, values: Row) -> Any:
        """The request's own template, else the model's; an empty text in the request means none."""
        if not self.task.accepts_prompt_template:
            return None
        asked = values.get("prompt_template")
        if asked is None:
            return self.prompt_template
        field = "params.prompt_template"
        template = registered_prompts.of_request(asked, field=field) if asked else None
        return registered_prompts.check_fits(template, self.task, self.pipeline, field=field)

    def _settled(self, found: Effective) -> Effective:
        """Sampling on or off as the rest implies; the prompt is not repeated where a template is set, and is where none is."""
        asked = {name: value for name, value in found.values.items() if found.sources[name] is Source.REQUEST}
        values = settle_sampling(found.values, asked)
        if "return_full_text" in {each.name for each in self.task.params}:
            values.setdefault("return_full_text", self._template(values) is None)
        sources = {name: found.sources.get(name, Source.DEFAULT) for name in values}
        if values.get("do_sample") != found.values.get("do_sample"):
            sources["do_sample"] = Source.REQUEST
        return replace(found, values=values, sources=sources)

    def _batcher(self, overlong: str | None, **options: Any) -> Batcher:
        size = self.model_config.get("batch_size")
        max_rows = size if isinstance(size, int) and size > 0 else self.task.max_batch or MAX_ROWS
        chosen = _checked("overlong", overlong or self.overlong, OVERLONG)
        return Batcher(self.task, self.pipeline, self.token_limit, self._lock, chosen, max_rows, **options)

    def _write_into(self, pieces: SimpleQueue, row: Row, params: Row | None, batcher: Batcher) -> None:
        """Run in a thread: an error is handed to the reader, whatever it is, since nobody else would see it."""
        try:
            pieces.put(self._run([row], params, batcher)[0])
        except BaseException as error:  # noqa: BLE001
            pieces.put(error)


def _said(params: Row | None) -> Row:
    """What the caller said: MLflow fills in the empty list that a list has as default in our signatures."""
    return {name: value for name, value in (params or {}).items() if value != []}


def _until_result(pieces: SimpleQueue) -> Iterator[str | RowResult]:
    while True:
        piece = pieces.get()
        if isinstance(piece, BaseException):
            raise piece
        yield piece
        if isinstance(piece, RowResult):
            return


def _checked(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InvalidInput(name, f"{name} must be one of {', '.join(choices)}, got {value!r}.")
    return value
