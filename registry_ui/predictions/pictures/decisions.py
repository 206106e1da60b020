"""Decisions: what was decided for each question, and how likely every option was."""

from dataclasses import dataclass
from typing import Any

from flavor.tasks import Kind, Row

from .base import Answer, number_of
from .labels import Bar, Group, group_of


@dataclass(frozen=True)
class Decided:
    """One question; `verdict` is the likeliest option, or yes or no; `level` is there where options are steps of a scale."""

    name: str
    instructions: str
    verdict: str
    confidence: float | None
    level: float | None
    highest: int
    options: Group


def draw(answer: Answer) -> list[Decided]:
    """Return what was decided, question by question, in the order asked."""
    asked = _questions(answer)
    return [_decided(record, asked.get(record.get("question")) or {}) for record in answer.records]


def _questions(answer: Answer) -> dict[Any, Row]:
    """The questions as they were asked, in whichever object of the row has all of those that were answered."""
    names = {record.get("question") for record in answer.records}
    objects = [answer.row.get(each.name) for each in answer.task.inputs if each.kind is Kind.JSON]
    found = next((each for each in objects if isinstance(each, dict) and names <= set(each)), {})
    return {name: question for name, question in found.items() if isinstance(question, dict)}


def _decided(record: Row, question: Row) -> Decided:
    options = _options(record)
    best = max(options, key=lambda bar: bar.score or 0.0, default=None)
    instructions = question.get("instructions")
    return Decided(
        name=str(record.get("question") or ""),
        instructions=instructions if isinstance(instructions, str) else "",
        verdict=best.label if best else "",
        confidence=number_of(record.get("confidence")),
        level=number_of(record.get("score")),
        highest=len(options) - 1,
        options=group_of(options),
    )


def _options(record: Row) -> list[Bar]:
    """The options with their probabilities: those of a scale in its order, others best first."""
    if (yes := number_of(record.get("noul"))) is not None:
        return [Bar("Yes", yes, 0.0, 1.0), Bar("No", 1.0 - yes, 0.0, 1.0)]
    found = record.get("probabilities")
    if not isinstance(found, dict):
        return []
    legend = record.get("legend")
    bars = [Bar(_name(option, legend), number_of(score), 0.0, 1.0) for option, score in found.items()]
    return bars if isinstance(legend, dict) else sorted(bars, key=lambda bar: bar.score or 0.0, reverse=True)


def _name(option: str, legend: Any) -> str:
    level = legend.get(option) if isinstance(legend, dict) else None
    return level if isinstance(level, str) else option
