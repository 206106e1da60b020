"""Image segmentation: one image to masks, one for each thing or kind of thing in it."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task
from ._example_media import SCENE
from ._images import MAX_LARGE_IMAGES, area_of, call_alike, size_of

SUBTASKS = ("panoptic", "instance", "semantic")  # in the order in which the pipeline tries them


class ImageSegmentation(Task):
    name = "image-segmentation"
    title = "Image segmentation"
    summary = "Divides an image into its parts and says what each of them shows."
    modality = "vision"
    pipeline = "transformers:ImageSegmentationPipeline"
    auto_model = "AutoModelForSemanticSegmentation"
    architecture_suffixes = (
        "ForSemanticSegmentation",
        "ForInstanceSegmentation",
        "ForUniversalSegmentation",
        "DetrForSegmentation",
    )
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to divide."),)
    outputs = (
        Field("label", Kind.TEXT, "What the part shows."),
        Field("score", Kind.NUMBER, "How sure the model is, 0 to 1; null where parts are kinds of things.", required=False),
        Field("mask", Kind.IMAGE, "The part, white on black, as large as the upright image."),
        Field("area", Kind.NUMBER, "The part's share of the image, 0 to 1."),
    )
    params = (
        Param(
            "subtask",
            str,
            None,
            "panoptic and instance tell things of one kind apart, semantic does not. Left out, the first the model can do.",
            choices=SUBTASKS,
        ),
        Param("threshold", float, 0.9, "Only things the model is at least this sure of are returned.", minimum=0, maximum=1),
        Param(
            "mask_threshold",
            float,
            0.5,
            "How sure the model is of each pixel of a mask; not for semantic.",
            minimum=0,
            maximum=1,
            advanced=True,
        ),
        Param(
            "overlap_mask_area_threshold",
            float,
            0.5,
            "A thing of which others cover all but this share is left out; not for semantic.",
            minimum=0,
            maximum=1,
            advanced=True,
        ),
    )
    example = {"image": SCENE}
    display = Display.MASKS
    max_batch = MAX_LARGE_IMAGES

    def check_model(self, pipeline: Any, params: Row) -> None:
        """Refuse a subtask that the model's image processor has no method for; the pipeline says so after running it."""
        able = [each for each in SUBTASKS if hasattr(pipeline.image_processor, f"post_process_{each}_segmentation")]
        asked = params.get("subtask")
        if asked is not None and asked not in able:
            raise InvalidInput(
                "params.subtask", f"params.subtask {asked!r} is not what this model does; it does {', '.join(able) or 'none'}."
            )

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return call_alike(pipeline, inputs, arguments, size_of)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of parts; an empty list where nothing was found."""
        return [[_part(each) for each in parts] for parts in raw]


def _part(raw: Row) -> Row:
    score = raw["score"]
    return {
        "label": str(raw["label"]),
        "score": None if score is None else float(score),
        "mask": raw["mask"],
        "area": area_of(raw["mask"]),
    }


TASK = ImageSegmentation()
