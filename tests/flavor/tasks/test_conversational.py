from collections.abc import Callable
from functools import partial

import pytest
import torch
from transformers import Pipeline

from flavor.conversations import Conversations
from flavor.pyfunc import PyfuncModel
from flavor.results import RowResult
from flavor.tasks import InvalidInput, get_task
from tests.tiny_conversations import conversational, conversational_by_encoder

torch.set_num_threads(1)
TASK = get_task("conversational")
PARAMS: dict = {"max_new_tokens": 6, "do_sample": False}
NOTHING = {"text": " "}
CHAT = [
    {"role": "user", "content": "Hi!"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "How are you?"},
]
BUILDERS = [
    pytest.param(conversational, id="template"),
    pytest.param(partial(conversational, chat_template=None), id="end-tokens"),
    pytest.param(conversational_by_encoder, id="encoder"),
]


def tiny_pipeline() -> Pipeline:
    return conversational()


@pytest.fixture
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def said(model: PyfuncModel, text: str, conversation: str | None = None) -> RowResult:
    return model.run([{"text": text, "conversation_id": conversation}], PARAMS)[0]


@pytest.mark.parametrize("build", BUILDERS)
def test_a_conversation_is_answered_as_the_pipeline_does(build: Callable[[], Pipeline]) -> None:
    record = PyfuncModel(TASK, build()).run([{"messages": CHAT}], PARAMS)[0].records[0]
    assert record["message"] == build()(CHAT, **PARAMS)
    assert record["generated_text"] == record["message"]["content"]


def test_the_pipeline_answers_several_conversations() -> None:
    pipeline = tiny_pipeline()
    assert pipeline([CHAT, CHAT[:1]], **PARAMS) == [pipeline(CHAT, **PARAMS), pipeline(CHAT[:1], **PARAMS)]


def test_without_a_template_an_end_token_stands_behind_each_message() -> None:
    model = PyfuncModel(TASK, conversational(chat_template=None))
    assert model.run([{"messages": CHAT}], PARAMS)[0].usage["input_tokens"] == len("Hi!Hello.How are you?") + 3


def test_what_was_said_under_an_id_is_remembered(model: PyfuncModel) -> None:
    first = said(model, "Hi!", "alice")
    second = said(model, "How are you?", "alice")
    answer = first.records[0]["message"]
    whole = [{"role": "user", "content": "Hi!"}, answer, {"role": "user", "content": "How are you?"}]
    assert second.records[0]["message"] == model.run([{"messages": whole}], PARAMS)[0].records[0]["message"]
    assert [each.records[0]["turns"] for each in (first, second)] == [2, 4]
    assert second.records[0]["conversation_id"] == "alice"


def test_nobody_hears_another_conversation_and_without_an_id_nothing_is_remembered(model: PyfuncModel) -> None:
    alone = said(model, "How are you?").usage
    said(model, "Hi!", "alice")
    said(model, "Hi!")
    assert said(model, "How are you?", "bob").usage == said(model, "How are you?").usage == alone
    assert "conversation_id" not in said(model, "Hi!").records[0]


def test_two_rows_of_one_conversation_are_answered_in_turn(model: PyfuncModel) -> None:
    rows = [{"text": text, "conversation_id": name} for text, name in (("Hi!", "a"), ("Hi!", "b"), ("And you?", "a"))]
    together = [result.records for result in model.run(rows, PARAMS)]
    other = PyfuncModel(TASK, tiny_pipeline())
    assert together == [other.run([row], PARAMS)[0].records for row in rows]
    assert [records[0]["turns"] for records in together] == [2, 2, 4]


def test_messages_stand_for_the_whole_conversation(model: PyfuncModel) -> None:
    said(model, "Something else.", "alice")
    assert model.run([{"messages": CHAT, "conversation_id": "alice"}], PARAMS)[0].records[0]["turns"] == 4
    assert said(model, "And?", "alice").records[0]["turns"] == 6


def test_a_stream_is_remembered_too(model: PyfuncModel) -> None:
    *pieces, result = model.stream({"text": "Hi!", "conversation_id": "alice"}, PARAMS)
    assert "".join(pieces) == result.records[0]["generated_text"]  # type: ignore[union-attr, arg-type]
    assert said(model, "And?", "alice").records[0]["turns"] == 4


def test_an_answer_that_failed_is_not_remembered(model: PyfuncModel) -> None:
    model.run([{"text": "Hi!", "conversation_id": "alice"}], PARAMS, should_stop=lambda: True)
    assert said(model, "Hi!", "alice").records[0]["turns"] == 2


@pytest.mark.parametrize("build", BUILDERS)
def test_of_a_long_conversation_the_newest_counts(build: Callable[[], Pipeline]) -> None:
    model = PyfuncModel(TASK, build())
    result = model.run([{"messages": [{"role": "user", "content": "x" * 999}, *CHAT]}], PARAMS)[0]
    assert [each.code for each in result.warnings] == ["input_truncated"]
    assert result.records[0]["generated_tokens"] == 6


def test_a_text_or_messages_are_asked_for(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="exactly one of text, messages"):
        model.run([{"conversation_id": "alice"}], PARAMS)


def test_the_conversation_that_was_silent_for_longest_is_forgotten_first() -> None:
    memory = Conversations(most=2)
    for name in ("a", "b", "a", "c"):
        memory.keep(memory.opened({"text": "Hi!", "conversation_id": name}), {"role": "assistant", "content": "Yes?"})
    turns = [len(memory.opened({"text": "Hi!", "conversation_id": name})["messages"]) for name in ("a", "b", "c")]
    assert turns == [5, 1, 3]
