"""Image to image: one image to a larger or a cleaner one."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._example_media import SCENE
from ._images import call_alike, size_of

MAX_PIXELS = 1_500_000  # a result has up to 64 times as many, and the model works on all of them at once


class ImageToImage(Task):
    name = "image-to-image"
    title = "Image to image"
    summary = "Makes an image larger, sharper or cleaner."
    modality = "vision"
    pipeline = "..pipelines.image_to_image:ImageToImagePipeline"
    auto_model = "AutoModelForImageToImage"
    architecture_suffixes = ("ForImageSuperResolution",)
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, f"The picture to work on, of at most {MAX_PIXELS / 1e6:g} megapixels."),)
    outputs = (Field("image", Kind.IMAGE, "The picture that was made, PNG."),)
    example = {"image": SCENE}
    display = Display.IMAGE
    max_batch = 2

    def decoding(self, pipeline: Any, params: Row) -> dict[Kind, Row]:
        return {Kind.IMAGE: {"max_pixels": MAX_PIXELS}}

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return call_alike(pipeline, inputs, arguments, size_of)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of one row."""
        return [[{"image": each}] for each in raw]


TASK = ImageToImage()
