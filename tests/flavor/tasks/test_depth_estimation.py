import numpy
import pytest
import torch
import transformers
from PIL import Image
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("depth-estimation")
PARAMS: dict = {}
NOTHING = {"image": Image.new("L", (1, 1))}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.depth_estimation()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.DepthEstimationPipeline(model=ours.model, image_processor=ours.image_processor, device="cpu")


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_depths_are_those_of_transformers_pipeline(model: PyfuncModel) -> None:
    native = native_pipeline()(noise())
    (record,) = model.run([{"image": noise()}])[0].records
    assert torch.equal(record["predicted_depth"], native["predicted_depth"])
    assert record["depth"].tobytes() == native["depth"].tobytes()
    assert (record["minimum"], record["maximum"]) == (record["predicted_depth"].min(), record["predicted_depth"].max())


def test_depths_are_as_large_as_their_own_picture_whatever_its_neighbours(model: PyfuncModel) -> None:
    sizes = [(40, 30), (25, 50), (40, 30)]
    results = model.run([{"image": noise(*size, seed=seed)} for seed, size in enumerate(sizes)])
    assert [result.records[0]["depth"].size for result in results] == sizes
    assert [result.records[0]["predicted_depth"].shape for result in results] == [(height, width) for width, height in sizes]


def test_a_scene_without_depth_is_black_where_transformers_divides_by_nothing() -> None:
    pipeline, native = tiny_pipeline(), native_pipeline()
    for each in (*pipeline.model.parameters(), *native.model.parameters()):
        each.data.zero_()
    with pytest.warns(RuntimeWarning, match="invalid value"):
        native(noise())
    (record,) = PyfuncModel(TASK, pipeline).run([{"image": noise()}])[0].records
    assert not numpy.asarray(record["depth"]).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
def test_thin_pictures_keep_their_shape(model: PyfuncModel, size: tuple[int, int]) -> None:
    (record,) = model.run([{"image": noise(*size)}])[0].records
    assert record["depth"].size == size
    assert record["predicted_depth"].shape == size[::-1]


def test_many_numbers_travel_as_a_file(model: PyfuncModel) -> None:
    (record,) = model.run([{"image": noise(300, 300)}])[0].to_json()["records"]
    numbers = record["predicted_depth"]
    assert (numbers["media_type"], numbers["shape"], numbers["dtype"]) == ("application/x-npy", [300, 300], "float32")
    assert record["depth"]["media_type"] == "image/png"
