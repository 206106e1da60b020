"""Children that die: their callers hear it, nobody else does, and the model comes again."""

import os
import signal
from typing import Any

import psutil
import pytest

from flavor.runtime.zygote import Zygote
from tests.flavor.runtime.conftest import SECONDS, Gate, Pool, calls, wait_until
from tests.flavor.runtime.test_giving_up import hold


def children(zygote: Zygote) -> list[int]:
    assert zygote.pid is not None
    return [each.pid for each in psutil.Process(zygote.pid).children() if each.status() != psutil.STATUS_ZOMBIE]


def only_child(zygote: Zygote) -> int:
    wait_until(lambda: len(children(zygote)) == 1)
    return children(zygote)[0]


@pytest.mark.parametrize(("row", "how"), [("crash", "SIGSEGV"), ("die", "exit status 3")])
def test_a_model_that_dies_is_told_to_its_caller_and_loaded_for_the_next(pool: Pool, model: str, row: str, how: str) -> None:
    pool.answer(model)
    error = pool.answer(model, row)["error"]

    assert error["code"] == "runner-crashed"
    assert how in error["detail"]
    assert pool.answer(model)["results"]


def test_a_child_killed_from_outside_was_probably_short_of_memory(pool: Pool, model: str, gate: Gate, zygote: Zygote) -> None:
    held = hold(pool, model, gate)
    os.kill(only_child(zygote), signal.SIGKILL)

    error = held.result(SECONDS)["error"]
    assert error["code"] == "runner-crashed"
    assert "out of memory" in error["detail"]


def test_an_idle_child_that_is_killed_leaves_the_model_cold(pool: Pool, model: str, zygote: Zygote) -> None:
    pool.answer(model)
    os.kill(only_child(zygote), signal.SIGKILL)

    wait_until(lambda: pool.state(model) == "cold")
    assert pool.answer(model)["results"]


def test_requests_that_had_not_begun_are_answered_by_the_next_child(pool: Pool, model: str, gate: Gate, zygote: Zygote) -> None:
    held = hold(pool, model, gate)
    waiting = [pool.ask(model) for _ in range(3)]
    os.kill(only_child(zygote), signal.SIGKILL)

    assert held.result(SECONDS)["error"]["code"] == "runner-crashed"
    assert all(each.result(SECONDS)["results"] for each in waiting)


def test_of_a_batch_that_kills_its_child_only_the_one_to_blame_fails(pool: Pool, model: str) -> None:
    pool.answer(model)
    rows = ("good", "crash", "bad")
    asked = pool.pool.submit_all(model, [pool.request(text) for text in rows])
    answers = [each.result(SECONDS) for each in asked]

    assert [each.get("error") and each["error"]["code"] for each in answers] == [None, "runner-crashed", None]


def test_a_model_that_dies_again_and_again_is_left_alone_for_a_while(pool: Pool, model: str) -> None:
    for _ in range(3):
        pool.answer(model, "crash")

    error = pool.answer(model)["error"]
    assert error["code"] == "runner-crashed"
    assert "3 times in a row" in error["detail"]
    assert pool.state(model) == "failed"
    assert str(pool.pool.load(model).state) == "warm"


def test_another_model_does_not_notice(pool: Pool, model: str, writer: str) -> None:
    pool.answer(writer, params={"max_new_tokens": 1})
    before = len(calls(writer))
    pool.answer(model, "crash")

    assert pool.answer(writer, params={"max_new_tokens": 1})["timing_ms"]["load"] == 0
    assert len(calls(writer)) == before + 1


def test_a_closed_pool_leaves_no_child(make_pool: Any, model: str, writer: str, zygote: Zygote) -> None:
    pool = make_pool()
    pool.answer(model)
    running = pool.ask(writer, params={"max_new_tokens": 50})
    wait_until(lambda: calls(writer)[0:])
    pool.pool.close()

    assert running.result(0)["results"]
    assert pool.answer(model)["error"]["code"] == "no-worker"
    wait_until(lambda: children(zygote) == [])
