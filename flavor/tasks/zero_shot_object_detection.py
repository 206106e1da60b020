"""Zero-shot object detection: one image and what to look for, to where it is."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task, Warned
from ._boxes import BOX_OUTPUTS, rows_of_boxes
from ._candidate_labels import LABELS, cut_texts
from ._example_media import SCENE
from ._images import MAX_LARGE_IMAGES


class ZeroShotObjectDetection(Task):
    name = "zero-shot-object-detection"
    title = "Zero-shot object detection"
    summary = "Finds what you name in an image, without having been trained on it."
    modality = "vision"
    pipeline = "..pipelines.zero_shot_object_detection:ZeroShotObjectDetectionPipeline"
    auto_model = "AutoModelForZeroShotObjectDetection"
    architecture_suffixes = (
        "OwlViTForObjectDetection",
        "Owlv2ForObjectDetection",
        "GroundingDinoForObjectDetection",
        "OmDetTurboForObjectDetection",
    )
    components = ("tokenizer", "image_processor")

    inputs = (
        Field("image", Kind.IMAGE, "The picture to search."),
        Field(LABELS, Kind.LABELS, "What to look for, each in words that say what is meant."),
    )
    outputs = BOX_OUTPUTS
    params = (
        Param("threshold", float, 0.1, "Only what the model is at least this sure of is returned.", minimum=0, maximum=1),
        Param("top_k", int, None, "Things returned per image, best first; left out, all.", minimum=1, maximum=100_000),
    )
    example = {"image": SCENE, LABELS: ["a house", "a tree", "the sun"]}
    display = Display.BOXES
    max_batch = MAX_LARGE_IMAGES

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        return row, cut_texts(pipeline.tokenizer, row[LABELS])

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N dicts of an image and its labels."""
        return [{"image": row["image"], LABELS: list(row[LABELS])} for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One label at a time: OWL-ViT tells where a text ends by its largest token, which padding of others may be."""
        return list(pipeline(inputs, **{**arguments, "batch_size": 1}))

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of things, best first; an empty list where nothing was found."""
        return rows_of_boxes(raw)


TASK = ZeroShotObjectDetection()
