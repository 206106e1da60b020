from typing import Any

import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests.tiny_text_to_text import READ_TOKENS, text2text_generation

torch.set_num_threads(1)
TASK = get_task("text2text-generation")
PARAMS: dict = {"max_new_tokens": 6, "num_beams": 1, "do_sample": False}
NOTHING = {"text": ""}
TEXTS = ["a", "a rather longer text to read", "mid one"]


def tiny_pipeline() -> Pipeline:
    return text2text_generation()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def written(model: PyfuncModel, text: str, **params: Any) -> list[str]:
    return [record["generated_text"] for record in model.run([{"text": text}], params)[0].records]


@pytest.mark.parametrize("params", [{"num_beams": 1}, {}, {"num_beams": 3, "num_return_sequences": 2}])
def test_a_text_is_answered_as_the_pipeline_does(model: PyfuncModel, params: dict) -> None:
    native = tiny_pipeline()("Hello there", max_new_tokens=9, **params)
    assert written(model, "Hello there", max_new_tokens=9, **params) == [each["generated_text"] for each in native]


def test_the_pipeline_answers_lists_too() -> None:
    pipeline = tiny_pipeline()
    together = pipeline(TEXTS, max_new_tokens=5, num_beams=1)
    assert together == [pipeline(text, max_new_tokens=5, num_beams=1)[0] for text in TEXTS]
    ids = pipeline("a", max_new_tokens=5, num_beams=1, return_tensors=True)[0]["generated_token_ids"]
    assert pipeline.tokenizer.decode(ids, skip_special_tokens=True) == together[0]["generated_text"]


@pytest.mark.parametrize("params", [PARAMS, {"max_new_tokens": 6, "num_beams": 2}])
def test_a_batch_writes_what_each_text_alone_would(model: PyfuncModel, params: dict) -> None:
    rows = [{"text": text} for text in TEXTS]
    assert [each.records for each in model.run(rows, params)] == [model.run([row], params)[0].records for row in rows]


def test_pieces_are_the_text_as_it_is_written(model: PyfuncModel) -> None:
    *pieces, result = model.stream({"text": "Hello"}, {**PARAMS, "max_new_tokens": 20})
    assert len(pieces) > 1
    assert "".join(pieces) == result.records[0]["generated_text"]  # type: ignore[union-attr, arg-type]


def test_beams_that_nobody_asked_for_are_told_at_once_and_asked_for_refused(model: PyfuncModel) -> None:
    text, result = model.stream({"text": "Hello"}, {"max_new_tokens": 5})
    assert result.records == model.run([{"text": "Hello"}], {"max_new_tokens": 5})[0].records  # type: ignore[union-attr]
    assert text == result.records[0]["generated_text"]  # type: ignore[union-attr]
    assert list(model.predict_stream("Hello", {"max_new_tokens": 5})) == [text]
    with pytest.raises(InvalidInput, match=r"num_beams must be 1 to stream"):
        list(model.stream({"text": "Hello"}, {"max_new_tokens": 5, "num_beams": 2}))


def test_tokens_read_and_written_are_counted(model: PyfuncModel) -> None:
    assert model.run([{"text": "four"}], PARAMS)[0].usage == {"input_tokens": 5, "output_tokens": 6}


def test_a_long_text_keeps_its_beginning_and_its_end_token(model: PyfuncModel) -> None:
    result = model.run([{"text": "x" * 500}], PARAMS)[0]
    assert [each.code for each in result.warnings] == ["input_truncated"]
    assert result.usage["input_tokens"] == READ_TOKENS
    assert result.records == model.run([{"text": "x" * (READ_TOKENS - 1)}], PARAMS)[0].records


def test_a_long_text_is_refused_when_that_is_asked(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="501 tokens"):
        model.run([{"text": "x" * 500}], PARAMS, overlong="refuse")


def test_stop_texts_are_cut(model: PyfuncModel) -> None:
    whole = written(model, "Hello", max_new_tokens=20, num_beams=1)[0]
    stop = next(each for each in whole[1:] if each.isascii())
    record = model.run([{"text": "Hello"}], {"max_new_tokens": 20, "num_beams": 1, "stop": [stop]})[0].records[0]
    assert record["generated_text"] == whole[: whole.index(stop)]
    assert record["finish_reason"] == "stop"


def test_a_seed_repeats_an_answer(model: PyfuncModel) -> None:
    params = {"max_new_tokens": 12, "num_beams": 1, "do_sample": True, "temperature": 5.0, "seed": 4}
    assert written(model, "a", **params) == written(model, "a", **params)
    assert written(model, "a", **params) != written(model, "a", **{**params, "seed": 5})


def test_a_prompt_template_is_filled(model: PyfuncModel) -> None:
    params = {**PARAMS, "prompt_template": "question: {prompt}"}
    assert written(model, "What?", **params) == written(model, "question: What?", **PARAMS)


def test_what_the_model_says_of_its_task_counts_and_its_prefix_is_read() -> None:
    said = {"text2text-generation": {"prefix": "fix: ", "max_length": 5, "num_beams": 1}}
    pipeline = text2text_generation(task_specific_params=said)
    model = PyfuncModel(TASK, pipeline)
    result = model.run([{"text": "a"}])[0]
    assert result.usage == {"input_tokens": len("fix: a") + 1, "output_tokens": 4}
    assert result.parameters["max_length"] == {"value": 5, "source": "model"}
    assert result.records[0]["generated_text"] == pipeline("a")[0]["generated_text"]
    assert pipeline.model.config.task_specific_params == said


def test_max_length_counts_the_token_that_starts_and_the_stronger_level_wins() -> None:
    model = PyfuncModel(TASK, tiny_pipeline(), model_config={"max_length": 4, "num_beams": 1})
    assert model.run([{"text": "a"}])[0].usage["output_tokens"] == 3
    assert model.run([{"text": "a"}], {"max_new_tokens": 7})[0].usage["output_tokens"] == 7
    assert model.run([{"text": "a"}], {"max_length": 8, "max_new_tokens": 7})[0].usage["output_tokens"] == 7


def test_stock_gets_stripped_texts() -> None:
    texts = PyfuncModel(TASK, tiny_pipeline(), output="stock").predict(TEXTS, PARAMS)
    assert [type(each) for each in texts] == [str] * 3
