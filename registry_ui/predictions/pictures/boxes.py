"""Boxes of what was found, as SVG over the image."""

from dataclasses import dataclass
from typing import Any

from flavor.tasks import Row

from ..values import Medium
from .base import Answer, Hue, hues_of, number_of


@dataclass(frozen=True)
class Box:
    """A box in pixels of the image."""

    label: str
    score: float | None
    hue: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Boxes:
    image: Medium | None
    width: int
    height: int
    boxes: list[Box]
    hues: list[Hue]

    @property
    def text_size(self) -> float:
        """Height of letters in pixels of the image, so that they look the same on every image."""
        return max(self.width, self.height) / 36

    @property
    def line(self) -> float:
        return max(self.width, self.height) / 320


def draw(answer: Answer) -> Boxes:
    """Return the boxes over their image; without its size there is only the table."""
    hues = hues_of(answer.text_of(record, "label") for record in answer.records)
    boxes = [box for record in answer.records if (box := _box(answer, record, hues)) is not None]
    width, height = (answer.image.size if answer.image else None) or (0, 0)
    return Boxes(answer.image if width else None, width, height, boxes, list(hues.values()))


def _box(answer: Answer, record: Row, hues: dict[str, Hue]) -> Box | None:
    box: Any = record.get("box")
    if not isinstance(box, dict):
        return None
    label = answer.text_of(record, "label")
    x, y, right, bottom = (float(box[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
    return Box(label, number_of(record.get("score")), hues[label].number, x, y, max(0, right - x), max(0, bottom - y))
