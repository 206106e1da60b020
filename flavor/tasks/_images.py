"""Shared by the tasks that read images: calls in which only what can share a forward pass meets."""

from collections.abc import Callable, Hashable
from typing import Any

from ._base import Row

MAX_LARGE_IMAGES = 8  # of one forward pass, where a model reads images at their own size


def call_alike(pipeline: Any, inputs: list[Any], arguments: Row, alike: Callable[[Any], Hashable]) -> list[Any]:
    """Call the pipeline once for each group of inputs of which `alike` says the same, and return the results in order.

    An image processor may keep the proportions of images: pictures of two sizes then do not fit into one batch.
    """
    groups: dict[Hashable, list[int]] = {}
    for place, each in enumerate(inputs):
        groups.setdefault(alike(each), []).append(place)
    found: list[Any] = [None] * len(inputs)
    for places in groups.values():
        answers = pipeline([inputs[place] for place in places], **{**arguments, "batch_size": len(places)})
        for place, answer in zip(places, answers, strict=True):
            found[place] = answer
    return found


def size_of(image: Any) -> Hashable:
    """Width and height of a decoded image."""
    return image.size


def area_of(mask: Any) -> float:
    """The white share of a mask, a picture of black and white."""
    counts = mask.histogram()
    return 1 - counts[0] / sum(counts)
