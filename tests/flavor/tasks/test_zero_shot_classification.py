import pandas as pd
import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_text
from tests.flavor.conftest import forward_calls

torch.set_num_threads(1)
TASK = get_task("zero-shot-classification")
PARAMS: dict = {"multi_label": True}
NOTHING = {"text": "", "candidate_labels": ["soup"]}
STOCK_LENGTH = 4  # one line per text and label
TEXT = "the soup was cold and the waiter was kind"
LABELS = ["soup", "london", "a good waiter"]


def tiny_pipeline() -> Pipeline:
    return tiny_text.zero_shot_classification()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def native(text: str, labels: list[str], **params: object) -> list[dict]:
    raw = tiny_pipeline()(text, candidate_labels=labels, **params)
    return [
        {"label": label, "score": pytest.approx(score, abs=1e-5)}
        for label, score in zip(raw["labels"], raw["scores"], strict=True)
    ]


@pytest.mark.parametrize("params", [{}, {"multi_label": True}, {"hypothesis_template": "is it {}?"}])
def test_scores_equal_the_pipelines_own(model: PyfuncModel, params: dict) -> None:
    assert model.run([{"text": TEXT, "candidate_labels": LABELS}], params)[0].records == native(TEXT, LABELS, **params)


def test_each_row_has_its_own_labels(model: PyfuncModel) -> None:
    """Stock makes every text meet every set of labels, and takes the JSON of a list for a label."""
    rows = [
        {"text": TEXT, "candidate_labels": LABELS},
        {"text": "paris is good", "candidate_labels": ["paris", "soup"]},
        {"text": "london is bad", "candidate_labels": LABELS},
    ]
    expected = [native(row["text"], row["candidate_labels"]) for row in rows]
    assert model.predict(rows) == expected
    assert model.predict(pd.DataFrame(rows)) == expected


def test_labels_may_be_set_once_for_all_texts(model: PyfuncModel) -> None:
    params = {"candidate_labels": LABELS}
    served = PyfuncModel(TASK, tiny_pipeline(), model_config=params)
    expected = [native(TEXT, LABELS), native("paris", LABELS)]
    assert model.predict([TEXT, "paris"], params) == expected
    assert served.predict([TEXT, "paris"]) == expected


def test_stocks_names_and_its_labels_in_a_text_are_understood(model: PyfuncModel) -> None:
    expected = [native(TEXT, LABELS), native("paris", LABELS)]
    assert model.predict({"sequences": [TEXT, "paris"], "candidate_labels": LABELS}) == expected
    assert model.predict({"sequences": [TEXT, "paris"], "candidate_labels": '["soup", "london", "a good waiter"]'}) == expected
    assert model.predict({"text": TEXT, "candidate_labels": "soup, london, a good waiter"}) == expected[:1]


def test_no_labels_are_asked_for_by_name(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="candidate_labels is missing") as caught:
        model.run([{"text": TEXT}])
    assert caught.value.field == "candidate_labels"


@pytest.mark.parametrize("template", ["no place for it", "{label}", "{} {", "{} and {}"])
def test_a_template_that_cannot_be_filled_is_shown(model: PyfuncModel, template: str) -> None:
    with pytest.raises(InvalidInput, match=r"must have \{\} once") as caught:
        model.run([{"text": TEXT, "candidate_labels": LABELS}], {"hypothesis_template": template})
    assert caught.value.field == "params.hypothesis_template"


def test_a_template_given_as_an_input_is_told_its_place(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match=r"give it as params\.hypothesis_template"):
        model.run([{"text": TEXT, "candidate_labels": LABELS, "hypothesis_template": "{}"}])


def test_a_long_text_is_cut_and_says_so_and_its_labels_are_not(model: PyfuncModel) -> None:
    text = "soup " * 100
    result = model.run([{"text": text, "candidate_labels": LABELS}])[0]
    assert [each.code for each in result.warnings] == ["input_truncated"]
    assert result.records == native(text, LABELS)
    with pytest.raises(InvalidInput, match="a label of") as caught:
        model.run([{"text": TEXT, "candidate_labels": ["soup " * 100]}])
    assert caught.value.field == "candidate_labels"


def test_a_model_without_an_entailment_label_says_what_is_taken_for_it() -> None:
    model = PyfuncModel(TASK, tiny_text.zero_shot_classification(labels=("a", "b", "c")))
    result = model.run([{"text": TEXT, "candidate_labels": LABELS}])[0]
    assert [each.code for each in result.warnings] == ["no_entailment_label"]


def test_pairs_of_one_text_are_read_together(model: PyfuncModel) -> None:
    with forward_calls(model.pipeline.model) as calls:
        model.run([{"text": TEXT, "candidate_labels": [f"label {number}" for number in range(30)]}])
    assert len(calls) == 1
    with forward_calls(model.pipeline.model) as calls:
        model.run([{"text": f"{TEXT} {number}", "candidate_labels": LABELS} for number in range(64)])
    assert len(calls) <= 8


def test_stock_gets_one_line_per_text_and_label() -> None:
    stock = PyfuncModel(TASK, tiny_pipeline(), output="stock")
    frame = stock.predict([{"text": TEXT, "candidate_labels": LABELS}])
    assert list(frame.columns) == ["sequence", "labels", "scores"]
    assert frame.to_dict("records") == [
        {"sequence": TEXT, "labels": each["label"], "scores": each["score"]} for each in native(TEXT, LABELS)
    ]
