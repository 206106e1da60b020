"""Images that were made, beside the one they were made from."""

from dataclasses import dataclass

from ..values import Medium
from .base import Answer, images_of


@dataclass(frozen=True)
class Pictures:
    before: Medium | None
    after: list[Medium]


def draw(answer: Answer) -> Pictures:
    """Return the images of all records."""
    return Pictures(answer.image, [medium for record in answer.records for medium in images_of(record)])
