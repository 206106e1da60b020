"""Shared by the tasks that find things and say where: their output fields, their rows."""

from typing import Any

from ._base import Field, Kind, Row

SIDES = ("xmin", "ymin", "xmax", "ymax")

BOX_OUTPUTS = (
    Field("label", Kind.TEXT, "What was found."),
    Field("score", Kind.NUMBER, "How sure the model is, 0 to 1."),
    Field("box", Kind.JSON, "Where: xmin, ymin, xmax and ymax in pixels of the upright image, from its top left corner."),
)


def rows_of_boxes(raw: list[Any]) -> list[list[Row]]:
    """N raw results to N lists of found things, in the order of the pipeline; an empty list where nothing was found."""
    return [[_found(each) for each in found] for found in raw]


def _found(raw: Row) -> Row:
    return {
        "label": str(raw["label"]),
        "score": float(raw["score"]),
        "box": {side: int(raw["box"][side]) for side in SIDES},
    }
