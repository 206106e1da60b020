"""Params among the inputs: a column of a frame, a key of a request, each row by its own."""

import pandas
import pytest

from flavor.errors import InvalidInput
from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests import tiny_models, tiny_text

TEXTS = ["good soup", "the waiter is bad", "cold"]


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(get_task("text-classification"), tiny_models.text_classification())


def test_each_line_of_a_frame_is_answered_by_its_own_params_in_order(model: PyfuncModel) -> None:
    frame = pandas.DataFrame({"text": TEXTS, "top_k": [1, 2, 1], "function_to_apply": [None, "none", None]})
    answers = model.predict(frame, {"function_to_apply": "sigmoid"})
    assert [len(each) for each in answers] == [1, 2, 1]
    expected = model.predict(TEXTS[::2], {"top_k": 1, "function_to_apply": "sigmoid"})
    assert answers == [expected[0], model.predict(TEXTS[1], {"top_k": 2, "function_to_apply": "none"})[0], expected[1]]


def test_stocks_request_brings_its_template_with_it() -> None:
    model = PyfuncModel(get_task("zero-shot-classification"), tiny_text.zero_shot_classification())
    request = {"sequences": TEXTS, "candidate_labels": '["kind", "bad"]', "hypothesis_template": "so {}."}
    rows = [{"text": text, "candidate_labels": ["kind", "bad"]} for text in TEXTS]
    assert model.predict(request) == model.predict(rows, {"hypothesis_template": "so {}."})


def test_an_error_names_the_row_where_it_was(model: PyfuncModel) -> None:
    rows = [{"text": "good", "top_k": 1}, {"text": "good"}, {"text": "bad", "top_k": 1}, {"text": 7}]
    with pytest.raises(InvalidInput) as caught:
        model.predict(rows)
    assert (caught.value.field, caught.value.row) == ("text", 3)


def test_a_stream_takes_them_too() -> None:
    model = PyfuncModel(get_task("text-generation"), tiny_models.text_generation())
    pieces = model.predict_stream({"text": "good", "max_new_tokens": 4, "do_sample": False})
    expected = model.predict("good", {"max_new_tokens": 4, "do_sample": False})[0][0]["generated_text"]
    assert "".join(pieces) == expected
