"""Answers to a question, and their place in the context or on the page."""

from dataclasses import dataclass, replace

from flavor.tasks import Row

from ..values import Medium
from . import spans
from .base import HUES, Answer, number_of
from .boxes import Box, Boxes

_ANSWER_HUE = 1
_WHOLE_PAGE = 1000  # places on a page are thousandths of it


@dataclass(frozen=True)
class Found:
    """One answer to a question."""

    text: str
    score: float | None
    hue: int = 0  # of its words on the page


@dataclass(frozen=True)
class Answers:
    answers: list[Found]
    segments: list[spans.Segment]
    media: list[Medium]
    page: Boxes | None = None


def draw(answer: Answer) -> Answers:
    """Return the answers, best first, with their words on the page, or the context with the first one's place marked."""
    found = [Found(answer.text_of(record, "answer"), number_of(record.get("score"))) for record in answer.records]
    if any(record.get("boxes") for record in answer.records) and answer.image and answer.image.size:
        colored = [replace(each, hue=place % HUES + 1) for place, each in enumerate(found)]
        return Answers(colored, [], [], _page(answer, answer.image, colored))
    placed = [record for record in answer.records[:1] if _is_in_text(record)]
    text = spans.text_that_fits(answer) if placed and answer.texts else ""
    marks = [spans.span_of(record, text, "answer", _ANSWER_HUE) for record in placed]
    return Answers(found, spans.segments_of(text, [mark for mark in marks if mark]) if text else [], answer.media)


def _is_in_text(record: Row) -> bool:
    return isinstance(record.get("start"), int) and bool(record.get("answer")) and "boxes" not in record


def _page(answer: Answer, image: Medium, found: list[Found]) -> Boxes:
    """The page with the words of the answers, the best answer's on top of all others."""
    width, height = image.size or (0, 0)
    pairs = list(zip(answer.records, found, strict=True))
    boxes = [_box(box, each, width, height) for record, each in reversed(pairs) for box in record.get("boxes") or []]
    return Boxes(image, width, height, boxes, [])


def _box(box: list[float], found: Found, width: int, height: int) -> Box:
    left, top, right, bottom = box
    across, down = width / _WHOLE_PAGE, height / _WHOLE_PAGE
    place = (left * across, top * down, (right - left) * across, (bottom - top) * down)
    return Box(found.text, found.score, found.hue, *place)
