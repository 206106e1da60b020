"""Prompts continued, texts and pictures put into words: seeds, stop texts, streaming, cancelling, true token counts.

transformers' own pipelines can do none of these in a batch, so `generate` is called here, for models that continue what
they read and for those that read with an encoder.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.generation import (
    LogitsProcessor,
    LogitsProcessorList,
    MinPLogitsWarper,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from .encoding import Encoded, is_encoder_decoder
from .scoring import LogProbabilities, Penalties
from .tasks._base import Row
from .tasks._generation import SAMPLING
from .token_text import TokenText, decode

# Parameters that are carried out here, though `generate` has them too.
_NAMES = frozenset(name for name in vars(GenerationConfig()) if not name.startswith("_"))
_OURS = frozenset({*SAMPLING, "do_sample", "num_return_sequences", "max_new_tokens", "max_length", "stop_strings"})


@dataclass(frozen=True)
class Prompt:
    """One input of the model: what it reads, how many tokens may be written, and the seed of its chance."""

    read: Encoded
    room: int
    seed: int


@dataclass
class Sequence:
    """One text that the model wrote."""

    ids: list[int] = field(default_factory=list)  # the end token included
    text: str = ""
    finish_reason: str = "length"
    logprobs: list[Row] = field(default_factory=list)  # of every token, when asked for


def generate(
    pipeline: Any,
    prompts: list[Prompt],
    params: Row,
    *,
    passed_on: Row | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_text: Callable[[str], None] | None = None,
) -> list[list[Sequence]]:
    """Answer every prompt with `num_return_sequences` sequences.

    All prompts must have the same `room`, which bounds what is written, and inputs that fit into one batch
    (`Encoded.company`). `on_text` gets the text of the one sequence as it grows.
    """
    count = params.get("num_return_sequences") or 1
    if (params.get("num_beams") or 1) > 1:
        return _generate_with_beams(pipeline, prompts, params, passed_on or {}, should_stop)
    repeated = [(prompt, number) for prompt in prompts for number in range(count)]
    watch = _Watch(pipeline, _continued(prompts, count), prompts[0].room, params, should_stop, on_text)
    seeds = [prompt.seed + number for prompt, number in repeated]
    steps = LogitsProcessorList([*_penalties(params), *watch.noted, *_warpers(pipeline, params, seeds)])
    _call_generate(pipeline, [prompt for prompt, _ in repeated], params, passed_on or {}, watch, steps, {})
    sequences = watch.sequences()
    return [sequences[start : start + count] for start in range(0, len(sequences), count)]


def _continued(prompts: list[Prompt], count: int) -> list[list[int]]:
    """What each sequence continues: its prompt, or nothing where the text begins anew."""
    return [prompt.read.ids if prompt.read.is_continued else [] for prompt in prompts for _ in range(count)]


def _generate_with_beams(
    pipeline: Any, prompts: list[Prompt], params: Row, passed_on: Row, should_stop: Callable[[], bool] | None
) -> list[list[Sequence]]:
    """Beams share their past, so stop texts are cut afterwards and nothing can be streamed."""
    count = params.get("num_return_sequences") or 1
    watch = _Watch(pipeline, [], prompts[0].room, params, should_stop, None)
    sampling: Row = {name: params[name] for name in ("do_sample", "temperature", "top_p", "top_k") if name in params}
    more = {**sampling, "num_return_sequences": count}
    context: AbstractContextManager = torch.random.fork_rng() if params.get("do_sample") else nullcontext()
    with context:
        if params.get("do_sample"):
            torch.manual_seed(prompts[0].seed)
        steps = LogitsProcessorList(_penalties(params))
        output = _call_generate(pipeline, prompts, params, passed_on, watch, steps, more)
    rows = zip(output.tolist(), _continued(prompts, count), strict=True)
    sequences = [watch.finished(ids[watch.width :], before) for ids, before in rows]
    return [sequences[start : start + count] for start in range(0, len(sequences), count)]


def _call_generate(
    pipeline: Any, prompts: list[Prompt], params: Row, passed_on: Row, watch: "_Watch", steps: LogitsProcessorList, more: Row
) -> torch.Tensor:
    padding = next((each for each in (pipeline.tokenizer.pad_token_id, *watch.ends) if each is not None), 0)
    read = [prompt.read for prompt in prompts]
    config = _generation_config(pipeline.model, {**passed_on, **params}, more, prompts[0].room, padding)
    with torch.inference_mode():
        return pipeline.model.generate(
            **_model_inputs(pipeline, read, padding),
            **read[0].settings,
            generation_config=config,
            logits_processor=steps,
            stopping_criteria=StoppingCriteriaList([watch]),
        )


def _model_inputs(pipeline: Any, read: list[Encoded], padding: int) -> dict[str, Any]:
    """Rows as one batch: padded before their text where it is continued, behind it where an encoder reads it."""
    inputs = {name: _together([each.media[name] for each in read], pipeline.device) for name in read[0].media}
    if not read[0].ids:
        return inputs
    width = max(len(each.ids) for each in read)
    before = not is_encoder_decoder(pipeline)
    columns: dict[str, tuple[list[list[int]], int]] = {
        "input_ids": ([each.ids for each in read], padding),
        "attention_mask": ([[1] * len(each.ids) for each in read], 0),
    }
    columns |= {name: ([each.per_token[name] for each in read], 0) for name in read[0].per_token}
    for name, (rows, filler) in columns.items():
        inputs[name] = torch.tensor([_padded(row, width, filler, before=before) for row in rows], device=pipeline.device)
    return inputs


def _padded(row: list[int], width: int, filler: int, *, before: bool) -> list[int]:
    more = [filler] * (width - len(row))
    return more + row if before else row + more


def _together(values: list[Any], device: torch.device) -> Any:
    """Tensors one behind the other; what is no tensor has a batch for itself."""
    if not isinstance(values[0], torch.Tensor):
        return values[0]
    return torch.cat(values).to(device)


def _generation_config(model: Any, settings: Row, more: Row, room: int, padding: int) -> GenerationConfig:
    """The model's own configuration with those `settings` that are its; chance and stop texts are not its business here."""
    config = deepcopy(model.generation_config)
    known = {name: value for name, value in settings.items() if name in _NAMES and name not in _OURS}
    for name in ("stop_strings", "max_length"):
        setattr(config, name, None)
    config.num_return_sequences = 1  # not None: Transformers 4 refuses that
    config.return_dict_in_generate = False
    plain = {"do_sample": False, "temperature": 1.0, "top_p": 1.0, "top_k": 50, "min_p": None, "typical_p": 1.0}
    config.update(**{**plain, **known, **more, "max_new_tokens": room, "pad_token_id": padding})
    if (config.min_length or 0) > room:  # of a model that says how long its answers are, and a caller who wants less
        config.min_length = 0
    return config


