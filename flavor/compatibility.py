"""What changes for callers when one version of a model takes the place of another.

Standard library only: it reads what `inspect` and the index know, nothing is loaded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from .mlmodel_schema import shown_type
from .plain_data import as_dict, as_list, as_text

# A caller that sends the first may go on when the model takes the second.
_WIDER = {("integer", "long"), ("integer", "double"), ("integer", "float"), ("long", "double"), ("float", "double")}
_ANY = "any"
_Column = dict[str, Any]
_Judge = Callable[[_Column | None, _Column | None], tuple["Effect", str]]


class Effect(StrEnum):
    """What a change does to callers, worst first."""

    BREAKING = "breaking"
    ANSWERS = "other answers"
    COMPATIBLE = "compatible"


class Described(Protocol):
    """What is compared of a version: `flavor.inspect`'s facts have it, and so has the index."""

    @property
    def task(self) -> str: ...
    @property
    def signature(self) -> dict[str, Any] | None: ...
    @property
    def prompt_template(self) -> str: ...
    @property
    def chat_template(self) -> str: ...
    @property
    def model_config(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Change:
    """One difference: where it is, what it was and is now (empty: not there), what it does to callers, and why."""

    part: str
    name: str
    before: str
    after: str
    effect: Effect
    why: str


def changes_between(before: Described, after: Described) -> list[Change]:
    """Return what changes for callers of `before` that call `after` instead, worst first; empty when nothing does.

    A part of the signature that one of the two does not describe is not compared: what is not known is no change.
    """
    found = [
        *_task(before, after),
        *_columns("input", before, after, _input_change),
        *_columns("output", before, after, _output_change),
        *_columns("param", before, after, _param_change),
        *_templates(before, after),
        *_config(before.model_config, after.model_config),
    ]
    worst_first = list(Effect)
    return sorted(found, key=lambda change: worst_first.index(change.effect))


def _task(before: Described, after: Described) -> Iterator[Change]:
    if before.task and after.task and before.task != after.task:
        why = "It answers another question, in another shape."
        yield Change("task", "task", before.task, after.task, Effect.BREAKING, why)


def _columns(part: str, before: Described, after: Described, judge: _Judge) -> Iterator[Change]:
    old, new = _by_name(before.signature, f"{part}s"), _by_name(after.signature, f"{part}s")
    if not old or not new:
        return
    for name in [*old, *(name for name in new if name not in old)]:
        was, becomes = old.get(name), new.get(name)
        if was != becomes:
            effect, why = judge(was, becomes)
            yield Change(part, name, _described(was), _described(becomes), effect, why)


def _by_name(signature: Mapping[str, Any] | None, part: str) -> dict[str, _Column]:
    columns = [as_dict(each) for each in as_list(as_dict(signature).get(part))]
    return {as_text(column.get("name")) or f"#{position}": column for position, column in enumerate(columns, 1)}


def _input_change(was: _Column | None, becomes: _Column | None) -> tuple[Effect, str]:
    if becomes is None:
        return Effect.BREAKING, "Callers still send it."
    if was is None:
        is_needed = _is_required(becomes)
        return (Effect.BREAKING, "No caller sends it.") if is_needed else (Effect.COMPATIBLE, "It may be left out.")
    if not _takes(shown_type(becomes), shown_type(was)):
        return Effect.BREAKING, f"Callers send {shown_type(was)}."
    if _is_required(becomes) and not _is_required(was):
        return Effect.BREAKING, "Callers may leave it out."
    return Effect.COMPATIBLE, "What callers send is still taken."


def _output_change(was: _Column | None, becomes: _Column | None) -> tuple[Effect, str]:
    if becomes is None:
        return Effect.BREAKING, "Callers read it."
    if was is None:
        return Effect.COMPATIBLE, "Nobody reads it yet."
    if not _takes(shown_type(was), shown_type(becomes)):
        return Effect.BREAKING, f"Callers expect {shown_type(was)}."
    if _is_required(was) and not _is_required(becomes):
        return Effect.BREAKING, "Callers expect it in every answer."
    return Effect.COMPATIBLE, "What callers read is still there."


def _param_change(was: _Column | None, becomes: _Column | None) -> tuple[Effect, str]:
    if becomes is None:
        return Effect.BREAKING, "A request that sets it is refused."
    if was is None:
        return Effect.COMPATIBLE, "It has a default."
    if not _takes(shown_type(becomes), shown_type(was)):
        return Effect.BREAKING, f"Callers send {shown_type(was)}."
    if was.get("default") != becomes.get("default"):
        return Effect.ANSWERS, "Requests that do not set it get the new default."
    return Effect.COMPATIBLE, "What callers send is still taken."


def _templates(before: Described, after: Described) -> Iterator[Change]:
    pairs = (
        ("prompt template", before.prompt_template, after.prompt_template),
        ("chat template", before.chat_template, after.chat_template),
    )
    for name, was, becomes in pairs:
        if was != becomes:
            yield Change("template", name, was, becomes, Effect.ANSWERS, "The model reads other words around the same input.")


def _config(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        was, becomes = before.get(name), after.get(name)
        if was != becomes:
            yield Change(
                "default", name, _text(was), _text(becomes), Effect.ANSWERS, "Requests that do not set it run with the new value."
            )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _takes(wide: str, narrow: str) -> bool:
    return wide in (narrow, _ANY) or (narrow, wide) in _WIDER


def _is_required(column: _Column) -> bool:
    return bool(column.get("required", True))


def _described(column: _Column | None) -> str:
    if column is None:
        return ""
    words = [shown_type(column)]
    if not _is_required(column):
        words.append("optional")
    if column.get("default") is not None:
        words.append(f"default {column['default']}")
    return ", ".join(words)
