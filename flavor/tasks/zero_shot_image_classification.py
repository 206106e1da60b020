"""Zero-shot image classification: one image and labels to choose from, to scored labels."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task, Warned
from ._candidate_labels import LABELS, LABELS_FIELD, check_template, cut_labels, template_param
from ._example_media import SCENE
from ._images import call_alike
from ._label_scores import rows_of_labels


class ZeroShotImageClassification(Task):
    name = "zero-shot-image-classification"
    title = "Zero-shot image classification"
    summary = "Says which of your labels fit an image, without having been trained on them."
    modality = "vision"
    pipeline = "..pipelines.zero_shot_image_classification:ZeroShotImageClassificationPipeline"
    auto_model = "AutoModelForZeroShotImageClassification"
    architecture_suffixes = (
        "CLIPModel",
        "CLIPSegModel",
        "SiglipModel",
        "Siglip2Model",
        "AlignModel",
        "BlipModel",
        "MetaClip2Model",
        "Tipsv2Model",
        "VideoPrismClipModel",
        "Blip2ForImageTextRetrieval",
    )
    components = ("tokenizer", "image_processor")

    inputs = (Field("image", Kind.IMAGE, "The picture to classify."), LABELS_FIELD)
    outputs = (
        Field("label", Kind.TEXT, "One of the candidate labels."),
        Field("score", Kind.NUMBER, "How well it fits, 0 to 1; the scores add up to 1, but each stands alone in SigLIP models."),
    )
    params = (template_param("This is a photo of {}."),)
    example = {"image": SCENE, LABELS: ["a house", "a ship", "a bowl of soup"]}
    display = Display.LABELS

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_template(params)

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        return row, cut_labels(pipeline.tokenizer, row[LABELS], params)

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of an image and its labels."""
        return [(row["image"], tuple(row[LABELS])) for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "tokenizer_kwargs": {"truncation": True}}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One call for each set of labels: the pipeline takes one set for all its images."""

        def with_labels(pairs: list[Any], **more: Any) -> list[Any]:
            labels = list(pairs[0][1])
            return list(pipeline([image for image, _ in pairs], candidate_labels=labels, **more))

        return call_alike(with_labels, inputs, arguments, lambda pair: pair[1])

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)


TASK = ZeroShotImageClassification()
