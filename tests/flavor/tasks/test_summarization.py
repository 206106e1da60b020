import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests.tiny_text_to_text import summarization

torch.set_num_threads(1)
TASK = get_task("summarization")
PARAMS: dict = {"max_new_tokens": 6, "num_beams": 1, "do_sample": False}
NOTHING = {"text": ""}


def tiny_pipeline() -> Pipeline:
    return summarization()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_a_text_is_summed_up_as_the_pipeline_does(model: PyfuncModel) -> None:
    native = tiny_pipeline()("A long story.", max_new_tokens=9)
    record = model.run([{"text": "A long story."}], {"max_new_tokens": 9})[0].records[0]
    assert record["summary_text"] == native[0]["summary_text"]
    assert record["finish_reason"] == "length"


def test_several_summaries_are_several_records(model: PyfuncModel) -> None:
    (result,) = model.run([{"text": "A long story."}], {"max_new_tokens": 5, "num_beams": 3, "num_return_sequences": 3})
    assert len({record["summary_text"] for record in result.records}) == 3


def test_a_model_that_says_how_long_summaries_are_may_be_told_otherwise() -> None:
    said = {"summarization": {"min_length": 8, "max_length": 12, "num_beams": 1}}
    model = PyfuncModel(TASK, summarization(task_specific_params=said))
    assert model.run([{"text": "A story."}])[0].usage["output_tokens"] == 11
    assert model.run([{"text": "A story."}], {"max_new_tokens": 3})[0].usage["output_tokens"] == 3


def test_stock_gets_texts() -> None:
    (text,) = PyfuncModel(TASK, tiny_pipeline(), output="stock").predict(["A long story."], PARAMS)
    assert isinstance(text, str)
