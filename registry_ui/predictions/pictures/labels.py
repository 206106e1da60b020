"""Labels with scores: bars, best first as they came, beside the media they are about."""

from dataclasses import dataclass

from ..values import Medium
from .base import Answer, number_of

SHOWN = 10  # more are folded


@dataclass(frozen=True)
class Bar:
    """One label and its score on the common scale."""

    label: str
    score: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Bars:
    shown: list[Bar]
    folded: list[Bar]
    media: list[Medium]


def draw(answer: Answer) -> Bars:
    """Return the bars; scores that are no probabilities are measured against the largest."""
    scores = [number_of(record.get("score")) for record in answer.records]
    known = [score for score in scores if score is not None]
    low, high = min([0.0, *known]), max([1.0, *known])
    labels = [answer.text_of(record, "label", "answer", "token_str") for record in answer.records]
    bars = [Bar(label, score, low, high) for label, score in zip(labels, scores, strict=True)]
    return Bars(bars[:SHOWN], bars[SHOWN:], answer.media)
