import json

import numpy
import torch
from PIL import Image

from flavor.results import RowResult, json_safe
from flavor.tasks import Warned


def test_numbers_arrays_and_tensors_become_plain() -> None:
    value = {"a": numpy.float32(0.5), "b": torch.tensor([1, 2]), "c": (numpy.int64(3), True), 4: None}
    assert json_safe(value) == {"a": 0.5, "b": [1, 2], "c": [3, True], "4": None}


def test_numbers_that_json_has_not_become_null() -> None:
    assert json_safe([float("nan"), float("inf"), numpy.float64("nan")]) == [None, None, None]


def test_an_image_becomes_a_png() -> None:
    assert json_safe(Image.new("L", (1, 1)))["media_type"] == "image/png"


def test_a_result_is_json() -> None:
    result = RowResult(records=[{"score": numpy.float32(1)}], warnings=[Warned("a", "b")], usage={"input_tokens": 1})
    assert json.loads(json.dumps(result.to_json()))["warnings"] == [{"code": "a", "detail": "b"}]
