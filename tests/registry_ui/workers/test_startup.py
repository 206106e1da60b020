"""How a worker begins, says what it holds, hears cancels, and does its duties."""

import threading
import time
from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery.concurrency import get_implementation

from registry_ui.jobs.interruption import ask_to_stop, running
from registry_ui.predictions import gateway, presence
from registry_ui.web.redis import client
from registry_ui.workers import advert as advert_module
from registry_ui.workers import startup
from registry_ui.workers.advert import Advert, queue_of
from registry_ui.workers.background import Repeating
from registry_ui.workers.control import Control


@pytest.fixture(autouse=True)
def _redis(redis):
    yield
    client().connection_pool.disconnect()


def state(uri, phase):
    return SimpleNamespace(
        uri=uri, state=phase, done_bytes=None, total_bytes=None, memory_bytes=7, reason=None, since=1.0, requests=0, idle_s=0.0
    )


class PlayedPool:
    def __init__(self, *states):
        self.list = list(states)
        self.cancelled = []

    def states(self):
        return self.list

    def cancel(self, request_id):
        self.cancelled.append(request_id)


@pytest.mark.parametrize("name", ["threads", "solo"])
def test_a_pool_of_threads_is_taken(name):
    startup.check_pool(get_implementation(name))


def test_a_forking_pool_is_refused_with_the_reason():
    with pytest.raises(SystemExit, match="-P threads"):
        startup.check_pool(get_implementation("prefork"))


def test_a_worker_says_what_it_holds_and_opens_a_queue_for_what_is_warm(monkeypatch):
    monkeypatch.setattr(advert_module, "QUEUE_SETTLES_S", 0)
    added = []
    pool = PlayedPool(state("models:/a/1", "warm"), state("models:/b/1", "loading"))
    advert = Advert("w", pool, budget_bytes=10, add_queue=lambda name: added.append(name) or True)
    advert.say()
    advert.say()

    (worker,) = presence.read_workers()
    assert [(each.uri, each.state, each.queue) for each in worker.models] == [
        ("models:/a/1", "warm", queue_of("models:/a/1")),
        ("models:/b/1", "loading", None),
    ]
    assert added == [queue_of("models:/a/1")]


def test_a_queue_is_told_to_nobody_before_the_worker_listens_to_it(monkeypatch):
    answers = iter((False, True))
    pool = PlayedPool(state("models:/a/1", "warm"))
    advert = Advert("w", pool, budget_bytes=10, add_queue=lambda name: next(answers))
    told = []
    for settles_s in (0, 3600, 3600, 0):
        monkeypatch.setattr(advert_module, "QUEUE_SETTLES_S", settles_s)
        advert.say()
        told.append(presence.read_workers()[0].models[0].queue)

    assert told == [None, None, None, queue_of("models:/a/1")]


def test_a_worker_that_leaves_takes_its_advert_down():
    advert = Advert("w", PlayedPool(), budget_bytes=10, add_queue=lambda name: True)
    advert.start()
    wait_until(lambda: presence.read_workers())
    advert.close()

    assert presence.read_workers() == []


def test_cancels_are_heard_at_once():
    pool, job_id, request_id = PlayedPool(), uuid4(), str(uuid4())
    control = Control(pool)
    control.start()
    wait_until(lambda: client().pubsub_numsub("registry:control")[0][1])
    with running.entered(job_id) as interruption:
        ask_to_stop(job_id)
        gateway.cancel(request_id)
        wait_until(lambda: pool.cancelled)
    control.close()

    assert interruption.reason == "cancelled"
    assert pool.cancelled == [request_id]


@pytest.mark.django_db(transaction=True)
def test_a_duty_that_fails_is_tried_again(caplog):
    turns = []

    def work():
        turns.append(1)
        if len(turns) == 1:
            raise ValueError("once")

    thread = Repeating("duty", work, every_s=0.01)
    thread.start()
    wait_until(lambda: len(turns) > 1)
    thread.close()

    assert "duty failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_nudge_brings_the_next_turn_now():
    turns = threading.Semaphore(0)
    thread = Repeating("duty", turns.release, every_s=3600)
    thread.start()
    assert turns.acquire(timeout=20)
    thread.nudge()
    assert turns.acquire(timeout=20)
    thread.close()


def wait_until(is_true):
    give_up = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.01)
