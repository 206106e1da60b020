"""Image classification: one image to scored labels."""

import sys
from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._label_scores import ALL_LABELS, LABEL_OUTPUTS, LABEL_PARAMS, function_of, rows_of_labels

# A 32 by 32 PNG: a disc on a plain ground.
EXAMPLE_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000002000000020010300000049b4e8b700000006504c5445eceff45e81acfcbbf6bb000000444944415478"
    "da7dccb10d803000c4c0e385c418300a9bc16819256350a08422a243b870e1c2fcb354ac97d866b107bdcbc419488cea538d92b1ea1d4713a5897abf"
    "fb3f1e188c0efc085967b50000000049454e44ae426082"
)


class ImageClassification(Task):
    name = "image-classification"
    title = "Image classification"
    summary = "Gives an image labels with scores."
    modality = "vision"
    pipeline = "transformers:ImageClassificationPipeline"
    auto_model = "AutoModelForImageClassification"
    architecture_suffixes = ("ForImageClassification",)
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to classify: PNG, JPEG, WebP, GIF, BMP or TIFF."),)
    outputs = LABEL_OUTPUTS
    params = LABEL_PARAMS
    stock_outputs = LABEL_OUTPUTS
    example = {"image": EXAMPLE_PNG}
    display = Display.LABELS

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "top_k": sys.maxsize if params["top_k"] == ALL_LABELS else params["top_k"]}

    def model_defaults(self, pipeline: Any) -> Row:
        return function_of(pipeline.model.config)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)

    def to_stock(self, results: list[list[Row]]) -> list[Any]:
        """Stock's frame has one column per rank, each cell a label and a score, for one image too."""
        return results


TASK = ImageClassification()
