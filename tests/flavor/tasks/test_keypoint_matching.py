import pytest
import torch
import transformers
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("keypoint-matching")
PARAMS: dict = {"threshold": 0.0}
NOTHING = {"image_0": noise(2, 2), "image_1": noise(2, 2)}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.keypoint_matching()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.KeypointMatchingPipeline(model=ours.model, image_processor=ours.image_processor, device="cpu")


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def row(width: int, height: int, *, seeds: tuple[int, int] = (0, 0)) -> dict:
    return {f"image_{number}": noise(width, height, seed=seed) for number, seed in enumerate(seeds)}


def test_pairs_of_points_are_the_pipelines_own_best_first(model: PyfuncModel) -> None:
    rows = [row(48, 48, seeds=(seed, seed + 1)) for seed in range(3)]
    native = native_pipeline()([[each["image_0"], each["image_1"]] for each in rows])
    assert [result.records for result in model.run(rows)] == native
    assert sum(len(pairs) for pairs in native) > 0


def test_points_lie_where_they_are_in_a_picture_that_is_no_square_where_transformers_swaps_its_sides(model: PyfuncModel) -> None:
    wide = row(96, 24)
    ours = [each["keypoint_image_0"] for each in model.run([wide])[0].records]
    native = [each["keypoint_image_0"] for each in native_pipeline()([wide["image_0"], wide["image_1"]])]
    detected = model.pipeline.model(**model.pipeline.image_processor([wide["image_0"], wide["image_1"]], return_tensors="pt"))
    points = {(int(x * 96), int(y * 24)) for x, y in detected.keypoints[0, 0].tolist()}
    assert {(point["x"], point["y"]) for point in ours} <= points
    assert not {(point["x"], point["y"]) for point in native} <= points


def test_two_images_without_a_common_point_give_an_empty_list_between_others(model: PyfuncModel) -> None:
    assert [len(result.records) for result in model.run([row(48, 48), row(48, 48)], {"threshold": 1})] == [0, 0]


def test_an_image_that_cannot_be_read_is_named(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="image_1 is not an image") as caught:
        model.run([{"image_0": noise(), "image_1": b"nothing"}])
    assert (caught.value.field, caught.value.row) == ("image_1", 0)
