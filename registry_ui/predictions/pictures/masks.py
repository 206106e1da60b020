"""Masks of what was found, as SVG over the image, each in a color of its own."""

from collections import Counter
from dataclasses import dataclass, replace

from ..values import Medium
from .base import Answer, Hue, hues_of, images_of, number_of

MOST_NAMED = 24  # in the legend; the table has all
LEAST_SHARE = 0.005  # of the image, that is rounded to a whole percent


@dataclass(frozen=True)
class Mask:
    """Where something is: white on black."""

    label: str
    score: float | None
    hue: int
    medium: Medium


@dataclass(frozen=True)
class Masks:
    image: Medium | None
    width: int
    height: int
    masks: list[Mask]
    hues: list[Hue]


def draw(answer: Answer) -> Masks:
    """Return the masks over their image, each in a color of its own, with its share of the image where that is known."""
    labels = _numbered([answer.text_of(record, "label") or "mask" for record in answer.records])
    hues = hues_of(labels)
    masks = [
        Mask(label, number_of(record.get("score")), hues[label].number, medium)
        for label, record in zip(labels, answer.records, strict=True)
        for medium in images_of(record)[:1]
    ]
    shares = [_share(number_of(record.get("area"))) for record in answer.records]
    legend = [replace(hues[label], note=share) for label, share in zip(labels, shares, strict=True)]
    width, height = next(
        (size for each in [answer.image, *(mask.medium for mask in masks)] if each and (size := each.size)), (0, 0)
    )
    return Masks(answer.image if width else None, width, height, masks, legend[:MOST_NAMED])


def _numbered(labels: list[str]) -> list[str]:
    """Labels of which each is there once: things of one kind are counted."""
    seen: Counter[str] = Counter()
    found = []
    for label in labels:
        seen[label] += 1
        found.append(f"{label} {seen[label]}" if labels.count(label) > 1 else label)
    return found


def _share(area: float | None) -> str:
    if area is None:
        return ""
    return f"{area:.0%}" if area >= LEAST_SHARE else "<1%"
