import numpy
import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("image-to-image")
PARAMS: dict = {}
NOTHING = {"image": noise(1, 1)}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.image_to_image()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("size", [(16, 16), (20, 13), (1, 1)])
def test_the_result_is_as_many_times_larger_as_the_model_says_without_the_padding(
    model: PyfuncModel, size: tuple[int, int]
) -> None:
    (record,) = model.run([{"image": noise(*size)}])[0].records
    assert record["image"].size == (2 * size[0], 2 * size[1])
    assert record["image"].mode == "RGB"


def test_pixels_are_those_of_the_model_as_transformers_4_took_them(model: PyfuncModel) -> None:
    pipeline = tiny_pipeline()
    with torch.no_grad():
        values = pipeline.model(**pipeline.image_processor([noise(16, 16)], return_tensors="pt")).reconstruction
    expected = (values[0].clamp(0, 1).numpy().transpose(1, 2, 0) * 255).round().astype("uint8")
    (record,) = model.run([{"image": noise(16, 16)}])[0].records
    assert numpy.array_equal(numpy.asarray(record["image"])[:32, :32], expected[:32, :32])


def test_pictures_of_all_sizes_come_back_in_order(model: PyfuncModel) -> None:
    sizes = [(8, 8), (20, 13), (8, 8), (9, 30)]
    results = model.run([{"image": noise(*size, seed=seed)} for seed, size in enumerate(sizes)])
    assert [result.records[0]["image"].size for result in results] == [(2 * width, 2 * height) for width, height in sizes]
    assert results[0].records[0]["image"].tobytes() != results[2].records[0]["image"].tobytes()


def test_the_native_pipeline_takes_one_image_or_a_list(model: PyfuncModel) -> None:
    alone, listed = tiny_pipeline()(noise()), tiny_pipeline()([noise()])
    assert alone.size == listed[0].size == (80, 60)


def test_a_picture_that_would_become_too_large_is_refused_before_it_is_decoded(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match=r"2\.0 megapixels; at most 1\.5") as caught:
        model.run([{"image": noise(2000, 1000)}])
    assert caught.value.field == "image"
