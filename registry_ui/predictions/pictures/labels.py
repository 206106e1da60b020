"""Labels with scores: bars, best first as they came, beside the media they are about."""

from dataclasses import dataclass
from typing import Any

from flavor.tasks import Row

from ..values import Medium
from .base import Answer, number_of

SHOWN = 10  # more are folded
LONGEST_NOTE = 160


@dataclass(frozen=True)
class Bar:
    """One label and its score on the common scale."""

    label: str
    score: float | None
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True)
class Group:
    """Bars that belong together; `title` is empty where there is one group only."""

    title: str
    shown: list[Bar]
    folded: list[Bar]


@dataclass(frozen=True)
class Bars:
    groups: list[Group]
    media: list[Medium]


def draw(answer: Answer) -> Bars:
    """Return the bars, those of each mask of a text by themselves."""
    by_mask: dict[Any, list[Row]] = {}
    for record in answer.records:
        by_mask.setdefault(record.get("mask"), []).append(record)
    groups = [group_of(_bars(answer, records), "" if mask is None else f"Mask {mask + 1}") for mask, records in by_mask.items()]
    return Bars(groups, answer.media)


def group_of(bars: list[Bar], title: str = "") -> Group:
    """Return bars as a group in which no more than can be overseen are shown at first."""
    return Group(title, bars[:SHOWN], bars[SHOWN:])


def _bars(answer: Answer, records: list[Row]) -> list[Bar]:
    """Scores that are no probabilities are measured against the largest."""
    scores = [number_of(record.get("score")) for record in records]
    known = [score for score in scores if score is not None]
    low, high = min([0.0, *known]), max([1.0, *known])
    labels = [answer.text_of(record, "label", "answer", "token_str") for record in records]
    return [Bar(label, score, low, high, _sentence(record)) for label, score, record in zip(labels, scores, records, strict=True)]


def _sentence(record: Row) -> str:
    """The whole text with the label in it, where there is one that can be read at a glance."""
    found = record.get("sequence")
    return found if isinstance(found, str) and len(found) <= LONGEST_NOTE else ""
