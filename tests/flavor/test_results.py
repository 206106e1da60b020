import base64
import json
from io import BytesIO

import numpy
import pytest
import soundfile
import torch
from PIL import Image

from flavor.results import RowResult, json_safe
from flavor.tasks import Sound, Warned


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


def test_a_sound_becomes_a_wave_file_that_is_clipped() -> None:
    file = json_safe({"audio": Sound(numpy.array([0.0, 0.5, 2.0, float("nan")], "float32"), 8000)})["audio"]
    assert file["media_type"] == "audio/wav"
    samples, rate = soundfile.read(BytesIO(base64.b64decode(file["base64"])))
    assert rate == 8000
    assert samples.tolist() == pytest.approx([0, 0.5, 1, 0], abs=1e-3)


def test_an_array_is_a_list_until_it_is_large() -> None:
    array = numpy.arange(6, dtype="float32").reshape(2, 3)
    assert json_safe(array, max_array_bytes=24) == [[0, 1, 2], [3, 4, 5]]
    file = json_safe({"depth": array}, max_array_bytes=23)["depth"]
    assert (file["media_type"], file["shape"], file["dtype"]) == ("application/x-npy", [2, 3], "float32")
    assert numpy.array_equal(numpy.load(BytesIO(base64.b64decode(file["base64"]))), array)
