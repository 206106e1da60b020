"""Deadlines and cancels, in three rings: dropped while they wait, stopped while they run, the child ended at last."""

import time
from concurrent.futures import Future
from typing import Any

from tests.flavor.runtime.conftest import SECONDS, Gate, Pool, calls, wait_until


def hold(pool: Pool, model: str, gate: Gate) -> Future:
    """Keep the model busy until the gate is opened."""
    pool.answer(model)
    before = len(calls(model))
    held = pool.ask(model, gate.row)
    wait_until(lambda: len(calls(model)) > before)
    return held


def test_a_cancelled_request_that_waits_is_answered_at_once_and_never_run(pool: Pool, model: str, gate: Gate) -> None:
    hold(pool, model, gate)
    request = pool.request("unwanted")
    future = pool.pool.submit(model, request)
    pool.pool.cancel(request.id)

    assert future.result(SECONDS)["error"]["code"] == "cancelled"
    gate.open()
    pool.answer(model)
    assert calls(model)[1:] == ["run 1", "run 1"]


def test_a_request_whose_deadline_passes_while_it_waits_is_never_run(pool: Pool, model: str, gate: Gate) -> None:
    held = hold(pool, model, gate)
    late = pool.ask(model, seconds=0.3)

    assert late.result(SECONDS)["error"]["code"] == "timeout"
    gate.open()
    assert held.result(SECONDS)["results"]
    pool.answer(model)
    assert calls(model)[1:] == ["run 1", "run 1"]


def test_a_request_past_its_deadline_from_the_start_is_answered(pool: Pool, model: str) -> None:
    assert pool.ask(model, seconds=-1).result(SECONDS)["error"]["code"] == "timeout"


def test_a_hung_child_is_ended_after_the_deadline_and_the_next_request_has_another(pool: Pool, model: str) -> None:
    pool.answer(model)
    started = time.monotonic()
    error = pool.ask(model, "sleep 600", seconds=0.5).result(SECONDS)["error"]

    assert error["code"] == "timeout"
    assert pool.answer(model)["results"]
    assert time.monotonic() - started < SECONDS


def test_a_cancelled_request_that_does_not_stop_ends_its_child(pool: Pool, model: str) -> None:
    pool.answer(model)
    request = pool.request("sleep 600")
    future = pool.pool.submit(model, request)
    wait_until(lambda: calls(model)[1:])
    pool.pool.cancel(request.id)

    assert future.result(SECONDS)["error"]["code"] == "cancelled"
    assert pool.answer(model)["results"]


def test_requests_that_waited_behind_a_hung_one_are_answered_by_the_next_child(pool: Pool, model: str) -> None:
    pool.answer(model)
    hung = pool.ask(model, "sleep 600", seconds=3)
    wait_until(lambda: calls(model)[1:])
    waiting = pool.ask(model)

    assert hung.result(SECONDS)["error"]["code"] == "timeout"
    assert waiting.result(SECONDS)["results"]


def test_a_request_that_still_has_time_keeps_its_child_alive(pool: Pool, model: str, gate: Gate) -> None:
    held = hold(pool, model, gate)
    late = pool.ask(model, seconds=0.2)
    assert late.result(SECONDS)["error"]["code"] == "timeout"
    gate.open()

    assert held.result(SECONDS)["results"]
    assert pool.state(model) == "warm"


def test_a_request_that_waits_for_a_slow_load_is_told_so_at_its_deadline(make_pool: Any, model: str) -> None:
    pool = make_pool(fetch=fetch_when_it_shall)
    error = pool.ask(model, seconds=0.3).result(SECONDS)["error"]

    assert error["code"] == "timeout"
    assert "fetching" in error["detail"]


def test_a_cancelled_request_that_waits_for_a_load_is_answered_at_once(make_pool: Any, model: str) -> None:
    pool = make_pool(fetch=fetch_when_it_shall)
    request = pool.request()
    future = pool.pool.submit(model, request)
    pool.pool.cancel(request.id)

    assert future.result(SECONDS)["error"]["code"] == "cancelled"


def fetch_when_it_shall(uri: str, progress: Any, is_cancelled: Any) -> str:
    """A download that never comes, until it is cancelled."""
    while not is_cancelled():
        time.sleep(0.01)
    raise InterruptedError
