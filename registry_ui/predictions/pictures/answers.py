"""Answers to a question, and their place in the context."""

from dataclasses import dataclass

from ..values import Medium
from . import spans
from .base import Answer, number_of

_ANSWER_HUE = 1


@dataclass(frozen=True)
class Found:
    """One answer to a question."""

    text: str
    score: float | None


@dataclass(frozen=True)
class Answers:
    answers: list[Found]
    segments: list[spans.Segment]
    media: list[Medium]


def draw(answer: Answer) -> Answers:
    """Return the answers, best first, and the context with the first one's place marked where it has one."""
    found = [Found(answer.text_of(record, "answer"), number_of(record.get("score"))) for record in answer.records]
    placed = [record for record in answer.records[:1] if isinstance(record.get("start"), int) and record.get("answer")]
    text = spans.text_that_fits(answer) if placed and answer.texts else ""
    marks = [spans.span_of(record, text, "answer", _ANSWER_HUE) for record in placed]
    return Answers(found, spans.segments_of(text, [mark for mark in marks if mark]) if text else [], answer.media)
