"""One picture for each Display: what its partial shows, computed here, so that templates only write it down."""

from collections.abc import Callable
from typing import Any

from flavor.tasks import Display

from ..values import as_json
from . import answers, boxes, chats, decisions, images, keypoints, labels, masks, sounds, spans, tables, texts, vectors
from .base import Answer

__all__ = ["Answer", "draw"]

_DRAW: dict[Display, Callable[[Answer], Any]] = {
    Display.LABELS: labels.draw,
    Display.SPANS: spans.draw,
    Display.TEXT: texts.draw,
    Display.CHAT: chats.draw,
    Display.ANSWER: answers.draw,
    Display.CELLS: tables.draw,
    Display.TRANSCRIPT: sounds.draw_transcript,
    Display.AUDIO: sounds.draw_sounds,
    Display.IMAGE: images.draw,
    Display.BOXES: boxes.draw,
    Display.MASKS: masks.draw,
    Display.DEPTH: images.draw,
    Display.KEYPOINTS: keypoints.draw,
    Display.VECTORS: vectors.draw,
    Display.DECISIONS: decisions.draw,
    Display.JSON: lambda answer: as_json(answer.records),
}


def draw(display: Display, answer: Answer) -> Any:
    """Return what the display's partial shows.

    Raises KeyError, TypeError or ValueError when the records do not have the shape that the display is for.
    """
    return _DRAW[display](answer)
