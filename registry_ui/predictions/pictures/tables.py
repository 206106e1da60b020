"""Answers that lie in the cells of a table."""

from dataclasses import dataclass
from typing import Any

from flavor.tasks import Kind

from .base import Answer


@dataclass(frozen=True)
class Cell:
    text: str
    is_marked: bool


@dataclass(frozen=True)
class Cells:
    answers: list[str]
    aggregators: list[str]
    columns: list[str]
    lines: list[list[Cell]]


def draw(answer: Answer) -> Cells:
    """Return the table with the answering cells marked."""
    name = next((each.name for each in answer.task.inputs if each.kind is Kind.TABLE), "")
    table = answer.row.get(name) or {}
    marked = {tuple(place) for record in answer.records for place in _coordinates(record.get("coordinates"))}
    lines = [
        [Cell(str(cell), (number, column) in marked) for column, cell in enumerate(line)]
        for number, line in enumerate(zip(*table.values(), strict=False))
    ]
    answers = [answer.text_of(record, "answer") for record in answer.records]
    aggregators = [str(record.get("aggregator") or "") for record in answer.records]
    return Cells(answers, [each for each in aggregators if each and each != "NONE"], [str(name) for name in table], lines)


def _coordinates(value: Any) -> list[list[int]]:
    return [place for place in value if isinstance(place, list) and len(place) == 2] if isinstance(value, list) else []
