"""The mask-generation pipeline of transformers, which does not need torchvision for what it can do without."""

from collections.abc import Iterable
from typing import Any

import numpy
import torch
from transformers import MaskGenerationPipeline as Native


class MaskGenerationPipeline(Native):
    """An image in, `{"masks": [arrays], "scores": tensor}` out: the same as transformers' with torchvision.

    transformers' own needs torchvision for one function of ten lines, which chooses among masks that show one thing. Image
    processors that need it for more (SAM 2 and its kin) say so when they are loaded.
    """

    def postprocess(
        self,
        model_outputs: Iterable[dict[str, Any]],
        output_rle_mask: bool = False,
        output_bboxes_mask: bool = False,
        crops_nms_thresh: float = 0.7,
    ) -> dict[str, Any]:
        outputs = list(model_outputs)
        scores = torch.cat([each["iou_scores"] for each in outputs]).float()
        boxes = torch.cat([each["boxes"].reshape(-1, 4) for each in outputs])
        runs = [run for each in outputs for run in each["masks"]]
        kept = best_boxes(boxes.float(), scores, crops_nms_thresh)
        found: dict[str, Any] = {"masks": [mask_of(runs[place]) for place in kept], "scores": scores[kept]}
        if output_rle_mask:
            found["rle_mask"] = [runs[place] for place in kept]
        if output_bboxes_mask:
            found["bounding_boxes"] = boxes[kept]
        return found


def best_boxes(boxes: torch.Tensor, scores: torch.Tensor, most_overlap: float) -> list[int]:
    """Return the places of boxes (xmin, ymin, xmax, ymax), best first, without those that a better one overlaps too much.

    Overlap is the shared area over the joined one, as in `torchvision.ops.nms`.
    """
    waiting = scores.sort(descending=True, stable=True).indices
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while len(waiting):
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        corner = torch.minimum(boxes[best, 2:], boxes[rest, 2:]) - torch.maximum(boxes[best, :2], boxes[rest, :2])
        shared = corner.clamp(min=0).prod(dim=1)
        waiting = rest[~(shared / (areas[best] + areas[rest] - shared) > most_overlap)]
    return kept


def mask_of(runs: dict[str, Any]) -> numpy.ndarray:
    """Return a mask (height, width) from the lengths of its runs, which begin with black and go down column by column."""
    height, width = runs["size"]
    values = numpy.arange(len(runs["counts"])) % 2 == 1
    return numpy.repeat(values, runs["counts"]).reshape(width, height).T
