"""The image-to-image pipeline of transformers 4, which transformers 5 no longer has."""

from typing import Any

from PIL import Image
from transformers import Pipeline
from transformers.image_utils import load_image


class ImageToImagePipeline(Pipeline):
    """An image in, another out: `pipeline(image)` returns a PIL image, a list of images a list.

    What the image processor adds to make sides divisible is cut off again, which transformers 4 left in the picture.
    """

    _load_processor = False
    _load_image_processor = True
    _load_feature_extractor = False
    _load_tokenizer = False

    def _sanitize_parameters(
        self, timeout: float | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {} if timeout is None else {"timeout": timeout}, {}, {}

    def preprocess(self, image: Any, timeout: float | None = None) -> dict[str, Any]:
        """Return what the model reads, and the size of the image as it came."""
        picture = load_image(image, timeout=timeout)
        inputs = self.image_processor(images=[picture], return_tensors="pt").to(self.dtype)
        return {**inputs, "size": picture.size}

    def _forward(self, model_inputs: dict[str, Any]) -> dict[str, Any]:
        size = model_inputs.pop("size")
        return {"reconstruction": self.model(**model_inputs).reconstruction, "size": size}

    def postprocess(self, model_outputs: dict[str, Any]) -> Image.Image:
        values = model_outputs["reconstruction"][0].float().cpu().clamp(0, 1)
        width, height = (int(side) * self.scale for side in model_outputs["size"])
        pixels = (values * 255).round().byte()[:, :height, :width]
        return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())

    @property
    def scale(self) -> int:
        """How many times as wide and as high the result is."""
        return int(getattr(self.model.config, "upscale", 1))
