from typing import Any

import pytest
import torch
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import Display, InvalidInput, get_task
from tests import tiny_models

torch.set_num_threads(1)
TASK = get_task("text-generation")
PARAMS: dict = {"max_new_tokens": 6, "do_sample": False}
NOTHING = {"text": ""}
CHAT = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]}
NEW = {"return_full_text": False}


def tiny_pipeline() -> Pipeline:
    return tiny_models.text_generation()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def written(model: PyfuncModel, row: dict, **params: Any) -> list[str]:
    return [record["generated_text"] for record in model.run([row], params)[0].records]


def test_a_prompt_is_continued_as_the_pipeline_does(model: PyfuncModel) -> None:
    native = tiny_pipeline()("Once", max_new_tokens=20, do_sample=False)
    assert written(model, {"text": "Once"}, max_new_tokens=20, do_sample=False) == [native[0]["generated_text"]]


def test_a_chat_is_answered_as_the_pipeline_does_and_in_its_own_shape(model: PyfuncModel) -> None:
    native = tiny_pipeline()(CHAT["messages"], max_new_tokens=20, do_sample=False)[0]["generated_text"][-1]
    record = model.run([CHAT], {"max_new_tokens": 20, "do_sample": False})[0].records[0]
    assert record["message"] == native
    assert record["generated_text"] == native["content"]


def test_texts_and_chats_may_be_mixed(model: PyfuncModel) -> None:
    results = model.run([CHAT, {"text": "Once"}, CHAT], PARAMS)
    assert ["message" in result.records[0] for result in results] == [True, False, True]


def test_a_batch_writes_what_each_prompt_alone_would(model: PyfuncModel) -> None:
    rows = [{"text": "a"}, {"text": "a rather longer prompt"}, {"text": "mid one"}]
    alone = [model.run([row], PARAMS)[0].records for row in rows]
    assert [result.records for result in model.run(rows, PARAMS)] == alone


def test_the_beginning_is_marked_once_in_a_chat_and_tokens_are_truly_counted(model: PyfuncModel) -> None:
    tokenizer = model.pipeline.tokenizer
    ids = tokenizer.apply_chat_template(CHAT["messages"], add_generation_prompt=True, return_dict=True)["input_ids"]
    usage = model.run([CHAT], PARAMS)[0].usage
    assert ids.count(tokenizer.bos_token_id) == 1
    assert usage == {"input_tokens": len(ids), "output_tokens": 6}


def test_a_text_that_brings_its_own_beginning_gets_no_second_one(model: PyfuncModel) -> None:
    assert model.run([{"text": "<s>a"}], PARAMS)[0].usage["input_tokens"] == 2


def test_several_answers_per_prompt_stay_with_their_prompt(model: PyfuncModel) -> None:
    params = {"num_return_sequences": 2, "do_sample": True, "temperature": 1.0, "max_new_tokens": 5, "seed": 1}
    results = model.run([{"text": "aaa"}, {"text": "b"}], params)
    assert [[record["generated_text"][0] for record in result.records] for result in results] == [["a", "a"], ["b", "b"]]
    assert results[0].records[0] != results[0].records[1]
    assert results[0].usage["output_tokens"] == 10


def test_beams_write_what_the_pipeline_writes(model: PyfuncModel) -> None:
    params = {"num_beams": 3, "num_return_sequences": 2, "do_sample": False, "max_new_tokens": 8}
    native = [each["generated_text"] for each in tiny_pipeline()("Once", **params)]
    assert written(model, {"text": "Once"}, **params) == native


def test_the_same_answer_several_times_is_refused(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="needs do_sample") as caught:
        model.run([{"text": "a"}], {"num_return_sequences": 2, "do_sample": False})
    assert caught.value.field == "params.num_return_sequences"


