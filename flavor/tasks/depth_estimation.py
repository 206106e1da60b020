"""Depth estimation: one image to how far away everything in it is."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._example_media import SCENE
from ._images import MAX_LARGE_IMAGES, call_alike, size_of


class DepthEstimation(Task):
    name = "depth-estimation"
    title = "Depth estimation"
    summary = "Tells how far away each pixel of an image is."
    modality = "vision"
    pipeline = "..pipelines.depth_estimation:DepthEstimationPipeline"
    auto_model = "AutoModelForDepthEstimation"
    architecture_suffixes = ("ForDepthEstimation",)
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to measure."),)
    outputs = (
        Field("depth", Kind.IMAGE, "The depths as a grey picture, the least black and the largest white."),
        Field("predicted_depth", Kind.TENSOR, "One number for each pixel, by row, in the model's own unit."),
        Field("minimum", Kind.NUMBER, "The least of these numbers."),
        Field("maximum", Kind.NUMBER, "The largest."),
    )
    example = {"image": SCENE}
    display = Display.DEPTH
    max_batch = MAX_LARGE_IMAGES

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return call_alike(pipeline, inputs, arguments, size_of)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of one row."""
        return [[_depth(each)] for each in raw]


def _depth(raw: Row) -> Row:
    numbers = raw["predicted_depth"]
    return {
        "depth": raw["depth"],
        "predicted_depth": numbers,
        "minimum": float(numbers.min()),
        "maximum": float(numbers.max()),
    }


TASK = DepthEstimation()
