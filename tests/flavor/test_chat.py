"""Models that speak OpenAI's language, through MLflow's own door and without our package in it."""

import base64
import struct
from typing import Any

import mlflow
import pandas
import pytest
from mlflow import MlflowClient
from mlflow.models.model import ModelInfo
from mlflow.types.llm import CHAT_MODEL_INPUT_EXAMPLE

import flavor
from flavor.chat import PROTOCOLS, LlmModel, find_protocol
from flavor.chat_signatures import signature_of_requests
from flavor.inspection import local_reader, read_facts
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_models
from tests.flavor.conftest import folder_of
from tests.tiny_text import feature_extraction

USER = [{"role": "user", "content": "Hello?"}]
GREEDY = {"temperature": 0, "max_tokens": 6}
CHAT: dict = {"messages": USER, **GREEDY}


def llm(name: str, **options: Any) -> LlmModel:
    build = feature_extraction if name == "llm/v1/embeddings" else tiny_models.text_generation
    protocol = PROTOCOLS[name]
    return LlmModel(PyfuncModel(get_task(protocol.task), build(), **options), protocol, name="tiny")


@pytest.fixture(scope="module")
def chat() -> LlmModel:
    return llm("llm/v1/chat")


@pytest.fixture(scope="module")
def completions() -> LlmModel:
    return llm("llm/v1/completions")


@pytest.fixture(scope="module")
def embeddings() -> LlmModel:
    return llm("llm/v1/embeddings")


def test_one_request_is_answered_by_one_object(chat: LlmModel) -> None:
    answer = chat.predict(CHAT)
    (own,) = chat.model.run([{"messages": USER}], {"temperature": 0, "max_new_tokens": 6})
    (choice,) = answer["choices"]
    assert (answer["object"], answer["model"]) == ("chat.completion", "tiny")
    assert choice == {"index": 0, "message": own.records[0]["message"], "finish_reason": "length"}
    assert answer["usage"] == {
        "prompt_tokens": own.usage["input_tokens"],
        "completion_tokens": 6,
        "total_tokens": own.usage["input_tokens"] + 6,
    }


def test_the_beginning_is_counted_once(chat: LlmModel) -> None:
    tokenizer = chat.model.pipeline.tokenizer
    ids = tokenizer.apply_chat_template(USER, add_generation_prompt=True, return_dict=True)["input_ids"]
    assert chat.predict(CHAT)["usage"]["prompt_tokens"] == len(ids)


@pytest.mark.parametrize("given", [[CHAT, CHAT], pandas.DataFrame([CHAT, CHAT])])
def test_several_requests_are_answered_by_a_list(chat: LlmModel, given: Any) -> None:
    answers = chat.predict(given)
    assert [answer["choices"] for answer in answers] == [chat.predict(CHAT)["choices"]] * 2


def test_each_row_of_a_frame_has_its_own_parameters(chat: LlmModel) -> None:
    frame = pandas.DataFrame(
        [{**CHAT, "max_tokens": 2}, {**CHAT, "max_tokens": 5}, {"messages": USER, "temperature": 0, "seed": 1}]
    )
    assert [answer["usage"]["completion_tokens"] for answer in chat.predict(frame)][:2] == [2, 5]


def test_each_row_of_a_frame_has_its_own_stop_texts(chat: LlmModel) -> None:
    whole = chat.predict({**CHAT, "max_tokens": 20})["choices"][0]["message"]["content"]
    stop = next(each for each in whole[1:] if each.isascii())
    frame = pandas.DataFrame([{**CHAT, "max_tokens": 20, "stop": [stop]}, {**CHAT, "max_tokens": 20, "stop": ["nowhere"]}])
    assert [answer["choices"][0]["message"]["content"] for answer in chat.predict(frame)] == [whole[: whole.index(stop)], whole]


def test_a_text_or_messages_alone_are_a_request(chat: LlmModel) -> None:
    by_text, by_messages = chat.predict("Hello?", GREEDY), chat.predict(USER, GREEDY)
    assert by_text["choices"] == by_messages["choices"] == chat.predict(CHAT)["choices"]


def test_several_choices_are_asked_for_with_n(chat: LlmModel) -> None:
    answer = chat.predict({"messages": USER, "n": 3, "temperature": 1.5, "seed": 3, "max_tokens": 8})
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in answer["choices"]}) > 1
    assert answer["usage"]["completion_tokens"] == 24


def test_the_example_of_mlflow_itself_is_answered(chat: LlmModel) -> None:
    assert chat.predict(CHAT_MODEL_INPUT_EXAMPLE)["object"] == "chat.completion"


def test_parts_of_texts_are_read(chat: LlmModel) -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo?"}]
    assert chat.predict({"messages": [{"role": "user", "content": parts}], **GREEDY})["choices"] == chat.predict(CHAT)["choices"]


