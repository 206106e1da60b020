"""Images that were made, beside the one they were made from."""

from dataclasses import dataclass

from flavor.tasks import Row

from ..values import Medium
from .base import Answer, images_of, number_of


@dataclass(frozen=True)
class Pictures:
    before: Medium | None
    after: list[Medium]
    range: tuple[float, float] | None = None  # what the least and the most light stand for, where the records say so


def draw(answer: Answer) -> Pictures:
    """Return the images of all records."""
    images = [medium for record in answer.records for medium in images_of(record)]
    return Pictures(answer.image, images, _range(answer.records))


def _range(records: list[Row]) -> tuple[float, float] | None:
    first = records[0] if records else {}
    low, high = number_of(first.get("minimum")), number_of(first.get("maximum"))
    return None if low is None or high is None else (low, high)
