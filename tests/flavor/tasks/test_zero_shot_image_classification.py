import pytest
import torch
import transformers
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("zero-shot-image-classification")
PARAMS: dict = {"hypothesis_template": "a {}"}
LABELS = ["soup", "a kind waiter", "london"]
NOTHING = {"image": noise(1, 1), "candidate_labels": [""]}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.zero_shot_image_classification()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.ZeroShotImageClassificationPipeline(
        model=ours.model, tokenizer=ours.tokenizer, image_processor=ours.image_processor, device="cpu"
    )


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def row(*labels: str, seed: int = 0) -> dict:
    return {"image": noise(seed=seed), "candidate_labels": list(labels)}


@pytest.mark.parametrize("params", [{}, {"hypothesis_template": "{} is good"}])
def test_labels_and_scores_are_the_pipelines_own_best_first(model: PyfuncModel, params: dict) -> None:
    native = native_pipeline()(noise(), candidate_labels=LABELS, **params)
    assert model.run([row(*LABELS)], params)[0].records == native
    assert len(native) == 3


def test_each_row_has_its_own_labels(model: PyfuncModel) -> None:
    rows = [row("soup", "london"), row("good", "bad", "kind"), row("soup", "london", seed=1)]
    native = native_pipeline()
    for result, each in zip(model.run(rows), rows, strict=True):
        alone = native(each["image"], candidate_labels=each["candidate_labels"])
        assert [label["label"] for label in result.records] == [label["label"] for label in alone]
        assert [label["score"] for label in result.records] == pytest.approx([label["score"] for label in alone], abs=1e-5)


def test_a_label_over_the_models_length_is_cut_and_said_so_where_transformers_fails(model: PyfuncModel) -> None:
    labels = ["soup", "soup " * 100]
    with pytest.raises((RuntimeError, IndexError, ValueError)):
        native_pipeline()(noise(), candidate_labels=labels)
    (result,) = model.run([row(*labels)])
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "64 of 116 tokens of a label used")]
    assert {each["label"] for each in result.records} == set(labels)
    with pytest.raises(InvalidInput, match="64 of 116 tokens"):
        model.run([row(*labels)], overlong="refuse")


@pytest.mark.parametrize("template", ["no place", "{} and {}", "{0}", "{:>999999999999}", "{} {name}", "{0.__class__} {}"])
def test_a_sentence_without_one_plain_place_for_the_label_is_refused(model: PyfuncModel, template: str) -> None:
    with pytest.raises(InvalidInput, match="once") as caught:
        model.run([row("soup")], {"hypothesis_template": template})
    assert caught.value.field == "params.hypothesis_template"


def test_a_row_without_labels_is_refused_by_name(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="one or more texts") as caught:
        model.run([row("soup"), row()])
    assert (caught.value.field, caught.value.row) == ("candidate_labels", 1)
