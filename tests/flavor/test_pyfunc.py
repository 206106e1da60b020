import base64
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy
import pandas
import pytest
import torch
from mlflow.exceptions import MlflowException
from PIL import Image

import flavor
from flavor.errors import ModelFailed
from flavor.pyfunc import PyfuncModel, RowResult
from flavor.tasks import InvalidInput, get_task
from tests import tiny_models
from tests.flavor.conftest import forward_calls

torch.set_num_threads(1)
LONG = "the soup was cold and " * 20


def model_of(name: str, **options: object) -> PyfuncModel:
    return PyfuncModel(get_task(name), tiny_models.pipeline_for(name), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def classifier() -> PyfuncModel:
    return model_of("text-classification")


@pytest.fixture(scope="module")
def writer() -> PyfuncModel:
    return model_of("text-generation")


@pytest.mark.parametrize(
    "given",
    [
        "good",
        ["good"],
        {"text": "good"},
        {"text": ["good"]},
        [{"text": "good"}],
        {"inputs": ["good"]},
        pandas.DataFrame({"text": ["good"]}),
        pandas.DataFrame({"text": ["good"], "text_pair": [None]}),
        pandas.DataFrame(["good"]),
        numpy.array(["good"]),
    ],
)
def test_mlflows_ways_to_hand_over_a_text_give_one_answer(classifier: PyfuncModel, given: object) -> None:
    assert classifier.predict(given) == [classifier.run([{"text": "good"}])[0].records]


@pytest.mark.parametrize("given", [[], {"text": []}, pandas.DataFrame({"text": []}), numpy.array([], dtype=str)])
def test_nothing_in_nothing_out(classifier: PyfuncModel, given: object) -> None:
    assert classifier.predict(given) == []


def test_columns_of_pairs_become_rows(classifier: PyfuncModel) -> None:
    pairs = {"text": ["a", "b"], "text_pair": ["c", "d"]}
    expected = [result.records for result in classifier.run([{"text": "a", "text_pair": "c"}, {"text": "b", "text_pair": "d"}])]
    assert classifier.predict(pairs) == expected
    assert classifier.predict(pandas.DataFrame(pairs)) == expected


def test_columns_of_different_length_are_refused(classifier: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="text 2, text_pair 1"):
        classifier.predict({"text": ["a", "b"], "text_pair": ["c"]})


def test_errors_of_mlflows_door_are_mlflows_too(classifier: PyfuncModel) -> None:
    with pytest.raises(MlflowException, match="text is missing") as caught:
        classifier.predict([{}])
    assert isinstance(caught.value, InvalidInput)
    assert caught.value.field == "text"


def test_one_chat_several_chats_and_prompts_at_mlflows_door(writer: PyfuncModel) -> None:
    chat = [{"role": "user", "content": "a"}]
    params = {"max_new_tokens": 3, "do_sample": False}
    one = writer.predict(chat, params)
    assert one == writer.predict({"messages": chat}, params)
    assert writer.predict([chat, chat], params) == one * 2
    assert len(writer.predict(["a", "b"], params)) == 2


def test_a_picture_may_be_base64_a_data_uri_a_path_or_an_array(tmp_path: Path) -> None:
    model = model_of("image-classification")
    picture = Image.new("RGB", (9, 7), "green")
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    path = tmp_path / "green.png"
    path.write_bytes(buffer.getvalue())
    text = base64.b64encode(buffer.getvalue()).decode()
    expected = model.predict(buffer.getvalue())
    for given in (text, f"data:image/png;base64,{text}", path, numpy.asarray(picture), picture, {"image": text}):
        assert model.predict(given) == expected
    assert len(model.predict(numpy.stack([numpy.asarray(picture)] * 3))) == 3


def test_an_address_at_mlflows_door_is_not_fetched() -> None:
    with pytest.raises(InvalidInput, match="not opened"):
        model_of("image-classification").predict("http://127.0.0.1:9/cat.png")


def test_a_long_text_is_cut_and_the_result_says_so(classifier: PyfuncModel) -> None:
    result = classifier.run([{"text": LONG}])[0]
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "64 of 102 tokens used")]
    assert result.usage["input_tokens"] == 64
    assert len(result.records) == 3


def test_a_long_text_is_refused_when_the_model_or_the_call_says_so(classifier: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="102 tokens and the model reads 64") as caught:
        model_of("text-classification", overlong="refuse").run([{"text": "short"}, {"text": LONG}])
    assert (caught.value.field, caught.value.row) == ("text", 1)
    results = classifier.run([{"text": "short"}, {"text": LONG}], overlong="refuse", on_error="row")
    assert [result.error and result.error["field"] for result in results] == [None, "text"]


def test_a_tokenizer_without_a_limit_is_held_to_the_models() -> None:
    pipeline = tiny_models.text_classification()
    pipeline.tokenizer.model_max_length = int(1e30)
    result = PyfuncModel(get_task("text-classification"), pipeline).run([{"text": LONG}])[0]
    assert [each.code for each in result.warnings] == ["input_truncated"]


