"""Prepared rows through the model, batch by batch: one way for pipelines that answer at once, one for those that write."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .batching import MAX_ROWS, batches
from .conversations import ID
from .errors import ModelFailed
from .lengths import check_length, count_tokens, written_limit
from .parameters import Effective, Source
from .replies import message_of
from .results import RowResult
from .tasks._base import InvalidInput, Row, Task, Warned

# What a model or its pipeline raises on a row it cannot digest.
MODEL_ERRORS = (RuntimeError, ValueError, IndexError, KeyError, TypeError)
TRUNCATED = "input_truncated"
CANCELLED = {"code": "cancelled", "detail": "The request was cancelled before this row was run.", "field": None}


@dataclass
class Prepared:
    """One row on its way: checked, its media decoded, its prompt filled; or the error that stopped it."""

    number: int
    row: Row
    tokens: int = 0
    media: dict[str, int | float] = field(default_factory=dict)  # images, audio_seconds, video_frames
    read: Any = None  # `flavor.encoding.Encoded`, of a prompt
    room: int = 0  # tokens that may be written
    seed: int = 0
    warnings: list[Warned] = field(default_factory=list)
    error: Row | None = None


@dataclass(frozen=True)
class Batcher:
    """How a loaded model runs a call's rows: everything that does not change between calls, and the call's own parameters."""

    task: Task
    pipeline: Any
    limit: int | None
    lock: Any
    overlong: str
    max_rows: int = MAX_ROWS
    raises: bool = True
    should_stop: Callable[[], bool] | None = None
    on_text: Callable[[str], None] | None = None

    def run(self, prepared: list[Prepared], effective: Effective) -> list[RowResult]:
        """Answer every row, in order."""
        runnable = [each for each in prepared if each.error is None]
        generates = self.task.generates_with(effective.values)
        measure = self._measure_prompts if generates else self._measure_texts
        with self.lock:  # fast tokenizers keep their truncation setting between calls, and fail when two threads meet in one
            for each in runnable:
                self.guarded(each, partial(self._fit, each, effective))
            measure([each for each in runnable if each.error is None], effective)
        found: dict[int, RowResult] = {}
        for batch in self._batches([each for each in runnable if each.error is None]):
            if self.should_stop and self.should_stop():
                break
            found.update(self._run_batch(batch, effective))
        return [found.get(each.number) or RowResult(error=each.error or dict(CANCELLED)) for each in prepared]

    def guarded(self, each: Prepared, act: Callable[[], Any]) -> Any:
        """Call `act`; an InvalidInput is kept with its row, or raised when the caller wants that."""
        try:
            return act()
        except InvalidInput as error:
            if self.raises:
                raise InvalidInput(error.field, str(error), row=each.number) from error
            each.error = {"code": error.code, "detail": str(error), "field": error.field}
            return None

    def _fit(self, each: Prepared, effective: Effective) -> None:
        each.row, warnings = self.task.fitted(each.row, effective.values, self.pipeline)
        cut = next((warned.detail for warned in warnings if warned.code == TRUNCATED), None)
        if cut and self.overlong == "refuse":
            raise InvalidInput(self.task.inputs[0].name, f"the input is too long, {cut}; ask for overlong='truncate'.")
        each.warnings += warnings

    def _measure_texts(self, prepared: list[Prepared], effective: Effective) -> None:
        tokenizer = getattr(self.pipeline, "tokenizer", None)
        if tokenizer is None:
            return
        counts = count_tokens(tokenizer, [self.task.tokenized(each.row, effective.values) for each in prepared])
        for each, count in zip(prepared, counts, strict=True):
            each.tokens = count
            if self.task.truncates(effective.values) and self.limit:
                each.warnings += self.guarded(each, partial(self._over_length, each, count)) or []
                each.tokens = min(count, self.limit)

    def _over_length(self, each: Prepared, count: int) -> list[Warned]:
        return check_length(self.task, count, self.limit, overlong=self.overlong, row=each.number)

    def _measure_prompts(self, prepared: list[Prepared], effective: Effective) -> None:
        for each in prepared:
            self.guarded(each, partial(self._measure_prompt, each, effective))

    def _measure_prompt(self, each: Prepared, effective: Effective) -> None:
        """Encode a prompt, cut it when it fills the context, and say how much may be written."""
        from .encoding import is_encoder_decoder  # heavy

        values = effective.values
        measure = self._measure_encoded if is_encoder_decoder(self.pipeline) else self._measure_continued
        wanted, limit = measure(each, effective)
        each.tokens = len(each.read.ids)
        each.room = wanted if limit is None else min(wanted, limit)
        if each.room < wanted and effective.has_said("max_new_tokens"):
            detail = f"room for {each.room} of {wanted} new tokens is left in the model's context"
            each.warnings.append(Warned("output_limited", detail))
        each.seed = _seed(values)

    def _measure_continued(self, each: Prepared, effective: Effective) -> tuple[int, int | None]:
        """What is read and what is written share the context: a long prompt loses its beginning."""
        each.read = self._encoded(each, effective)
        count = len(each.read.ids)
        wanted = _wanted(effective, count)
        if self.limit is None:
            return wanted, None
        if count >= self.limit:
            overlong = self.overlong if each.read.is_cuttable else "refuse"
            check_length(self.task, count, self.limit - 1, overlong=overlong, row=each.number)
            kept = self.limit - max(1, min(wanted, self.limit // 4))
            each.warnings.append(Warned("input_truncated", f"the last {kept} of {count} tokens used"))
            each.read = self._encoded(each, effective, limit=kept)
        return wanted, self.limit - (len(each.read.ids) or 1)  # without a prompt the model begins with a token of its own

    def _measure_encoded(self, each: Prepared, effective: Effective) -> tuple[int, int | None]:
        """An encoder reads as much as it can from the beginning, a decoder writes as much as it can."""
        each.read = self._encoded(each, effective)
        count = len(each.read.ids)
        if self.limit is not None and count > self.limit:
            overlong = self.overlong if each.read.is_cuttable else "refuse"
            each.warnings += check_length(self.task, count, self.limit, overlong=overlong, row=each.number)
            each.read = self._encoded(each, effective, limit=self.limit)
        return _wanted(effective, 1), written_limit(self.pipeline)

    def _encoded(self, each: Prepared, effective: Effective, *, limit: int | None = None) -> Any:
        from .encoding import encode  # heavy

        model_input = self.task.to_pipeline([each.row], effective.values)[0]
        return encode(self.task, self.pipeline, model_input, effective.values, limit=limit)

    def _batches(self, prepared: list[Prepared]) -> list[list[Prepared]]:
        """Rows of like length together; prompts also need the same room, one number per batch, and media of one shape."""
        groups: dict[Any, list[Prepared]] = {}
        for each in prepared:
            groups.setdefault((each.room, each.read.company if each.read else ()), []).append(each)
        found: list[list[Prepared]] = []
        for room, company in sorted(groups, key=lambda key: key[0]):
            group = groups[room, company]
            costs = [each.tokens + room for each in group]
            found += [[group[place] for place in batch] for batch in batches(costs, max_rows=self.max_rows)]
        return found

    def _run_batch(self, batch: list[Prepared], effective: Effective) -> dict[int, RowResult]:
        """Answer a batch. When it fails, each of its rows is tried alone, so that only the row at fault has no answer."""
        try:
            return self._answer(batch, effective)
        except MODEL_ERRORS as error:
            if len(batch) > 1:
                alone = [self._run_batch([each], effective) for each in batch]
                return {number: result for answers in alone for number, result in answers.items()}
            return {batch[0].number: self._failed(batch[0], error)}

    def _failed(self, each: Prepared, error: Exception) -> RowResult:
        """The answer to a row at which the model broke; raised, with the row named, when the caller wants that."""
        if isinstance(error, InvalidInput):
            self.guarded(each, partial(_raise, error))
            return RowResult(error=each.error)
        said = f"The model could not read this row: {type(error).__name__}: {error}"
        if self.raises:
            raise ModelFailed(said, row=each.number) from error
        return RowResult(error={"code": ModelFailed.code, "detail": said, "field": None})

    def _answer(self, batch: list[Prepared], effective: Effective) -> dict[int, RowResult]:
        started = time.perf_counter()
        run = self._write if self.task.generates_with(effective.values) else self._call
        raw, written = run(batch, effective)
        forward_ms = round((time.perf_counter() - started) * 1000, 2)
        answers = zip(batch, self.task.from_pipeline(raw), written, strict=True)
        return {
            each.number: RowResult(
                records=records,
                warnings=[*effective.warnings, *each.warnings],
                usage=_usage(each, tokens),
                parameters=_report(effective, each, is_drawn=self.task.draws),
                timing_ms={"forward": forward_ms, "batch_rows": len(batch)},
            )
            for each, records, tokens in answers
        }

    def _call(self, batch: list[Prepared], effective: Effective) -> tuple[list[Any], list[int]]:
        """The pipeline's own call; without a padding token it takes one row at a time."""
        inputs = self.task.to_pipeline([each.row for each in batch], effective.values)
        arguments = {**effective.passed_on, **self.task.call_params(effective.values)}
        if self.task.generates or self.task.draws:  # something else than text, but by chance as well
            for each in batch:
                each.seed = _seed(effective.values)
            arguments["seeds"] = [each.seed for each in batch]
        tokenizer = getattr(self.pipeline, "tokenizer", None)
        size = len(inputs) if tokenizer is None or tokenizer.pad_token_id is not None else 1
        with self.lock, self._listening(arguments):
            raw = self.task.call(self.pipeline, inputs, {"batch_size": size, **arguments})
        return raw, [0] * len(batch)

    @contextmanager
    def _listening(self, arguments: Row) -> Iterator[None]:
        """Hear what a pipeline writes by itself, such as the answer to a question about a picture."""
        if not getattr(self.pipeline, "writes", False):
            yield
            return
        from transformers import StoppingCriteriaList  # heavy

        from .listening import Listener

        end = getattr(self.pipeline, "answer_end_token", None)
        listener = Listener(self.pipeline.tokenizer, self.should_stop, self.on_text, end=end)
        arguments["stopping_criteria"] = StoppingCriteriaList([listener])
        yield
        listener.finish()

    def _write(self, batch: list[Prepared], effective: Effective) -> tuple[list[Any], list[int]]:
        from .generation import Prompt, generate  # heavy

        prompts = [Prompt(each.read, each.room, each.seed) for each in batch]
        with self.lock:
            sequences = generate(
                self.pipeline,
                prompts,
                effective.values,
                passed_on=effective.passed_on,
                should_stop=self.should_stop,
                on_text=self.on_text,
            )
        pairs = zip(batch, sequences, strict=True)
        raw = [[self._written(each, one, effective.values) for one in found] for each, found in pairs]
        return raw, [sum(len(one.ids) for one in found) for found in sequences]

    def _written(self, each: Prepared, sequence: Any, values: Row) -> Row:
        found = {
            "generated_text": full_text_of(each.row, values) + sequence.text,
            "finish_reason": sequence.finish_reason,
            "generated_tokens": len(sequence.ids),
            "logprobs": sequence.logprobs or None,
        }
        if not each.row.get("messages"):
            return found
        message, warnings = message_of(self.pipeline.tokenizer, each.read.ids, sequence.ids, sequence.text, values)
        each.warnings += warnings
        remembered = {ID: each.row[ID], "turns": len(each.row["messages"]) + 1} if ID in each.row else {}
        return {**found, "message": message, **remembered}


