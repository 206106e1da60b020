"""Image feature extraction: one image to the vectors that a model has for it."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task
from ._example_media import SCENE
from ._images import call_alike, size_of


class ImageFeatureExtraction(Task):
    name = "image-feature-extraction"
    title = "Image feature extraction"
    summary = "Turns an image into vectors by which images can be compared."
    modality = "vision"
    pipeline = "transformers:ImageFeatureExtractionPipeline"
    auto_model = "AutoModel"
    architecture_suffixes = (
        "Aimv2VisionModel",
        "BeitModel",
        "BitModel",
        "CLIPVisionModel",
        "CLIPVisionModelWithProjection",
        "ConvNextModel",
        "ConvNextV2Model",
        "Data2VecVisionModel",
        "DeiTModel",
        "DinatModel",
        "Dinov2Model",
        "Dinov2WithRegistersModel",
        "DINOv3ViTModel",
        "EfficientNetModel",
        "FocalNetModel",
        "HieraModel",
        "IJepaModel",
        "ImageGPTModel",
        "LevitModel",
        "MobileNetV1Model",
        "MobileNetV2Model",
        "MobileViTModel",
        "MobileViTV2Model",
        "PoolFormerModel",
        "PvtModel",
        "RegNetModel",
        "ResNetModel",
        "SegformerModel",
        "SiglipVisionModel",
        "SwiftFormerModel",
        "SwinModel",
        "Swinv2Model",
        "TimmWrapperModel",
        "ViTModel",
        "ViTMAEModel",
        "ViTMSNModel",
        "VitDetModel",
    )
    components = ("image_processor",)

    inputs = (Field("image", Kind.IMAGE, "The picture to describe in numbers."),)
    outputs = (Field("features", Kind.TENSOR, "One vector for each patch of the image, or a single one when they are pooled."),)
    params = (Param("pool", bool, False, "One vector for the whole image, by the model's own pooling layer."),)
    example = {"image": SCENE}
    display = Display.VECTORS

    def check_model(self, pipeline: Any, params: Row) -> None:
        """Refuse to pool where it is known that the model cannot."""
        if params["pool"] and getattr(pipeline.model, "pooler", ...) is None:
            raise InvalidInput("params.pool", "params.pool asks for the pooling layer, which this model has not; leave it out.")

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N decoded images."""
        return [row["image"] for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "return_tensors": True}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        return call_alike(pipeline, inputs, arguments, size_of)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results, each a batch of one, to N lists of one row."""
        return [[{"features": each[0].float()}] for each in raw]


TASK = ImageFeatureExtraction()
