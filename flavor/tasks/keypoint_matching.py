"""Keypoint matching: two images to the points that show the same thing in both."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task
from ._example_media import SCENE, SCENE_MOVED


class KeypointMatching(Task):
    name = "keypoint-matching"
    title = "Keypoint matching"
    summary = "Finds the points of two images that show the same thing."
    modality = "vision"
    pipeline = "..pipelines.keypoint_matching:KeypointMatchingPipeline"
    auto_model = "AutoModelForKeypointMatching"
    architecture_suffixes = ("ForKeypointMatching",)
    components = ("image_processor",)

    inputs = (
        Field("image_0", Kind.IMAGE, "The first picture."),
        Field("image_1", Kind.IMAGE, "The second picture."),
    )
    outputs = (
        Field("keypoint_image_0", Kind.JSON, "A point of the first image: x and y in pixels, from its top left corner."),
        Field("keypoint_image_1", Kind.JSON, "The same thing in the second image."),
        Field("score", Kind.NUMBER, "How sure the model is, 0 to 1."),
    )
    params = (Param("threshold", float, 0.0, "Only pairs the model is surer of than this are returned.", minimum=0, maximum=1),)
    example = {"image_0": SCENE, "image_1": SCENE_MOVED}
    display = Display.KEYPOINTS
    max_batch = 1  # the pipeline cannot put two pairs into a forward pass

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of decoded images."""
        return [[row["image_0"], row["image_1"]] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One pair at a time: the pipeline answers a list of one pair with that pair's points."""
        return [pipeline(pair, **{**arguments, "batch_size": 1}) for pair in inputs]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of pairs, best first; an empty list where nothing belongs together."""
        return [[_pair(each) for each in pairs] for pairs in raw]


def _pair(raw: Row) -> Row:
    points = ("keypoint_image_0", "keypoint_image_1")
    return {**{name: {axis: float(raw[name][axis]) for axis in ("x", "y")} for name in points}, "score": float(raw["score"])}


TASK = KeypointMatching()
