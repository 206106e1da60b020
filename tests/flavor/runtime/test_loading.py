"""How models come into memory and leave it: once each, within a budget, with the reason when they cannot."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flavor.errors import ModelNotLoadable
from flavor.runtime.pool import ModelFiles, ModelPool
from flavor.runtime.zygote import ChildCancelled, ChildFailed, Zygote
from tests.flavor.runtime import played_models
from tests.flavor.runtime.conftest import SECONDS, Gate, Pool, calls, wait_until
from tests.flavor.runtime.test_children_of_models import children, only_child

MB = 2**20


class Downloads:
    """A store to fetch from: counts, tells bytes, and may hold or fail."""

    def __init__(self, *, is_held: bool = False) -> None:
        self.fetched: list[str] = []
        self.error: Exception | None = None
        self.released = threading.Event()
        if not is_held:
            self.released.set()

    def __call__(self, uri: str, progress: Any, is_cancelled: Any) -> ModelFiles:
        self.fetched.append(uri)
        progress(10, 100)
        while not self.released.wait(0.01):
            if is_cancelled():
                raise InterruptedError
        if self.error:
            raise self.error
        progress(100, 100)
        return ModelFiles(uri)


def ballast(tmp_path: Path, name: str, **behaviour: Any) -> str:
    """A model that holds about 250 MB and whose files let expect 370."""
    return played_models.save(tmp_path / name, weights_bytes=200 * MB, ballast_bytes=200 * MB, **behaviour)


def test_many_who_want_one_model_load_it_once(make_pool: Any, model: str, zygote: Zygote) -> None:
    downloads = Downloads()
    pool = make_pool(fetch=downloads)
    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(lambda _: pool.pool.load(model), range(8)))

    assert {str(each.state) for each in states} == {"warm"}
    assert downloads.fetched == [model]
    assert only_child(zygote)


def test_the_stages_of_a_load_are_told_with_bytes(make_pool: Any, model: str) -> None:
    pool = make_pool(fetch=Downloads())
    heard: list[Any] = []
    loaded = pool.pool.load(model, on_state=heard.append)

    stages = [str(each.state) for each in pool.changes]
    assert list(dict.fromkeys(stages)) == ["fetching", "loading", "warm"]
    assert (100, 100) in {(each.done_bytes, each.total_bytes) for each in pool.changes}
    assert str(heard[-1].state) == "warm"
    assert loaded.memory_bytes > MB
    assert loaded.uri == model


def test_a_model_that_cannot_be_fetched_says_why(make_pool: Any, model: str) -> None:
    downloads = Downloads()
    downloads.error = ModelNotLoadable("The model's folder is gone.")
    pool = make_pool(fetch=downloads)

    with pytest.raises(ChildFailed) as raised:
        pool.pool.load(model)
    assert (raised.value.code, raised.value.detail) == ("model-not-loadable", "The model's folder is gone.")
    (state,) = pool.pool.states()
    assert (str(state.state), state.reason) == ("failed", "The model's folder is gone.")


def test_a_model_that_cannot_be_loaded_says_why_to_each_who_asks(pool: Pool, tmp_path: Path) -> None:
    broken = played_models.save(tmp_path / "broken", is_corrupt=True)
    first, second = pool.answer(broken)["error"], pool.answer(broken)["error"]

    assert first == second
    assert first["code"] == "model-not-loadable"
    assert "corrupt" in first["detail"]


def test_a_failure_is_remembered_for_requests_and_tried_again_by_a_load(make_pool: Any, model: str) -> None:
    downloads = Downloads()
    downloads.error = ModelNotLoadable("The store is away.")
    pool = make_pool(fetch=downloads)
    for _ in range(3):
        assert pool.answer(model)["error"]["detail"] == "The store is away."
    assert len(downloads.fetched) == 1
    downloads.error = None

    assert str(pool.pool.load(model).state) == "warm"
    assert pool.answer(model)["results"]


def test_an_error_that_nobody_foresaw_shows_its_name_only(make_pool: Any, model: str) -> None:
    downloads = Downloads()
    downloads.error = ZeroDivisionError("secret")
    error = make_pool(fetch=downloads).answer(model)["error"]

    assert error["code"] == "internal-error"
    assert "ZeroDivisionError" in error["detail"]
    assert "secret" not in error["detail"]


def test_a_cancelled_load_leaves_the_model_cold(make_pool: Any, model: str) -> None:
    downloads = Downloads(is_held=True)
    pool = make_pool(fetch=downloads)
    with pytest.raises(ChildCancelled):
        pool.pool.load(model, is_cancelled=lambda: bool(downloads.fetched))

    wait_until(lambda: pool.state(model) == "cold")
    downloads.released.set()
    assert pool.answer(model)["results"]


def test_a_load_that_others_wait_for_goes_on_when_one_cancels(make_pool: Any, model: str) -> None:
    downloads = Downloads(is_held=True)
    pool = make_pool(fetch=downloads)
    asked = pool.ask(model)
    with pytest.raises(ChildCancelled):
        pool.pool.load(model, is_cancelled=lambda: bool(downloads.fetched))
    downloads.released.set()

    assert asked.result(SECONDS)["results"]
    assert len(downloads.fetched) == 1


def test_different_models_load_beside_each_other(make_pool: Any, model: str, writer: str) -> None:
    downloads = Downloads(is_held=True)
    pool = make_pool(fetch=downloads)
    first, second = pool.ask(model), pool.ask(writer, params={"max_new_tokens": 1})
    wait_until(lambda: len(downloads.fetched) == 2)
    downloads.released.set()

    assert first.result(SECONDS)["results"]
    assert second.result(SECONDS)["results"]


def test_the_model_unused_for_longest_makes_room(make_pool: Any, tmp_path: Path, zygote: Zygote) -> None:
    pool = make_pool(budget_bytes=700 * MB)
    first, second, third = (ballast(tmp_path, name) for name in ("first", "second", "third"))
    pool.answer(first)
    pool.answer(second)
    pool.answer(first)
    pool.answer(third)

    assert {each: pool.state(each) for each in (first, second, third)} == {first: "warm", second: "cold", third: "warm"}
    wait_until(lambda: len(children(zygote)) == 2)
    assert pool.answer(second)["results"]


def test_a_busy_model_is_never_taken_out(make_pool: Any, tmp_path: Path, gate: Gate) -> None:
    pool = make_pool(budget_bytes=400 * MB)
    busy = ballast(tmp_path, "busy", calls=str(tmp_path / "busy" / "calls"))
    other = ballast(tmp_path, "other")
    pool.answer(busy)
    held = pool.ask(busy, gate.row)
    wait_until(lambda: calls(busy))
    asked = pool.ask(other)
    wait_until(lambda: pool.state(other) == "loading")
    assert pool.state(busy) == "warm"
    gate.open()

    assert held.result(SECONDS)["results"]
    assert asked.result(SECONDS)["results"]
    assert pool.state(busy) == "cold"


def test_a_model_bigger_than_the_budget_is_refused_with_figures(make_pool: Any, tmp_path: Path) -> None:
    pool = make_pool(budget_bytes=1000 * MB)
    huge = played_models.save(tmp_path / "huge", weights_bytes=3 * 10**9)
    error = pool.answer(huge)["error"]

    assert error["code"] == "model-not-loadable"
    assert "needs 3.7 GB" in error["detail"]
    assert "1.0 GB are free" in error["detail"]


def test_a_model_that_turns_out_bigger_than_the_budget_is_refused(make_pool: Any, tmp_path: Path, zygote: Zygote) -> None:
    pool = make_pool(budget_bytes=200 * MB)
    liar = played_models.save(tmp_path / "liar", ballast_bytes=400 * MB)
    error = pool.answer(liar)["error"]

    assert error["code"] == "model-not-loadable"
    wait_until(lambda: children(zygote) == [])


def test_an_unloaded_model_gives_its_memory_back(pool: Pool, model: str, zygote: Zygote) -> None:
    pool.answer(model)
    pid = only_child(zygote)
    pool.pool.unload(model)

    wait_until(lambda: children(zygote) == [])
    assert pool.state(model) == "cold"
    assert str(pool.changes[-1].state) == "cold"
    assert pool.answer(model)["results"]
    assert children(zygote) != [pid]


def test_a_busy_model_is_unloaded_when_it_has_answered(pool: Pool, model: str, gate: Gate, zygote: Zygote) -> None:
    pool.answer(model)
    held = pool.ask(model, gate.row)
    wait_until(lambda: calls(model)[1:])
    pool.pool.unload(model)
    assert only_child(zygote)
    gate.open()

    assert held.result(SECONDS)["results"]
    wait_until(lambda: children(zygote) == [])


def test_states_count_requests_and_idle_time(pool: Pool, model: str) -> None:
    assert pool.pool.states() == []
    for _ in range(3):
        pool.answer(model)

    (state,) = pool.pool.states()
    assert state.requests == 3
    assert state.idle_s is not None
    assert state.idle_s >= 0
    assert time.time() - SECONDS < state.since <= time.time()


def test_a_pool_without_requests_sleeps(zygote: Zygote) -> None:
    pool = ModelPool(zygote, budget_bytes=MB, fetch=Downloads())
    pool.close()
    assert not [each for each in threading.enumerate() if each.name == "pool-watch" and each.is_alive()]