def _penalties(params: Row) -> list[LogitsProcessor]:
    presence, frequency = (params.get(name) or 0.0 for name in ("presence_penalty", "frequency_penalty"))
    return [Penalties(presence, frequency)] if presence or frequency else []


def _warpers(pipeline: Any, params: Row, seeds: list[int]) -> LogitsProcessorList:
    """Chance as transformers orders it, drawn per row: an answer depends on its seed and not on its neighbours."""
    found = LogitsProcessorList()
    if not params.get("do_sample"):
        return found
    if params.get("temperature") not in (None, 1.0):
        found.append(TemperatureLogitsWarper(float(params["temperature"])))
    if params.get("top_k"):
        found.append(TopKLogitsWarper(top_k=params["top_k"]))
    if params.get("top_p") is not None and params["top_p"] < 1:
        found.append(TopPLogitsWarper(top_p=float(params["top_p"])))
    if params.get("min_p"):
        found.append(MinPLogitsWarper(min_p=float(params["min_p"])))
    if params.get("typical_p") is not None and 0 < params["typical_p"] < 1:
        found.append(TypicalLogitsWarper(mass=float(params["typical_p"])))
    found.append(_Draw(seeds, pipeline.device))
    return found


class _Draw(LogitsProcessor):
    """Draws the next token of every row from a generator of its own and leaves it the only choice.

    torch's global generator is neither used nor changed, so concurrent requests do not disturb each other.
    """

    def __init__(self, seeds: list[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device=device).manual_seed(seed % 2**63) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        chances = torch.softmax(scores.float(), dim=-1)
        rows = zip(chances, self._generators, strict=True)
        drawn = torch.stack([torch.multinomial(row, 1, generator=generator) for row, generator in rows])
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)