def test_a_seed_repeats_an_answer_whoever_its_neighbours_are(model: PyfuncModel) -> None:
    params = {"do_sample": True, "temperature": 1.0, "max_new_tokens": 12, "seed": 11}
    alone = model.run([{"text": "Once"}], params)[0].records
    together = model.run([{"text": "other, longer"}, {"text": "Once"}, {"text": "x"}], params)[1].records
    assert together == alone
    assert model.run([{"text": "Once"}], {**params, "seed": 12})[0].records != alone


def test_chance_leaves_the_global_generator_alone(model: PyfuncModel) -> None:
    before = torch.get_rng_state()
    model.run([{"text": "Once"}], {"do_sample": True, "max_new_tokens": 5})
    assert torch.equal(torch.get_rng_state(), before)


def test_a_drawn_seed_is_reported_and_repeats_the_answer(model: PyfuncModel) -> None:
    params = {"do_sample": True, "temperature": 1.5, "max_new_tokens": 12}
    first = model.run([{"text": "Once"}], params)[0]
    assert first.parameters["seed"]["source"] == "drawn"
    assert model.run([{"text": "Once"}], {**params, "seed": first.parameters["seed"]["value"]})[0].records == first.records


def test_temperature_zero_takes_the_likeliest_token(model: PyfuncModel) -> None:
    result = model.run([{"text": "Once"}], {"temperature": 0, "max_new_tokens": 8})[0]
    assert result.records[0]["generated_text"] == written(model, {"text": "Once"}, do_sample=False, max_new_tokens=8)[0]
    assert result.parameters["do_sample"] == {"value": False, "source": "request"}


def test_a_limit_that_is_reached_is_the_reason(model: PyfuncModel) -> None:
    record = model.run([{"text": "Once"}], PARAMS)[0].records[0]
    assert (record["finish_reason"], record["generated_tokens"]) == ("length", 6)


def test_an_end_token_is_the_reason_and_is_counted(model: PyfuncModel) -> None:
    prompt_tokens = model.run([{"text": "Once"}], PARAMS)[0].usage["input_tokens"]
    ids = tiny_pipeline()("Once", return_tensors=True, **PARAMS)[0]["generated_token_ids"][prompt_tokens:]
    ending = tiny_pipeline()
    ending.model.generation_config.eos_token_id = [ids[3]]
    record = PyfuncModel(TASK, ending).run([{"text": "Once"}], {**PARAMS, **NEW})[0].records[0]
    assert record["finish_reason"] == "stop"
    assert record["generated_tokens"] == ids.index(ids[3]) + 1
    assert record["generated_text"] == ending.tokenizer.decode(ids[: ids.index(ids[3])])


def test_a_stop_text_ends_the_answer_and_is_left_out(model: PyfuncModel) -> None:
    free = written(model, {"text": "Once"}, max_new_tokens=30, do_sample=False, **NEW)[0]
    stop = free[4:6]
    record = model.run([{"text": "Once"}], {"max_new_tokens": 30, "do_sample": False, "stop": [stop], **NEW})[0].records[0]
    assert record["generated_text"] == free[: free.index(stop)]
    assert record["finish_reason"] == "stop"
    assert record["generated_tokens"] < 30


def test_a_stop_text_in_the_prompt_stops_nothing(model: PyfuncModel) -> None:
    assert written(model, {"text": "Once"}, stop=["Once"], **PARAMS) == written(model, {"text": "Once"}, **PARAMS)


def test_rows_stop_each_at_their_own_place(model: PyfuncModel) -> None:
    rows = [{"text": "Once"}, {"text": "Twice and more"}]
    free = [written(model, row, max_new_tokens=30, do_sample=False, **NEW)[0] for row in rows]
    params = {"max_new_tokens": 30, "do_sample": False, "stop": [free[0][3:5]], **NEW}
    alone = [model.run([row], params)[0].records for row in rows]
    assert [result.records for result in model.run(rows, params)] == alone