def test_stop_texts_end_and_are_cut(chat: LlmModel) -> None:
    whole = chat.predict({**CHAT, "max_tokens": 20})["choices"][0]["message"]["content"]
    stop = next(each for each in whole[1:] if each.isascii())
    (choice,) = chat.predict({**CHAT, "max_tokens": 20, "stop": stop})["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (whole[: whole.index(stop)], "stop")


def test_log_probabilities_are_said_when_asked(chat: LlmModel) -> None:
    (choice,) = chat.predict({**CHAT, "logprobs": True, "top_logprobs": 2})["choices"]
    assert len(choice["logprobs"]["content"]) == 6
    assert [len(each["top_logprobs"]) for each in choice["logprobs"]["content"]] == [2] * 6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_tokens", 0),
        ("temperature", -1),
        ("top_p", 2),
        ("n", 0),
        ("frequency_penalty", 9),
        ("response_format", {"type": "json_object"}),
        ("logit_bias", {"5": 10}),
        ("custom_inputs", {"a": 1}),
        ("tool_choice", "required"),
        ("tempreature", 1),
        ("messages", []),
    ],
)
def test_what_cannot_be_followed_is_refused_by_its_own_name(chat: LlmModel, field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        chat.predict({**CHAT, field: value})
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


def test_what_changes_nothing_is_taken(chat: LlmModel) -> None:
    neutral = {"n": 1, "stream": False, "user": "me", "custom_inputs": {}, "response_format": {"type": "text"}, "tools": None}
    assert chat.predict({**CHAT, **neutral})["choices"] == chat.predict(CHAT)["choices"]


def test_arguments_of_earlier_tool_calls_reach_the_template_as_objects() -> None:
    template = "{% for m in messages %}{{ m.content or m.tool_calls[0].function.arguments.city }}{% endfor %}"
    chat = LlmModel(
        PyfuncModel(get_task("text-generation"), tiny_models.text_generation(chat_template=template)), PROTOCOLS["llm/v1/chat"]
    )
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]}, {"role": "user", "content": "And?"}]
    assert chat.predict({"messages": messages, **GREEDY})["usage"]["prompt_tokens"] == len("OsloAnd?")
    call["function"]["arguments"] = "{"  # type: ignore[index]
    with pytest.raises(InvalidInput, match="are no JSON"):
        chat.predict({"messages": messages, **GREEDY})


def test_a_prompt_template_stands_around_the_message_not_around_the_prompt() -> None:
    templated = llm("llm/v1/chat", prompt_template="Say: {prompt}!")
    plain = llm("llm/v1/chat").predict({"messages": [{"role": "user", "content": "Say: Hello?!"}], **GREEDY})
    assert templated.predict(CHAT)["choices"] == plain["choices"]


def test_chunks_together_are_the_message(chat: LlmModel) -> None:
    chunks = list(chat.predict_stream({**CHAT, "max_tokens": 20, "stream": True, "stream_options": {"include_usage": True}}))
    whole = chat.predict({**CHAT, "max_tokens": 20})
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == whole["choices"][0]["message"]["content"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(deltas) - 1) + ["length"]
    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], whole["usage"])
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_a_stream_has_one_choice(chat: LlmModel) -> None:
    with pytest.raises(InvalidInput, match="n must be 1 to stream") as caught:
        list(chat.predict_stream({"messages": USER, "n": 2}))
    assert caught.value.field == "n"


def test_prompts_are_continued_and_not_repeated(completions: LlmModel) -> None:
    answer = completions.predict({"prompt": ["Once", "a"], **GREEDY})
    own = completions.model.run(
        [{"text": "Once"}, {"text": "a"}], {"temperature": 0, "max_new_tokens": 6, "return_full_text": False}
    )
    assert answer["object"] == "text_completion"
    assert [choice["text"] for choice in answer["choices"]] == [result.records[0]["generated_text"] for result in own]
    assert answer["usage"]["completion_tokens"] == 12
    echoed = completions.predict({"prompt": "Once", "echo": True, **GREEDY})
    assert echoed["choices"][0]["text"] == "Once" + answer["choices"][0]["text"]


def test_a_completion_says_how_likely_its_tokens_were(completions: LlmModel) -> None:
    (choice,) = completions.predict({"prompt": "Once", "logprobs": 2, **GREEDY})["choices"]
    assert {len(values) for values in choice["logprobs"].values()} == {6}
    assert choice["logprobs"]["text_offset"][0] == 0


def test_chunks_of_a_completion_are_its_text(completions: LlmModel) -> None:
    chunks = list(completions.predict_stream({"prompt": "Once", **GREEDY}))
    text = completions.predict({"prompt": "Once", **GREEDY})["choices"][0]["text"]
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == text
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