class _Watch(StoppingCriteria):
    """Looks at every new token: ends rows at an end token or a stop text, hands text on, and stops all when asked to."""

    def __init__(
        self,
        pipeline: Any,
        continued: list[list[int]],
        room: int,
        params: Row,
        should_stop: Callable[[], bool] | None,
        on_text: Callable[[str], None] | None,
    ) -> None:
        self.ends = _end_tokens(pipeline)
        self.width = 0  # tokens in front of what is written
        self.noted = [LogProbabilities(params.get("top_logprobs") or 0)] if params.get("logprobs") else []
        self._tokenizer = pipeline.tokenizer
        self._stops = tuple(stop for stop in params.get("stop") or () if stop)
        self._room = room if params.get("max_time") is not None else 0
        self._should_stop = should_stop
        self._on_text = on_text
        self._is_cancelled = False
        self._continued = continued
        self._sequences = [Sequence(finish_reason="") for _ in continued]
        reads_along = bool(self._stops or on_text)
        self._texts = [TokenText(self._tokenizer, self._stops, before) for before in continued] if reads_along else []

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        self.width = self.width or input_ids.shape[1] - 1
        self._is_cancelled = self._is_cancelled or bool(self._should_stop and self._should_stop())
        if self._sequences:
            for number, token in enumerate(input_ids[:, -1].tolist()):
                self._see(number, token)
            done = [self._is_cancelled or bool(each.finish_reason) for each in self._sequences]
        else:
            done = [self._is_cancelled] * input_ids.shape[0]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)

    def _see(self, number: int, token: int) -> None:
        sequence = self._sequences[number]
        if sequence.finish_reason:
            return
        sequence.ids.append(token)
        sequence.logprobs += [each.of(number, token, self._tokenizer) for each in self.noted]
        if token in self.ends:
            sequence.finish_reason = "stop"
        elif self._texts:
            self._hand_on(self._texts[number].push(token))
            sequence.finish_reason = "stop" if self._texts[number].is_stopped else ""

    def _hand_on(self, piece: str) -> None:
        if piece and self._on_text:
            self._on_text(piece)

    def sequences(self) -> list[Sequence]:
        """Every row's text, with the reason why it ended."""
        for number, sequence in enumerate(self._sequences):
            if self._texts:
                self._hand_on(self._texts[number].finish())
                sequence.text = self._texts[number].text
            else:
                sequence.text = decode(self._tokenizer, self._without_end(sequence.ids), self._continued[number])
            sequence.finish_reason = sequence.finish_reason or self._reason_without_end(sequence.ids)
        return self._sequences

    def finished(self, ids: list[int], before: list[int]) -> Sequence:
        """A row that was followed by beams: cut at its end token and at its first stop text."""
        end = next((place for place, token in enumerate(ids) if token in self.ends), None)
        if end is not None:
            ids = ids[: end + 1]
        text = decode(self._tokenizer, self._without_end(ids), before)
        places = [place for place in (text.find(stop) for stop in self._stops) if place >= 0]
        reason = "stop" if end is not None or places else self._reason_without_end(ids)
        return Sequence(ids, text[: min(places)] if places else text, reason)

    def _without_end(self, ids: list[int]) -> list[int]:
        return ids[:-1] if ids and ids[-1] in self.ends else ids

    def _reason_without_end(self, ids: list[int]) -> str:
        if self._is_cancelled:
            return "cancelled"
        return "time" if len(ids) < self._room else "length"


def _end_tokens(pipeline: Any) -> tuple[int, ...]:
    said = getattr(pipeline, "end_token_id", None)  # of pipelines whose model has it somewhere of its own
    if said is None:
        said = pipeline.model.generation_config.eos_token_id
    if said is None:
        said = pipeline.tokenizer.eos_token_id
    if said is None:
        return ()
    return tuple(said) if isinstance(said, list | tuple) else (int(said),)