def test_pieces_of_a_stream_are_the_text(model: PyfuncModel) -> None:
    for params in ({"max_new_tokens": 60, "do_sample": False}, {"max_new_tokens": 60, "seed": 4, "temperature": 1.0}):
        for row in ({"text": "é😀"}, CHAT):
            *pieces, result = model.stream(row, params)
            assert "".join(pieces) == model.run([row], params)[0].records[0]["generated_text"]
            assert result.records[0]["generated_text"] == "".join(pieces)
            assert len(pieces) > 5


def test_no_piece_shows_the_beginning_of_a_stop_text(model: PyfuncModel) -> None:
    free = written(model, {"text": "Once"}, max_new_tokens=40, do_sample=False, **NEW)[0]
    params = {"max_new_tokens": 40, "do_sample": False, "stop": [free[6:10]], **NEW}
    *pieces, result = model.stream({"text": "Once"}, params)
    assert "".join(pieces) == free[: free.index(free[6:10])] == result.records[0]["generated_text"]


def test_cancelling_ends_the_writing_at_the_next_token(model: PyfuncModel) -> None:
    asked: list[int] = []

    def after_five() -> bool:
        asked.append(1)
        return len(asked) > 5

    record = model.run([{"text": "Once"}], {"max_new_tokens": 200, "do_sample": False}, should_stop=after_five)[0].records[0]
    assert record["finish_reason"] == "cancelled"
    assert 0 < record["generated_tokens"] <= 6


def test_closing_a_stream_ends_the_writing(model: PyfuncModel) -> None:
    stream = model.stream({"text": "Once"}, {"max_new_tokens": 200, "do_sample": False})
    next(stream)
    stream.close()
    assert model.run([{"text": "Once"}], PARAMS)[0].error is None


def test_time_that_is_up_is_the_reason(model: PyfuncModel) -> None:
    record = model.run([{"text": "Once"}], {"max_new_tokens": 200, "do_sample": False, "max_time": 0.001})[0].records[0]
    assert record["finish_reason"] == "time"


def test_a_prompt_that_fills_the_context_is_cut_at_its_beginning(model: PyfuncModel) -> None:
    result = model.run([{"text": "x" * 300}, {"text": "Once"}], PARAMS)[0]
    assert [(each.code, each.detail) for each in result.warnings] == [("input_truncated", "the last 250 of 301 tokens used")]
    assert result.usage == {"input_tokens": 250, "output_tokens": 6}


def test_room_for_fewer_tokens_than_asked_is_said(model: PyfuncModel) -> None:
    result = model.run([{"text": "x" * 250}], {"max_new_tokens": 20, "do_sample": False})[0]
    assert result.usage["output_tokens"] == 5
    assert [each.code for each in result.warnings] == ["output_limited"]


def test_a_model_without_a_chat_template_says_what_to_send() -> None:
    plain = PyfuncModel(TASK, tiny_models.text_generation(chat_template=None))
    with pytest.raises(InvalidInput, match="no chat template; send text") as caught:
        plain.run([CHAT])
    assert caught.value.field == "messages"


def test_a_chat_template_that_refuses_is_the_callers_error() -> None:
    picky = PyfuncModel(TASK, tiny_models.text_generation(chat_template="{{ raise_exception('only one user message') }}"))
    with pytest.raises(InvalidInput, match="only one user message"):
        picky.run([CHAT])


def test_a_row_with_neither_or_both_is_refused(model: PyfuncModel) -> None:
    for row in ({}, {"text": "a", **CHAT}):
        with pytest.raises(InvalidInput, match="exactly one of text, messages"):
            model.run([row])


def test_the_last_message_of_the_assistant_is_continued(model: PyfuncModel) -> None:
    begun = {"messages": [*CHAT["messages"], {"role": "assistant", "content": "Well"}]}
    native = tiny_pipeline()(begun["messages"], **PARAMS)[0]["generated_text"][-1]["content"]
    assert "Well" + written(model, begun, **PARAMS)[0] == native


