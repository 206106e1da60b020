"""The depth-estimation pipeline of transformers, made to answer for flat scenes and thin pictures too."""

from typing import Any

import numpy
from PIL import Image
from transformers import DepthEstimationPipeline as Native


class DepthEstimationPipeline(Native):
    """An image in, `{"predicted_depth": tensor, "depth": picture}` out: the same as transformers' where that has an answer.

    transformers' own divides by the difference of the nearest and the farthest point: where that is nothing, its picture is
    what the machine makes of NaN, and here it is black. It fails on pictures of one pixel, whose depths lose their shape.
    """

    def postprocess(self, model_outputs: Any) -> Any:
        size = tuple(model_outputs["target_size"])
        found = self.image_processor.post_process_depth_estimation(model_outputs, [size])
        depths = [_shaped(each["predicted_depth"], size) for each in found]
        answers = [{"predicted_depth": depth, "depth": _picture(depth)} for depth in depths]
        return answers[0] if len(answers) == 1 else answers


def _shaped(depth: Any, size: tuple[int, ...]) -> Any:
    return depth.reshape(size) if depth.numel() == size[0] * size[1] else depth


def _picture(depth: Any) -> Image.Image:
    values = depth.detach().cpu().numpy()
    low, high = values.min(), values.max()
    shares = (values - low) / (high - low) if high > low else numpy.zeros_like(values)
    return Image.fromarray((shares * 255).astype("uint8"))