def test_token_ids_are_no_prompt(completions: LlmModel) -> None:
    with pytest.raises(InvalidInput, match="token ids are not read"):
        completions.predict({"prompt": [1, 2, 3]})


def test_every_text_has_its_vector(embeddings: LlmModel) -> None:
    answer = embeddings.predict({"input": ["good soup", "bad soup"]})
    own = embeddings.model.run([{"text": "good soup"}, {"text": "bad soup"}], {"pooling": "mean"})
    assert (answer["object"], answer["model"]) == ("list", "tiny")
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert [each["embedding"] for each in answer["data"]] == [result.records[0]["embedding"].tolist() for result in own]
    assert answer["usage"] == {"prompt_tokens": 8, "total_tokens": 8}


def test_a_single_text_is_read_whole_and_not_letter_by_letter(embeddings: LlmModel) -> None:
    assert len(embeddings.predict({"input": "soup"})["data"]) == len(embeddings.predict("soup")["data"]) == 1


def test_vectors_may_come_as_base64_and_cut(embeddings: LlmModel) -> None:
    plain, coded = (
        embeddings.predict({"input": "soup", "dimensions": 4, "encoding_format": form})["data"][0]["embedding"]
        for form in ("float", "base64")
    )
    assert list(struct.unpack("<4f", base64.b64decode(coded))) == pytest.approx(plain)


def test_embeddings_have_nothing_to_stream(embeddings: LlmModel) -> None:
    with pytest.raises(InvalidInput, match="nothing to stream"):
        list(embeddings.predict_stream({"input": "soup"}))


@pytest.fixture(scope="module")
def logged(store: MlflowClient) -> ModelInfo:
    return flavor.log_model(tiny_models.text_generation(), name="chat", task="llm/v1/chat", input_example=CHAT)


def test_stocks_metadata_are_written(logged: ModelInfo) -> None:
    block = logged.flavors["transformers"]
    assert (block["task"], block["inference_task"]) == ("text-generation", "llm/v1/chat")
    assert (logged.metadata or {})["task"] == "llm/v1/chat"
    assert logged.signature == signature_of_requests("llm/v1/chat")
    assert {"messages", "temperature", "max_tokens", "tools"} <= set(logged.signature.inputs.input_names())


def test_mlflows_own_door_speaks_the_protocol(logged: ModelInfo, chat: LlmModel) -> None:
    loaded = mlflow.pyfunc.load_model(logged.model_uri)
    assert type(loaded._model_impl) is not LlmModel  # the copy in the artifact, not this package
    assert loaded.predict(CHAT)["choices"] == chat.predict(CHAT)["choices"]
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}]
    assert loaded.predict({"messages": parts, **GREEDY})["choices"] == chat.predict(CHAT)["choices"]
    chunks = list(loaded.predict_stream({**CHAT, "seed": 1}))
    content = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert content == chat.predict(CHAT)["choices"][0]["message"]["content"]


def test_our_own_doors_see_a_chat_of_text_generation(logged: ModelInfo, chat: LlmModel) -> None:
    facts = read_facts(*local_reader(folder_of(logged)))
    assert (facts.task, facts.problem) == ("text-generation", "")
    loaded = flavor.load_pyfunc_model(str(folder_of(logged)), device="cpu")
    params = {"temperature": 0, "max_new_tokens": 6}
    assert loaded.run([{"messages": USER}], params)[0].records == chat.model.run([{"messages": USER}], params)[0].records


@pytest.mark.usefixtures("store")
def test_a_chat_without_a_template_is_refused_when_it_is_logged() -> None:
    with pytest.raises(InvalidInput, match=r"needs a chat template and this tokenizer has none; set tokenizer.chat_template"):
        flavor.log_model(tiny_models.text_generation(chat_template=None), name="chat", task="llm/v1/chat")


@pytest.mark.usefixtures("store")
def test_an_example_that_is_no_request_is_refused_when_it_is_logged() -> None:
    with pytest.raises(InvalidInput, match="input_example does not fit llm/v1/chat: max_tokens"):
        flavor.log_model(tiny_models.text_generation(), task="llm/v1/chat", input_example={"messages": USER, "max_tokens": 0})


@pytest.mark.usefixtures("store")
def test_a_task_that_does_not_fit_the_protocol_is_refused() -> None:
    with pytest.raises(InvalidInput, match="does text-generation, not feature-extraction"):
        flavor.log_model(tiny_models.text_generation(), task="llm/v1/embeddings")


def test_names_of_tasks_are_no_protocols() -> None:
    assert find_protocol("text-generation") is find_protocol(None) is None