def test_spaces_at_the_ends_of_an_answer_are_the_models(model: PyfuncModel) -> None:
    pipeline = tiny_pipeline()
    read = model.preview({"text": "Once"})["tokens"]
    first = tiny_pipeline()("Once", return_tensors=True, **PARAMS)[0]["generated_token_ids"][read]
    space = pipeline.tokenizer(" ", add_special_tokens=False)["input_ids"][-1]
    with torch.no_grad():  # what the model would begin with becomes a space
        weights = pipeline.model.get_output_embeddings().weight
        weights[[first, space]] = weights[[space, first]]
    answer = PyfuncModel(TASK, pipeline).predict("Once", {"max_new_tokens": 1, "do_sample": False, **NEW})[0][0]
    assert answer["generated_text"] == " "


def test_tools_are_shown_to_the_chat_template() -> None:
    template = "{{ bos_token }}{% for tool in tools or [] %}[{{ tool.function.name }}]{% endfor %}{{ messages[-1].content }}"
    model = PyfuncModel(TASK, tiny_models.text_generation(chat_template=template))
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    shown = model.preview(CHAT, {"tools": [weather]})
    assert shown["text"] == "<s>[weather]Hello?"
    assert model.preview(CHAT)["text"] == "<s>Hello?"
    assert model.run([CHAT], {**PARAMS, "tools": [weather]})[0].usage["input_tokens"] == shown["tokens"]


def test_tools_that_the_chat_template_would_not_show_are_refused(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="no place for them") as caught:
        model.run([CHAT], {**PARAMS, "tools": [{"type": "function", "function": {"name": "weather"}}]})
    assert caught.value.field == "params.tools"


def test_a_chat_is_drawn_as_a_chat() -> None:
    assert TASK.display_for(CHAT) is Display.CHAT
    assert TASK.display_for({"text": "a"}) is Display.TEXT
    assert TASK.result_title(CHAT) == "Hello?"


def test_tokens_written_before_cost_what_penalties_say(model: PyfuncModel) -> None:
    plain = written(model, {"text": "Once"}, max_new_tokens=30, do_sample=False, **NEW)[0]
    for name in ("presence_penalty", "frequency_penalty"):
        dear = written(model, {"text": "Once"}, max_new_tokens=30, do_sample=False, **{name: 2.0}, **NEW)[0]
        assert len(set(plain)) < len(set(dear))


def test_penalties_of_zero_change_nothing(model: PyfuncModel) -> None:
    asked = {"presence_penalty": 0, "frequency_penalty": 0}
    assert written(model, {"text": "Once"}, **PARAMS, **asked) == written(model, {"text": "Once"}, **PARAMS)


def test_every_token_says_how_likely_it_was_when_asked(model: PyfuncModel) -> None:
    record = model.run([{"text": "Once"}, {"text": "a"}], {**PARAMS, "logprobs": True, "top_logprobs": 3})[0].records[0]
    assert len(record["logprobs"]) == record["generated_tokens"] == 6
    first = record["logprobs"][0]
    best = first["top_logprobs"][0]
    assert (first["token"], first["logprob"]) == (best["token"], best["logprob"])
    assert first["logprob"] == pytest.approx(likeliest("Once"), abs=1e-4)
    assert [each["logprob"] for each in first["top_logprobs"]] == sorted(
        (o["logprob"] for o in first["top_logprobs"]), reverse=True
    )


def test_how_likely_a_token_was_is_not_known_of_beams(model: PyfuncModel) -> None:
    with pytest.raises(InvalidInput, match="set num_beams to 1"):
        model.run([{"text": "Once"}], {**PARAMS, "logprobs": True, "num_beams": 2})


def likeliest(text: str) -> float:
    """How likely the bare model finds its likeliest next token."""
    pipeline = tiny_pipeline()
    with torch.inference_mode():
        scores = pipeline.model(**pipeline.tokenizer(text, return_tensors="pt")).logits[0, -1]
    return float(torch.log_softmax(scores, dim=-1).max())
