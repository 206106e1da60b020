"""Object detection: one image to the things seen in it, each with a box."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task
from ._boxes import BOX_OUTPUTS, rows_of_boxes
from ._example_media import SCENE
from ._images import MAX_LARGE_IMAGES, call_alike, size_of


class ObjectDetection(Task):
    name = "object-detection"
    title = "Object detection"
    summary = "Finds the things in an image and draws a box around each."
    modality = "vision"
    pipeline = "transformers:ObjectDetectionPipeline"
    auto_model = "AutoModelForObjectDetection"
    architecture_suffixes = ("ForObjectDetection",)
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to search."),)
    outputs = BOX_OUTPUTS
    params = (Param("threshold", float, 0.5, "Only what the model is at least this sure of is returned.", minimum=0, maximum=1),)
    example = {"image": SCENE}
    display = Display.BOXES
    max_batch = MAX_LARGE_IMAGES

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return call_alike(pipeline, inputs, arguments, size_of)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of things; an empty list where nothing was found."""
        return rows_of_boxes(raw)


TASK = ObjectDetection()
