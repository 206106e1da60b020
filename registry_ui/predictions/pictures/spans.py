"""Spans of a text: the text with what was found in it marked. Offsets count code points, as Python does."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from flavor.tasks import Row

from .base import Answer, Hue, hues_of, number_of


@dataclass(frozen=True)
class Span:
    """A place in the text; `is_guessed` when the model did not say where it is."""

    start: int
    end: int
    label: str
    hue: int
    score: float | None
    is_guessed: bool = False


@dataclass(frozen=True)
class Segment:
    """A piece of the text, and the innermost span that it lies in."""

    text: str
    span: Span | None = None
    is_end: bool = False  # of its span, where the label is written


@dataclass(frozen=True)
class Spans:
    segments: list[Segment]
    hues: list[Hue]
    is_guessed: bool


def draw(answer: Answer) -> Spans:
    """Return the text that the offsets fit, cut where spans begin and end."""
    labels = [label_of(record) for record in answer.records]
    hues = hues_of(labels)
    text = text_that_fits(answer)
    spans: list[Span] = []
    searched_from = 0
    for record, label in zip(answer.records, labels, strict=True):
        span = span_of(record, text, label, hues[label].number, searched_from)
        if span is not None:
            spans.append(span)
            searched_from = span.end
    return Spans(segments_of(text, spans), list(hues.values()), any(span.is_guessed for span in spans))


def label_of(record: Row) -> str:
    """Return the kind of a span; the tag of a token without its B- or I-, so that one kind has one color."""
    label = record.get("entity_group") or record.get("entity") or record.get("label") or "span"
    return label[2:] if str(label).startswith(("B-", "I-")) else str(label)


def text_that_fits(answer: Answer) -> str:
    """Return the input text in which the first span lies where it says; the last text when none does."""
    texts = answer.texts or [""]
    for record in answer.records:
        word, start, end = answer.text_of(record, "answer", "word"), record.get("start"), record.get("end")
        if isinstance(start, int) and isinstance(end, int):
            return next((text for text in texts if text[start:end].lower() == word.lower()), texts[-1])
    return texts[-1]


def span_of(record: Row, text: str, label: str, hue: int, searched_from: int = 0) -> Span | None:
    """Return where a record lies; one without offsets is searched for after the last one found."""
    start, end, score = record.get("start"), record.get("end"), number_of(record.get("score"))
    if isinstance(start, int) and isinstance(end, int):
        return Span(start, end, label, hue, score) if 0 <= start < end <= len(text) else None
    word = record.get("word")
    found = text.lower().find(word.lower(), searched_from) if isinstance(word, str) and word else -1
    return Span(found, found + len(word or ""), label, hue, score, is_guessed=True) if found >= 0 else None


def segments_of(text: str, spans: Iterable[Span]) -> list[Segment]:
    """Cut the text at every beginning and end; where spans lie in each other, the shortest counts."""
    waiting = sorted(spans, key=lambda span: span.start, reverse=True)
    cuts = sorted({0, len(text), *(span.start for span in waiting), *(span.end for span in waiting)})
    segments, inside = [], list[Span]()
    for start, end in pairwise(cuts):
        while waiting and waiting[-1].start <= start:
            inside.append(waiting.pop())
        inside = [span for span in inside if span.end > start]
        span = min(inside, key=lambda each: each.end - each.start, default=None)
        segments.append(Segment(text[start:end], span, span is not None and end == span.end))
    return segments
