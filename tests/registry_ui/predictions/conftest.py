"""Fixtures of the prediction tests: a real Redis, a worker's advert, and a worker that a test plays itself."""

import json
import queue
import time

import pytest

from flavor.tasks import Field, Kind, Task
from registry_ui.predictions import dispatch, gateway, presence
from registry_ui.predictions.lanes import Lanes
from registry_ui.predictions.outcomes import ModelStateView, WorkerView
from registry_ui.predictions.tasks import predict_batch
from registry_ui.predictions.wire import Message, reply_key
from registry_ui.web.redis import client


class Echo(Task):
    name = "echo"
    title = "Echo"
    inputs = (Field("text", Kind.TEXT, "A text."), Field("image", Kind.IMAGE, "An image.", required=False))
    outputs = (Field("text", Kind.TEXT, "The same text."),)
    example = {"text": "hello"}


TARGET = gateway.Target("models:/echo/1", "echo", "1", Echo())


class PlayedWorker:
    """What a test sees of the worker's side: the messages that were sent, and a way to answer them."""

    def __init__(self):
        self.messages = queue.Queue()
        self.sent = []

    def take(self):
        return self.messages.get(timeout=20)

    def receive(self, args, *, queue, retry):
        message = Message.from_json(json.loads(json.dumps(args[0])))
        self.sent.append((queue, message))
        self.messages.put(message)

    def answer(self, message):
        for request in message.requests:
            reply(request.id, results=[{"records": [row]} for row in request.rows])


def reply(request_id, **answer):
    client().rpush(reply_key(request_id), json.dumps({"id": request_id, **answer}))


def advertise(name="w", *, models=(), jobs=(), packages=()):
    now = time.time()
    said = {"jobs": list(jobs), "models": [ModelStateView(**model) for model in models], "packages": dict(packages)}
    presence.advertise(WorkerView(name, "host", 1, seen_at=now, started_at=now, **said))
    dispatch.presence.forget()


@pytest.fixture(autouse=True)
def _fresh(redis, monkeypatch):
    monkeypatch.setattr(gateway, "_lanes", Lanes())
    dispatch.presence.forget()
    yield
    client().connection_pool.disconnect()


@pytest.fixture
def worker(monkeypatch):
    """A living worker that a test plays."""
    played = PlayedWorker()
    monkeypatch.setattr(predict_batch, "apply_async", played.receive)
    advertise()
    return played
