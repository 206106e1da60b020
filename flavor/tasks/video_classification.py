"""Video classification: one film to scored labels."""

import sys
from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task, Warned
from ._example_media import FILM
from ._label_scores import ALL_LABELS, LABEL_OUTPUTS, LABEL_PARAMS, rows_of_labels

DEFAULT_FRAMES = 16  # where the model does not say how many it reads


class VideoClassification(Task):
    name = "video-classification"
    title = "Video classification"
    summary = "Gives a film labels with scores."
    modality = "vision"
    pipeline = "..pipelines.video_classification:VideoClassificationPipeline"
    auto_model = "AutoModelForVideoClassification"
    architecture_suffixes = ("ForVideoClassification",)
    components = ("image_processor",)
    alternatives = {"image_processor": "video_processor"}
    packages = ("av",)

    inputs = (Field("video", Kind.VIDEO, "The film to classify: MP4, MOV, WebM, MKV or AVI."),)
    outputs = LABEL_OUTPUTS
    params = (
        *LABEL_PARAMS,
        Param(
            "num_frames", int, None, "Frames that are read; left out, as many as the model was made for.", minimum=1, maximum=256
        ),
        Param(
            "frame_sampling_rate",
            int,
            1,
            "Every how many-th frame is read, from the beginning. Models with a video processor read the whole film instead.",
            minimum=1,
            maximum=1000,
        ),
    )
    example = {"video": FILM}
    display = Display.LABELS
    max_batch = 4

    def model_defaults(self, pipeline: Any) -> Row:
        problems = {"regression": "none", "multi_label_classification": "sigmoid"}
        config = pipeline.model.config
        return {"function_to_apply": problems.get(config.problem_type, "softmax"), "num_frames": frames_of(config)}

    def decoding(self, pipeline: Any, params: Row) -> dict[Kind, Row]:
        every = params["frame_sampling_rate"] if pipeline.video_processor is None else None
        return {Kind.VIDEO: {"num_frames": params["num_frames"], "every": every}}

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        found, wanted = len(row["video"]), params["num_frames"]
        if found >= wanted:
            return row, []
        return row, [Warned("video_short", f"{found} frames were found where {wanted} are read; the last one is repeated")]

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N arrays of frames."""
        return [row["video"] for row in rows]

    def call_params(self, params: Row) -> Row:
        top_k = sys.maxsize if params["top_k"] == ALL_LABELS else params["top_k"]
        return {"top_k": top_k, "function_to_apply": params["function_to_apply"], "num_frames": params["num_frames"]}

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)


def frames_of(config: Any) -> int:
    """How many frames a model reads, by its configuration."""
    return int(getattr(config, "num_frames", None) or getattr(config, "frames_per_clip", None) or DEFAULT_FRAMES)


TASK = VideoClassification()
