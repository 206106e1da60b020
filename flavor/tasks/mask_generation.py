"""Mask generation: one image to masks of everything in it, without names."""

from inspect import signature
from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task
from ._boxes import SIDES
from ._example_media import SCENE
from ._images import area_of

_CLEANING = ("max_hole_area", "max_sprinkle_area")  # of SAM 2 and later


def _share(name: str, default: float, help: str, *, advanced: bool = False) -> Param:
    return Param(name, float, default, help, minimum=0, maximum=1, advanced=advanced)


class MaskGeneration(Task):
    name = "mask-generation"
    title = "Mask generation"
    summary = "Cuts out everything that can be seen in an image, without saying what it is."
    modality = "vision"
    pipeline = "..pipelines.mask_generation:MaskGenerationPipeline"
    auto_model = "AutoModelForMaskGeneration"
    architecture_suffixes = ("SamModel", "SamHQModel", "Sam2Model", "Sam3TrackerModel", "EdgeTamModel")
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to take apart."),)
    outputs = (
        Field("mask", Kind.IMAGE, "A thing, white on black, as large as the upright image."),
        Field("score", Kind.NUMBER, "How good the model takes its mask to be, about 0 to 1."),
        Field("box", Kind.JSON, "Where: xmin, ymin, xmax and ymax in pixels of the upright image, from its top left corner."),
        Field("area", Kind.NUMBER, "The mask's share of the image, 0 to 1."),
        Field("rle", Kind.JSON, "The mask as COCO's run lengths, when output_rle_mask is set.", required=False),
    )
    params = (
        _share("pred_iou_thresh", 0.88, "Only masks that the model takes to be at least this good are returned."),
        _share("stability_score_thresh", 0.95, "Only masks that hardly change with the threshold of their pixels."),
        Param("points_per_crop", int, 32, "Points along each side of the image that are asked about.", minimum=1, maximum=128),
        Param("output_rle_mask", bool, False, "Masks also as run lengths, for programs that read COCO's form."),
        _share("crops_nms_thresh", 0.7, "Of masks whose boxes overlap by more, the better one is returned.", advanced=True),
        Param("points_per_batch", int, 64, "Points per forward pass.", minimum=1, maximum=16_384, advanced=True),
        Param(
            "crops_n_layers",
            int,
            0,
            "Rounds in which parts of the image are looked at closely.",
            minimum=0,
            maximum=4,
            advanced=True,
        ),
        _share("crop_overlap_ratio", 512 / 1500, "By how much these parts overlap.", advanced=True),
        Param(
            "crop_n_points_downscale_factor",
            int,
            1,
            "Points along a side are divided by this for each round.",
            minimum=1,
            maximum=32,
            advanced=True,
        ),
        Param(
            "mask_threshold", float, 0.0, "Logit above which a pixel belongs to a mask.", minimum=-50, maximum=50, advanced=True
        ),
        Param(
            "stability_score_offset",
            int,
            1,
            "By how much that threshold is moved to see what changes.",
            minimum=0,
            maximum=50,
            advanced=True,
        ),
        Param(
            "max_hole_area", float, None, "Holes up to this many pixels are filled; SAM 2 and later.", minimum=0, advanced=True
        ),
        Param(
            "max_sprinkle_area",
            float,
            None,
            "Specks up to this many pixels are dropped; SAM 2 and later.",
            minimum=0,
            advanced=True,
        ),
    )
    example = {"image": SCENE}
    example_params = {"points_per_crop": 12}
    display = Display.MASKS
    max_batch = 1

    def check_model(self, pipeline: Any, params: Row) -> None:
        """Refuse what the model's image processor does not take; the pipeline would fail in the middle."""
        taken = signature(pipeline.image_processor.post_process_masks).parameters
        for name in _CLEANING:
            if name in params and name not in taken:
                raise InvalidInput(f"params.{name}", f"params.{name} is not taken by this model; leave it out.")

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "output_bboxes_mask": True, "output_rle_mask": bool(params.get("output_rle_mask"))}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return list(pipeline(inputs, **{**arguments, "batch_size": 1}))

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of masks, best first; an empty list where there is none."""
        return [[_mask(each, place) for place in range(len(each["masks"]))] for each in raw]


def _mask(raw: Row, place: int) -> Row:
    from ..media import mask_image  # heavy

    mask = mask_image(raw["masks"][place])
    found = {
        "mask": mask,
        "score": float(raw["scores"][place]),
        "box": {side: int(value) for side, value in zip(SIDES, raw["bounding_boxes"][place], strict=True)},
        "area": area_of(mask),
    }
    return {**found, "rle": raw["rle_mask"][place]} if "rle_mask" in raw else found


TASK = MaskGeneration()
