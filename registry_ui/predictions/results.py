"""The answer to one row as pages show it: its picture, its table twin, parameters, timing, the JSON."""

import logging
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from flavor.tasks import Display, Field, Kind, Row, Task

from ..web.displays import partial_of
from . import pictures
from .asked import Asked
from .gateway import Outcome
from .pictures import Answer
from .values import Shown, as_json, shown

logger = logging.getLogger(__name__)

# Who said a parameter, for people (flavor/parameters.py has the levels).
_SAID_BY = {
    "default": "the task's default",
    "model": "the model itself",
    "model_config": "the model config",
    "signature": "the signature",
    "request": "this request",
    "drawn": "drawn by chance",
}


@dataclass(frozen=True)
class Table:
    """The same as the picture, for eyes and programs that read tables."""

    columns: list[Field]
    lines: list[list[Shown]]


@dataclass(frozen=True)
class Effective:
    """A parameter as it counted, and who said it."""

    name: str
    value: str
    said_by: str
    is_asked: bool


@dataclass(frozen=True)
class Span:
    """A part of the time that an answer took."""

    name: str
    ms: float


@dataclass(frozen=True)
class Result:
    """The answer to one row. `error` is there instead of records when the row is at fault."""

    key: str  # tells the results of one page apart
    template: str
    picture: Any
    records: list[Row]
    table: Table
    warnings: list[Row]
    usage: list[tuple[str, Any]]
    parameters: list[Effective]
    timing: list[Span]
    error: Row | None
    json: str  # shortened where it is long
    json_url: str  # of all of it; empty where it is not kept
    title: str


def list_results(asked: Asked, outcome: Outcome) -> list[Result]:
    """Return one result for each row, in order."""
    task = asked.task
    if task is None:
        return []
    answers = zip(asked.rows, outcome.results, strict=False)
    url = reverse("api:prediction", args=[asked.id])
    return [result_of(task, row, answer, key=f"{asked.id}-{number}", url=url) for number, (row, answer) in enumerate(answers)]


def input_of(asked: Asked) -> list[list[Shown]]:
    """Return the values of each row that was asked."""
    task = asked.task
    if task is None:
        return [[Shown("input", json=as_json(row))] for row in asked.rows]
    return [_inputs(task, row) for row in asked.rows]


def result_of(task: Task, row: Row, answer: Row, *, key: str = "result", url: str = "") -> Result:
    """Return what is shown of one answer, which is a `RowResult` as JSON; what it lacks is empty."""
    records = [record for record in answer.get("records") or [] if isinstance(record, dict)]
    display, picture = _drawn(task.display_for(row), Answer(task, row, records))
    return Result(
        key=key,
        template=partial_of(display),
        picture=picture,
        records=records,
        table=_table(task, records),
        warnings=answer.get("warnings") or [],
        usage=[(_counted(name, value), value) for name, value in (answer.get("usage") or {}).items() if value],
        parameters=[_effective(name, each) for name, each in (answer.get("parameters") or {}).items()],
        timing=spans_of(answer.get("timing_ms") or {}),
        error=answer.get("error"),
        json=as_json(answer),
        json_url=url,
        title=task.result_title(row),
    )


def spans_of(timing_ms: dict[str, Any]) -> list[Span]:
    """Return the parts of a time in the order in which they came, their total last, without those that are not times."""
    times = {name: value for name, value in timing_ms.items() if isinstance(value, int | float) and name != "batch_rows"}
    ordered = sorted(times.items(), key=lambda item: item[0] == "total")
    return [Span(name.replace("_", " "), value) for name, value in ordered]


def _inputs(task: Task, row: Row) -> list[Shown]:
    return [shown(each, row[each.name]) for each in task.inputs if row.get(each.name) is not None]


def _drawn(display: Display, answer: Answer) -> tuple[Display, Any]:
    """Return the picture; records of a shape that it is not for are shown as JSON, so that an old answer stays readable."""
    try:
        return display, pictures.draw(display, answer)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        logger.warning("An answer of %s cannot be drawn as %s: %r", answer.task.name, display, error)
        return Display.JSON, pictures.draw(Display.JSON, answer)


def _table(task: Task, records: list[Row]) -> Table:
    columns = [each for each in task.outputs if any(record.get(each.name) is not None for record in records)]
    known = {each.name for each in task.outputs}
    others = dict.fromkeys(name for record in records for name in record if name not in known)
    columns += [Field(name, Kind.JSON, "") for name in others]
    return Table(columns, [[shown(each, record.get(each.name, "")) for each in columns] for record in records])


def _counted(name: str, value: Any) -> str:
    """Return `input_tokens` as "input tokens", one of them in the singular."""
    words = name.replace("_", " ")
    return words.removesuffix("s") if value == 1 else words


def _effective(name: str, said: Row) -> Effective:
    value, source = said.get("value"), str(said.get("source") or "")
    text = value if isinstance(value, str) else as_json(value)
    return Effective(name, text, _SAID_BY.get(source, source), source == "request")
