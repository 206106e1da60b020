"""What one sees of an answer: types, names and order as they are, numbers up to what depends on the batch."""

from typing import Any

import numpy
import pandas
import pytest

UNLIKE = ("id", "created")  # of an answer in OpenAI's words: no two are alike


def seen(answer: Any) -> Any:
    """An answer as plain lists that tell its types too."""
    if isinstance(answer, pandas.DataFrame):
        cells = [[seen(cell) for cell in answer[name]] for name in answer.columns]
        return ["frame", list(answer.columns), [str(each) for each in answer.dtypes], list(answer.index), cells]
    if isinstance(answer, numpy.ndarray):
        return ["array", str(answer.dtype), list(answer.shape), seen(answer.reshape(-1).tolist())]
    if isinstance(answer, dict):
        return {name: type(each) if name in UNLIKE else seen(each) for name, each in answer.items()}
    return [seen(each) for each in answer] if isinstance(answer, list) else answer


def close_to(answer: Any) -> Any:
    """The same with numbers that other numbers may be close to."""
    if isinstance(answer, dict):
        return {name: close_to(each) for name, each in answer.items()}
    if isinstance(answer, list):
        return [close_to(each) for each in answer]
    return pytest.approx(answer, abs=1e-5) if isinstance(answer, float) else answer
