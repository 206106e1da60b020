import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("object-detection")
PARAMS: dict = {"threshold": 0.3}
NOTHING = {"image": noise(1, 1)}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.object_detection()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_things_and_their_boxes_are_the_pipelines_own(model: PyfuncModel) -> None:
    native = tiny_pipeline()(noise(), threshold=0.3)
    assert model.run([{"image": noise()}], {"threshold": 0.3})[0].records == native
    assert len(native) > 0


def test_pictures_of_all_sizes_meet_in_one_call_where_the_pipeline_cannot_batch_them(model: PyfuncModel) -> None:
    pictures = [noise(40, 30, seed=1), noise(25, 50), noise(40, 30, seed=2), noise(60, 31)]
    native = tiny_pipeline()
    with pytest.raises(RuntimeError, match="must match"):
        native(pictures, batch_size=4)
    together = model.run([{"image": picture} for picture in pictures])
    for result, picture in zip(together, pictures, strict=True):
        assert [(each["label"], each["box"]) for each in result.records] == [
            (each["label"], each["box"]) for each in native(picture)
        ]


def test_pictures_of_one_size_share_a_forward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    model, batches = PyfuncModel(TASK, tiny_pipeline()), []
    forward = model.pipeline.model.forward
    monkeypatch.setattr(
        model.pipeline.model, "forward", lambda *args, **more: batches.append(len(more["pixel_values"])) or forward(*args, **more)
    )
    model.run([{"image": noise(seed=seed)} for seed in range(10)])
    assert batches == [8, 2]


def test_a_picture_in_which_nothing_is_found_gives_an_empty_list_between_others(model: PyfuncModel) -> None:
    assert model.run([{"image": noise()}], {"threshold": 1})[0].records == []


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_that_is_no_probability_is_refused(model: PyfuncModel, threshold: float) -> None:
    with pytest.raises(InvalidInput, match="from 0 to 1") as caught:
        model.run([{"image": noise()}], {"threshold": threshold})
    assert caught.value.field == "params.threshold"
