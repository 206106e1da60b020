"""What callers of a pool get: answers, each its own, however many ask at once."""

from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest

from flavor.tasks import get_task
from tests.flavor.runtime import played_models
from tests.flavor.runtime.conftest import SECONDS, Gate, Pool, calls, wait_until


def labels(answer: dict[str, Any]) -> list[list[str]]:
    return [[record["label"] for record in result["records"]] for result in answer["results"]]


def test_a_cold_model_is_loaded_and_answers_with_its_times(pool: Pool, model: str) -> None:
    request = pool.request("the soup was good")
    answer = pool.pool.submit(model, request).result(SECONDS)

    assert answer["id"] == request.id
    assert sorted(labels(answer)[0]) == ["NEGATIVE", "NEUTRAL", "POSITIVE"]
    assert answer["timing_ms"]["load"] > 0
    assert {"queued", "model"} <= answer["timing_ms"].keys()
    assert pool.state(model) == "warm"


def test_a_warm_model_does_not_load_again(pool: Pool, model: str) -> None:
    pool.answer(model)
    assert pool.answer(model)["timing_ms"]["load"] == 0


def test_many_rows_come_back_in_order(pool: Pool, model: str) -> None:
    texts = [f"the soup {'was cold ' * number}" for number in range(40)]
    alone = [pool.answer(model, text)["results"][0]["records"] for text in texts[:5]]
    together = [each["records"] for each in pool.answer(model, *texts)["results"]]

    assert len(together) == 40
    for one, other in zip(alone, together, strict=False):
        assert [each["label"] for each in one] == [each["label"] for each in other]
        assert [each["score"] for each in one] == pytest.approx([each["score"] for each in other], abs=1e-5)


def test_many_who_wait_are_answered_by_few_calls_each_with_its_own(pool: Pool, model: str, gate: Gate) -> None:
    expected = [labels(pool.answer(model, text)) for text in ("good", "bad soup", "sarah lives in london")]
    before = len(calls(model))
    held = pool.ask(model, gate.row)
    wait_until(lambda: len(calls(model)) > before)
    asked = [pool.ask(model, text) for _ in range(64) for text in ("good", "bad soup", "sarah lives in london")]
    gate.open()
    wait([held, *asked], SECONDS)

    assert [labels(each.result()) for each in asked] == expected * 64
    assert len(calls(model)) - before - 1 == 192 / 32


def test_requests_with_other_params_are_not_mixed(pool: Pool, model: str, gate: Gate) -> None:
    pool.answer(model)
    held = pool.ask(model, gate.row)
    wait_until(lambda: calls(model)[1:])
    asked = [pool.ask(model, params={"top_k": number % 3 + 1}) for number in range(12)]
    gate.open()
    wait([held, *asked], SECONDS)

    assert [len(labels(each.result())[0]) for each in asked] == [1, 2, 3] * 4
    assert calls(model)[2:] == ["run 4"] * 3


def test_what_is_asked_together_is_answered_together(pool: Pool, model: str) -> None:
    pool.answer(model)
    asked = pool.pool.submit_all(model, [pool.request(f"text {number}") for number in range(10)])
    wait(asked, SECONDS)

    assert calls(model)[1:] == ["run 10"]


def test_a_wrong_param_is_named(pool: Pool, model: str) -> None:
    error = pool.answer(model, params={"topk": 1})["error"]
    assert (error["code"], error["field"]) == ("invalid-input", "params.topk")


def test_an_only_row_that_is_wrong_is_the_error_of_the_request(pool: Pool, model: str) -> None:
    error = pool.answer(model, rows=[{"texts": "good"}])["error"]
    assert (error["code"], error["field"]) == ("invalid-input", "texts")


def test_a_wrong_row_among_others_leaves_them_their_answers(pool: Pool, model: str) -> None:
    results = pool.answer(model, rows=[{"text": "good"}, {"text": 7}, {"text": "bad"}])["results"]

    assert [each["error"] and each["error"]["field"] for each in results] == [None, "text", None]
    assert results[0]["records"]
    assert results[1]["records"] == []


def test_a_wrong_request_does_not_disturb_those_it_shares_a_batch_with(pool: Pool, model: str, gate: Gate) -> None:
    pool.answer(model)
    held = pool.ask(model, gate.row)
    wait_until(lambda: calls(model)[1:])
    wrong, right = pool.ask(model, rows=[{}]), pool.ask(model)
    gate.open()
    wait([held, wrong, right], SECONDS)

    assert wrong.result()["error"]["field"] == "text"
    assert labels(right.result())


def test_bytes_reach_the_model(pool: Pool, tmp_path: Path) -> None:
    digits = played_models.save(tmp_path / "digits", task="image-classification")

    assert pool.answer(digits, rows=[get_task("image-classification").example])["results"][0]["records"]


def test_no_rows_are_no_results(pool: Pool, model: str) -> None:
    assert pool.answer(model, rows=[])["results"] == []
