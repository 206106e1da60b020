"""Text token by token: the same as at once, stopped when nobody wants it."""

from tests.flavor.runtime.conftest import SECONDS, Pool, calls, wait_until

GREEDY = {"do_sample": False, "return_full_text": False}


def test_the_tokens_are_the_text_that_comes_without_a_stream(pool: Pool, writer: str) -> None:
    tokens: list[str] = []
    streamed = pool.answer(writer, "the soup", params={**GREEDY, "max_new_tokens": 40}, on_token=tokens.append)
    whole = pool.answer(writer, "the soup", params={**GREEDY, "max_new_tokens": 40})

    text = whole["results"][0]["records"][0]["generated_text"]
    assert len(tokens) > 1
    assert "".join(tokens) == text
    assert streamed["results"][0]["records"] == whole["results"][0]["records"]


def test_seeded_texts_are_the_same_alone_and_among_others(pool: Pool, writer: str) -> None:
    params = {"max_new_tokens": 20, "seed": 7, "do_sample": True}
    alone = pool.answer(writer, "the soup", params=params)
    among = [pool.ask(writer, text, params=params) for text in ("the soup", "a waiter is kind", "the soup", "sarah")]

    texts = [each.result(SECONDS)["results"][0]["records"][0]["generated_text"] for each in among]
    assert texts[0] == texts[2] == alone["results"][0]["records"][0]["generated_text"]


def test_a_cancelled_stream_stops_at_the_next_token_and_keeps_what_was_written(pool: Pool, writer: str) -> None:
    tokens: list[str] = []
    request = pool.request("the soup", params={**GREEDY, "max_new_tokens": 240}, on_token=tokens.append)
    future = pool.pool.submit(writer, request)
    wait_until(lambda: tokens)
    pool.pool.cancel(request.id)

    record = future.result(SECONDS)["results"][0]["records"][0]
    assert record["finish_reason"] == "cancelled"
    assert record["generated_text"] == "".join(tokens)
    assert record["generated_tokens"] < 240


def test_a_stream_past_its_deadline_ends_with_an_error(pool: Pool, writer: str) -> None:
    pool.answer(writer, params={"max_new_tokens": 1})
    tokens: list[str] = []
    asked = pool.ask(writer, params={**GREEDY, "max_new_tokens": 240}, on_token=tokens.append, seconds=2)

    assert asked.result(SECONDS)["error"]["code"] == "timeout"
    assert tokens
    wait_until(lambda: "results" in pool.answer(writer, params={"max_new_tokens": 1}))


def test_a_reader_that_fails_loses_its_tokens_only(pool: Pool, writer: str) -> None:
    def fail(token: str) -> None:
        raise ConnectionError("Redis is away")

    answer = pool.answer(writer, params={**GREEDY, "max_new_tokens": 5}, on_token=fail)
    assert answer["results"][0]["records"][0]["generated_tokens"] == 5


def test_a_task_without_tokens_streams_its_result_only(pool: Pool, model: str) -> None:
    tokens: list[str] = []
    assert pool.answer(model, on_token=tokens.append)["results"][0]["records"]
    assert tokens == []


def test_a_wrong_stream_is_an_error_naming_the_field(pool: Pool, writer: str) -> None:
    error = pool.answer(writer, params={"max_new_tokens": 0}, on_token=lambda token: None)["error"]
    assert error["field"] == "params.max_new_tokens"
    assert calls(writer)[-1] == "stream 1"
