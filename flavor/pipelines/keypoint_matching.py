"""The keypoint-matching pipeline of transformers, with the points where they are."""

from typing import Any

from transformers import KeypointMatchingPipeline as Native


class KeypointMatchingPipeline(Native):
    """Two images in, pairs of points that show one thing out: the same as transformers' on square images.

    transformers' own hands width and height to image processors that take height and width, so that on all other images x is
    measured by the height and y by the width.
    """

    def preprocess(self, images: Any, timeout: float | None = None) -> dict[str, Any]:
        found: dict[str, Any] = super().preprocess(images, timeout=timeout)
        return {**found, "target_sizes": [(height, width) for width, height in found["target_sizes"]]}
