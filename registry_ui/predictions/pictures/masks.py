"""Masks of what was found, as SVG over the image, each in the color of its label."""

from dataclasses import dataclass

from ..values import Medium
from .base import Answer, Hue, hues_of, images_of, number_of


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
    """Return the masks over their image, each in the color of its label."""
    labels = [answer.text_of(record, "label") or f"mask {number}" for number, record in enumerate(answer.records, start=1)]
    hues = hues_of(labels)
    masks = [
        Mask(label, number_of(record.get("score")), hues[label].number, medium)
        for label, record in zip(labels, answer.records, strict=True)
        for medium in images_of(record)[:1]
    ]
    width, height = next(
        (size for each in [answer.image, *(mask.medium for mask in masks)] if each and (size := each.size)), (0, 0)
    )
    return Masks(answer.image if width else None, width, height, masks, list(hues.values()))