def test_64_short_texts_take_few_forward_passes_and_the_scores_of_each_alone(classifier: PyfuncModel) -> None:
    rows = [{"text": "good " * (1 + number % 7)} for number in range(64)]
    calls: list[int] = []
    hook = classifier.pipeline.model.register_forward_hook(lambda *_: calls.append(1))
    try:
        together = classifier.run(rows)
    finally:
        hook.remove()
    assert len(calls) <= 8
    for row, result in zip(rows, together, strict=True):
        alone = classifier.run([row])[0].records
        assert [each["label"] for each in result.records] == [each["label"] for each in alone]
        assert [each["score"] for each in result.records] == pytest.approx([each["score"] for each in alone], abs=1e-4)


def test_the_saved_batch_size_is_kept(classifier: PyfuncModel) -> None:
    model = model_of("text-classification", model_config={"batch_size": 2})
    sizes: list[int] = []
    model.pipeline.model.register_forward_hook(lambda _, __, output: sizes.append(output.logits.shape[0]))
    model.run([{"text": "good"}] * 5)
    assert sorted(sizes) == [1, 2, 2]


def test_a_model_without_a_padding_token_still_answers_many() -> None:
    pipeline = tiny_models.text_classification()
    pipeline.tokenizer.pad_token = None
    assert len(PyfuncModel(get_task("text-classification"), pipeline).run([{"text": "a"}, {"text": "good soup"}])) == 2


def test_stopping_between_batches_keeps_what_is_done() -> None:
    model = model_of("text-classification", model_config={"batch_size": 1})
    done: list[int] = []
    model.pipeline.model.register_forward_hook(lambda *_: done.append(1))
    results = model.run([{"text": "good"}] * 3, should_stop=lambda: len(done) >= 2)
    assert [result.error is None for result in results] == [True, True, False]
    assert results[2].error == {"code": "cancelled", "detail": results[2].error["detail"], "field": None}


def test_a_row_the_model_cannot_read_spares_the_others(classifier: PyfuncModel) -> None:
    model = model_of("text-classification")
    preprocess = model.pipeline.preprocess

    def choke(inputs: dict, **options: object) -> object:
        if inputs["text"] == "bad":
            raise RuntimeError("index out of range in self")
        return preprocess(inputs, **options)

    model.pipeline.preprocess = choke
    results = model.run([{"text": "good"}, {"text": "bad"}, {"text": "kind"}], on_error="row")
    assert [result.error and result.error["code"] for result in results] == [None, "model-error", None]
    assert "index out of range" in results[1].error["detail"]
    with pytest.raises(
        MlflowException, match="Row 1: The model could not read this row: RuntimeError: index out of range"
    ) as caught:
        model.predict(["good", "bad", "kind"])
    assert isinstance(caught.value, ModelFailed)
    assert caught.value.row == 1
    with pytest.raises(ModelFailed, match="Row 2: "):  # of a group with params of its own
        model.predict(pandas.DataFrame({"text": ["good", "good", "bad"], "top_k": [1, 2, 1]}))


def test_wrong_params_are_raised_even_where_rows_return_their_errors(classifier: PyfuncModel) -> None:
    with forward_calls(classifier.pipeline.model) as calls:
        for wrong, said in (({"top_k": -1}, "from 0 to"), ({"tpo_k": 1}, "it takes top_k, function_to_apply")):
            with pytest.raises(InvalidInput, match=said):
                classifier.run([{"text": "good"}], wrong, on_error="row")
    assert calls == []


def test_an_unknown_way_to_treat_errors_or_long_texts_is_refused_by_name(classifier: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="on_error must be one of raise, row, got 'return'"):
        classifier.run([{"text": "good"}], on_error="return")
    with pytest.raises(InvalidInput, match="overlong must be one of truncate, refuse, got 'cut'"):
        classifier.run([{"text": "good"}], overlong="cut")


def test_the_model_config_of_the_caller_is_not_changed() -> None:
    config = {"top_k": 2, "batch_size": 4}
    model_of("text-classification", model_config=config).run([{"text": "good"}], {"top_k": 1})
    assert config == {"top_k": 2, "batch_size": 4}


def test_a_key_of_the_model_config_that_nothing_takes_is_reported() -> None:
    result = model_of("text-classification", model_config={"tpo_k": 2}).run([{"text": "good"}])[0]
    assert [each.code for each in result.warnings] == ["model_config_ignored"]
    assert "tpo_k" in result.warnings[0].detail


def test_many_threads_get_what_one_gets(classifier: PyfuncModel, writer: PyfuncModel) -> None:
    texts = [{"text": "good " * number} for number in range(1, 9)]
    params = {"max_new_tokens": 5, "seed": 3, "do_sample": True}
    serial = [(classifier.run([row])[0].records, writer.run([row], params)[0].records) for row in texts]
    with ThreadPoolExecutor(8) as pool:
        labels = list(pool.map(lambda row: classifier.run([row])[0].records, texts))
        written = list(pool.map(lambda row: writer.run([row], params)[0].records, texts))
    assert list(zip(labels, written, strict=True)) == serial


