import pytest
import torch
import transformers
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("zero-shot-object-detection")
PARAMS: dict = {"threshold": 0.2, "top_k": 3}
NOTHING = {"image": noise(1, 1), "candidate_labels": [""]}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.zero_shot_object_detection()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.ZeroShotObjectDetectionPipeline(
        model=ours.model, tokenizer=ours.tokenizer, image_processor=ours.image_processor, device="cpu"
    )


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("params", [{}, {"threshold": 0.9}, {"top_k": 2}])
def test_things_are_the_pipelines_own_best_first_each_row_with_its_labels(model: PyfuncModel, params: dict) -> None:
    rows = [
        {"image": noise(), "candidate_labels": ["soup", "a kind waiter"]},
        {"image": noise(25, 50), "candidate_labels": ["london"]},
    ]
    native = native_pipeline()
    expected = [native(row["image"], candidate_labels=row["candidate_labels"], **params) for row in rows]
    assert [result.records for result in model.run(rows, params)] == expected
    assert all(len(each) > 0 for each in expected)


def test_an_image_is_prepared_once_however_many_labels_there_are(model: PyfuncModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = []
    processor = type(model.pipeline.image_processor)
    prepare = processor.preprocess
    monkeypatch.setattr(processor, "preprocess", lambda *args, **more: prepared.append(1) or prepare(*args, **more))
    model.run([{"image": noise(), "candidate_labels": ["soup", "london", "paris"]}])
    assert len(prepared) == 1


def test_a_label_over_the_models_length_is_cut_and_said_so_where_transformers_fails(model: PyfuncModel) -> None:
    row = {"image": noise(), "candidate_labels": ["soup " * 30]}
    with pytest.raises(RuntimeError, match="must match"):
        native_pipeline()(row["image"], candidate_labels=row["candidate_labels"])
    (result,) = model.run([row])
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "16 of 32 tokens of a label used")]
    assert len(result.records) > 0


def test_an_image_in_which_nothing_is_found_gives_an_empty_list(model: PyfuncModel) -> None:
    assert model.run([{"image": noise(), "candidate_labels": ["soup"]}], {"threshold": 1})[0].records == []


def test_what_to_look_for_is_asked_for_by_name(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="missing") as caught:
        model.run([{"image": noise()}])
    assert caught.value.field == "candidate_labels"
