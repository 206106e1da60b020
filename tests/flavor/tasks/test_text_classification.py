import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_models

torch.set_num_threads(1)
TASK = get_task("text-classification")
PARAMS: dict = {"top_k": 2}
NOTHING = {"text": ""}


def tiny_pipeline() -> Pipeline:
    return tiny_models.text_classification()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_labels_come_best_first_and_equal_the_pipelines_own(model: PyfuncModel) -> None:
    native = tiny_pipeline()("the soup was cold", top_k=None)
    assert model.run([{"text": "the soup was cold"}])[0].records == native
    assert sum(row["score"] for row in native) == pytest.approx(1)


def test_top_k_one_gives_the_best_label_and_zero_gives_all(model: PyfuncModel) -> None:
    best = model.run([{"text": "good"}], {"top_k": 1})[0].records
    everything = model.run([{"text": "good"}], {"top_k": 0})[0].records
    assert best == everything[:1]
    assert len(everything) == 3


def test_a_pair_is_read_as_a_pair(model: PyfuncModel) -> None:
    alone, pair = model.run([{"text": "good"}, {"text": "good", "text_pair": "bad"}])
    native = tiny_pipeline()({"text": "good", "text_pair": "bad"}, top_k=None)
    assert pair.records == [{"label": row["label"], "score": pytest.approx(row["score"], abs=1e-5)} for row in native]
    assert pair.records != alone.records
    assert pair.usage["input_tokens"] == alone.usage["input_tokens"] + 2


def test_independent_labels_get_a_sigmoid_and_the_answer_says_so() -> None:
    model = PyfuncModel(TASK, tiny_models.text_classification(problem_type="multi_label_classification"))
    result = model.run([{"text": "good"}])[0]
    assert result.parameters["function_to_apply"] == {"value": "sigmoid", "source": "model"}
    assert sum(row["score"] for row in result.records) != pytest.approx(1, abs=0.01)


def test_logits_when_no_function_is_asked_for(model: PyfuncModel) -> None:
    scores = [row["score"] for row in model.run([{"text": "good"}], {"function_to_apply": "none"})[0].records]
    assert min(scores) < 0


def test_an_unknown_function_is_refused_with_the_known_ones(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="softmax, sigmoid, none") as caught:
        model.run([{"text": "good"}], {"function_to_apply": "hardmax"})
    assert caught.value.field == "params.function_to_apply"


def test_stock_gets_one_label_per_text_as_a_frame() -> None:
    frame = PyfuncModel(TASK, tiny_pipeline(), output="stock").predict(["good", "bad"])
    assert list(frame.columns) == ["label", "score"]
    assert len(frame) == 2
