"""Two images side by side, and lines between the points that show one thing."""

from dataclasses import dataclass

from flavor.tasks import Row

from ..values import Medium
from .base import HUES, Answer, number_of

GAP = 0.02  # between the images, as a share of the first one's width


@dataclass(frozen=True)
class Pair:
    """Two points that show one thing, both in the coordinates of the drawing."""

    x1: float
    y1: float
    x2: float
    y2: float
    score: float | None
    hue: int


@dataclass(frozen=True)
class Keypoints:
    images: list[Medium]
    width: float
    height: float
    offset: float  # where the second image begins
    sizes: list[tuple[int, int]]
    pairs: list[Pair]

    @property
    def dot(self) -> float:
        return self.width / 220

    @property
    def line(self) -> float:
        return self.width / 480


def draw(answer: Answer) -> Keypoints:
    """Return two images side by side and lines between the points that belong together."""
    images = [each for each in answer.media if each.is_image][:2]
    sizes = [image.size or (0, 0) for image in images]
    offset = sizes[0][0] * (1 + GAP) if sizes else 0.0
    width = offset + (sizes[1][0] if len(sizes) > 1 else 0)
    pairs = [pair for number, record in enumerate(answer.records) if (pair := _pair(record, offset, number)) is not None]
    return Keypoints(images, width, max((size[1] for size in sizes), default=0), offset, sizes, pairs)


def _pair(record: Row, offset: float, number: int) -> Pair | None:
    first, second = record.get("keypoint_image_0"), record.get("keypoint_image_1")
    if not isinstance(first, dict) or not isinstance(second, dict):
        return None
    score = number_of(record.get("score"))
    return Pair(float(first["x"]), float(first["y"]), float(second["x"]) + offset, float(second["y"]), score, number % HUES + 1)
