"""Vectors: how long, how large, how their values are spread, and the first of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .base import Answer

FIRST = 12
BINS = 24
MOST = 64  # vectors that are described one by one


@dataclass(frozen=True)
class Bin:
    """One bar of the histogram, in a drawing of 100 by 100."""

    x: float
    height: float
    y: float


@dataclass(frozen=True)
class Vector:
    dimensions: int
    norm: float
    mean: float
    low: float
    high: float
    first: list[float]
    bins: list[Bin]
    name: str = ""  # what it stands for, such as a token


@dataclass(frozen=True)
class Vectors:
    vectors: list[Vector]
    count: int  # of all, shown or not
    bin_width: float = 100 / BINS


def draw(answer: Answer) -> Vectors:
    """Return every vector of every record, however deep they lie."""
    found = [vector for record in answer.records for value in record.values() for vector in _vectors_in(value)]
    names = [name for record in answer.records for name in record.get("tokens") or ()]
    if len(names) != len(found):
        names = [""] * len(found)
    return Vectors([_vector(values, str(name)) for values, name in list(zip(found, names, strict=True))[:MOST]], len(found))


def _vectors_in(value: Any) -> Iterator[list[float]]:
    if not isinstance(value, list) or not value:
        return
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in value):
        yield [float(each) for each in value]
        return
    for each in value:
        yield from _vectors_in(each)


def _vector(values: list[float], name: str) -> Vector:
    low, high = min(values), max(values)
    norm, mean = math.sqrt(sum(value * value for value in values)), sum(values) / len(values)
    return Vector(len(values), norm, mean, low, high, values[:FIRST], _histogram(values, low, high), name)


def _histogram(values: list[float], low: float, high: float) -> list[Bin]:
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int((value - low) / (high - low) * BINS)) if high > low else 0] += 1
    heights = [count / max(counts) * 100 for count in counts]
    return [Bin(place * 100 / BINS, height, 100 - height) for place, height in enumerate(heights)]
