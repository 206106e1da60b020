import numpy
import pytest
import torch
from PIL import Image
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("image-segmentation")
PARAMS: dict = {"subtask": "semantic"}
NOTHING = {"image": Image.new("L", (1, 1))}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.image_segmentation()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.fixture(scope="module")
def things() -> PyfuncModel:
    """A model that tells things of one kind apart."""
    return PyfuncModel(TASK, tiny_vision.panoptic_segmentation())


def test_parts_are_the_pipelines_own_with_their_share_of_the_image(model: PyfuncModel) -> None:
    native = tiny_pipeline()(noise())
    records = model.run([{"image": noise()}])[0].records
    assert [(each["label"], each["score"]) for each in records] == [(each["label"], None) for each in native]
    for ours, theirs in zip(records, native, strict=True):
        assert ours["mask"].tobytes() == theirs["mask"].tobytes()
        assert ours["area"] == pytest.approx(float((numpy.asarray(theirs["mask"]) > 0).mean()))
    assert sum(each["area"] for each in records) == pytest.approx(1)


def test_masks_are_as_large_as_their_own_picture_whatever_its_neighbours(model: PyfuncModel) -> None:
    sizes = [(40, 30), (25, 50), (40, 30)]
    results = model.run([{"image": noise(*size, seed=seed)} for seed, size in enumerate(sizes)])
    assert [{each["mask"].size for each in result.records} for result in results] == [{size} for size in sizes]


def test_masks_travel_as_pngs_never_as_lists_of_pixels(model: PyfuncModel) -> None:
    masks = [each["mask"] for each in model.run([{"image": noise()}])[0].to_json()["records"]]
    assert {mask["media_type"] for mask in masks} == {"image/png"}


def test_a_subtask_that_the_model_cannot_do_is_refused_before_it_runs(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="it does semantic") as caught:
        model.run([{"image": noise()}], {"subtask": "instance"})
    assert caught.value.field == "params.subtask"


@pytest.mark.parametrize("subtask", ["panoptic", "instance"])
def test_things_are_told_apart_with_scores_as_the_pipeline_does(things: PyfuncModel, subtask: str) -> None:
    params = {"subtask": subtask, "threshold": 0.3, "mask_threshold": 0.4, "overlap_mask_area_threshold": 0.1}
    native = tiny_vision.panoptic_segmentation()(noise(), **params)
    records = things.run([{"image": noise()}], params)[0].records
    assert [(each["label"], each["score"]) for each in records] == [(each["label"], each["score"]) for each in native]
    assert [each["mask"].tobytes() for each in records] == [each["mask"].tobytes() for each in native]
    assert len(native) > 0


def test_a_picture_in_which_no_thing_is_found_gives_an_empty_list(things: PyfuncModel) -> None:
    assert things.run([{"image": noise()}], {"threshold": 1})[0].records == []