def _raise(error: InvalidInput) -> None:
    raise error


def _seed(values: Row) -> int:
    return values["seed"] if "seed" in values else secrets.randbits(32)


def _wanted(effective: Effective, already: int) -> int:
    """Tokens that may be written: by `max_length`, which counts those `already` there, where nobody stronger said another."""
    values, ranks = effective.values, list(Source)
    length = values.get("max_length") or effective.passed_on.get("max_length")
    if length is None:
        return values["max_new_tokens"]
    said_length = effective.sources.get("max_length", Source.MODEL_CONFIG)
    is_stronger = ranks.index(said_length) > ranks.index(effective.sources["max_new_tokens"])
    return max(1, length - already) if is_stronger else values["max_new_tokens"]


def full_text_of(row: Row, values: Row) -> str:
    """The prompt that is put in front of the answer, where it is."""
    return row["text"] if values.get("return_full_text") and "text" in row else ""


def _usage(each: Prepared, written: int) -> dict[str, int | float]:
    return {"input_tokens": each.tokens, "output_tokens": written, **each.media}


def _report(effective: Effective, each: Prepared, *, is_drawn: bool) -> dict[str, Row]:
    report = effective.report()
    if (is_drawn or effective.values.get("do_sample")) and "seed" not in report:
        report["seed"] = {"value": each.seed, "source": str(Source.DRAWN)}
    return report
