"""The zero-shot-object-detection pipeline of transformers, which reads long labels and prepares an image once."""

from collections.abc import Iterator
from typing import Any

import torch
from transformers import ZeroShotObjectDetectionPipeline as Native
from transformers.image_utils import load_image


class ZeroShotObjectDetectionPipeline(Native):
    """An image and candidate labels in, labelled boxes out: the same as transformers' where that has an answer.

    transformers' own fails on a label over the model's length (16 tokens in OWL-ViT), which is cut here, and prepares the
    image anew for each label.
    """

    def preprocess(self, inputs: dict[str, Any], timeout: float | None = None) -> Iterator[dict[str, Any]]:
        image = load_image(inputs["image"], timeout=timeout)
        labels = inputs["candidate_labels"]
        labels = labels.split(",") if isinstance(labels, str) else labels
        pixels = self.image_processor(image, return_tensors="pt").to(self.dtype)
        for number, label in enumerate(labels):
            yield {
                "is_last": number == len(labels) - 1,
                "target_size": torch.tensor([[image.height, image.width]], dtype=torch.int32),
                "candidate_label": label,
                **self.tokenizer(label, truncation=True, return_tensors="pt"),
                **pixels,
            }