def test_streams_beside_each_other_tell_each_its_own_text(writer: PyfuncModel) -> None:
    rows = [{"text": "good " * number} for number in range(1, 5)]
    params = {"max_new_tokens": 8, "seed": 3, "do_sample": True}

    def told(row: dict) -> str:
        return "".join(piece for piece in writer.stream(row, params) if isinstance(piece, str))

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(told, rows))
    assert together == [writer.run([row], params)[0].records[0]["generated_text"] for row in rows]


def test_a_template_wraps_the_prompt_and_the_prompt_is_not_repeated(writer: PyfuncModel) -> None:
    model = model_of("text-generation", prompt_template="Q: {prompt}\nA:")
    params = {"max_new_tokens": 5, "do_sample": False}
    by_hand = writer.run([{"text": "Q: why?\nA:"}], {**params, "return_full_text": False})[0].records
    assert model.run([{"text": "why?"}], params)[0].records == by_hand
    full = model.run([{"text": "why?"}], {**params, "return_full_text": True})[0].records[0]["generated_text"]
    assert full.startswith("Q: why?\nA:")


def test_the_full_text_is_streamed_too_when_asked_for(writer: PyfuncModel) -> None:
    *pieces, result = writer.stream({"text": "Once"}, {"max_new_tokens": 5, "do_sample": False, "return_full_text": True})
    assert pieces[0] == "Once"
    assert isinstance(result, RowResult)
    assert "".join(pieces) == result.records[0]["generated_text"]


def test_a_template_wraps_the_message_of_a_chat_not_what_its_template_renders(writer: PyfuncModel) -> None:
    model = model_of("text-generation", prompt_template="PRE {prompt} POST")
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]
    text = model.preview({"messages": chat})["text"]
    assert text.startswith("<s><|system|>s")
    assert "<|user|>PRE hi POST</s><|assistant|>" in text
    assert chat[1]["content"] == "hi"


def test_a_request_may_bring_its_own_template_with_variables(writer: PyfuncModel) -> None:
    params = {"prompt_template": "Be {tone}: {prompt}", "prompt_variables": {"tone": "dry"}}
    ids = writer.pipeline.tokenizer("Be dry: why")["input_ids"]
    preview = writer.preview({"text": "why"}, params)
    assert (preview["text"], preview["tokens"], preview["ids"]) == ("Be dry: why", 12, ids)
    assert preview["parameters"]["prompt_variables"] == {"value": {"tone": "dry"}, "source": "request"}
    with pytest.raises(InvalidInput, match="tone") as caught:
        writer.run([{"text": "why"}], {"prompt_template": "Be {tone}: {prompt}"})
    assert caught.value.field == "params.prompt_variables.tone"


def test_a_wrong_template_is_refused_when_the_model_is_made() -> None:
    with pytest.raises(InvalidInput, match="exactly once"):
        model_of("text-generation", prompt_template="no variable")


def test_predict_stream_yields_the_text(writer: PyfuncModel) -> None:
    params = {"max_new_tokens": 20, "do_sample": False}
    pieces = list(writer.predict_stream("Once", params))
    assert "".join(pieces) == writer.predict("Once", params)[0][0]["generated_text"]
    assert len(pieces) > 3


def test_predict_stream_refuses_what_cannot_be_streamed(classifier: PyfuncModel, writer: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="nothing to stream"):
        list(classifier.predict_stream("good"))
    with pytest.raises(InvalidInput, match="one input, got 2"):
        list(writer.predict_stream(["a", "b"]))
    with pytest.raises(InvalidInput, match="num_beams must be 1"):
        list(writer.predict_stream("a", {"num_beams": 2}))


def test_an_error_in_a_stream_reaches_its_reader(writer: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match=r"params\.top_p"):
        next(iter(writer.stream({"text": "a"}, {"top_p": 2})))


def test_a_copy_under_another_name_predicts_the_same(tmp_path: Path, classifier: PyfuncModel) -> None:
    """A saved model carries a copy of the package, and stock loads it without ours."""
    shutil.copytree(Path(flavor.__file__).parent, tmp_path / "saved_flavor_1", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys, torch; torch.set_num_threads(1)\n"
        "from tests import tiny_models\n"
        "from saved_flavor_1.pyfunc import PyfuncModel\n"
        "from saved_flavor_1.tasks import get_task\n"
        "model = PyfuncModel(get_task('text-classification'), tiny_models.text_classification())\n"
        "print(model.predict('good')[0][0]['label'], 'flavor' in sys.modules)\n"
    )
    root = Path(flavor.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.stdout.split() == [classifier.predict("good")[0][0]["label"], "False"], done.stderr
