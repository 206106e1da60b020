"""Fixtures of the REST tests: a client that checks every answer against the OpenAPI document, and a worker that a test plays."""

import json
import threading

import jsonschema
import pytest
from django.test import Client
from django.urls import resolve

from registry_ui.accounts import tokens
from registry_ui.accounts.scopes import Scope
from registry_ui.api.openapi import openapi
from registry_ui.jobs import tasks
from registry_ui.predictions import dispatch, gateway
from registry_ui.predictions.lanes import Lanes
from registry_ui.predictions.tasks import predict_batch
from registry_ui.web.redis import client as redis_client
from tests.registry_ui.predictions.conftest import PlayedWorker, advertise, reply

PREFIX = "/api/v1"


class ApiClient(Client):
    """A client of REST, of which every answer must be as the OpenAPI document says, and every problem a problem document."""

    def request(self, **environ):
        response = super().request(**environ)
        if response.get("Content-Type", "").partition(";")[0] in {"application/json", "application/problem+json"}:
            check_answer(environ["PATH_INFO"], environ["REQUEST_METHOD"], response)
        return response

    def send(self, path, body, *, method="post", **headers):
        return getattr(self, method)(f"{PREFIX}{path}", json.dumps(body), content_type="application/json", headers=headers)

    def fetch(self, path, **headers):
        return self.get(f"{PREFIX}{path}", headers=headers)


def check_answer(path, method, response):
    document = openapi()
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        schema = {"$ref": "#/components/schemas/Problem"}
    else:
        said = document["paths"]["/" + template_of(path)][method.lower()]["responses"]
        assert str(response.status_code) in said, f"{method} {path} answers {response.status_code}, which it does not say"
        schema = said[str(response.status_code)]["content"]["application/json"]["schema"]
    jsonschema.validate(response.json(), {**schema, "components": document["components"]})


def template_of(path):
    """The path as OpenAPI writes it: converters left out."""
    route = resolve(path).route
    return route.replace("<segment:", "{").replace("<uuid:", "{").replace(">", "}")


@pytest.fixture(autouse=True)
def _fresh(redis, monkeypatch):
    monkeypatch.setattr(gateway, "_lanes", Lanes())
    dispatch.presence.forget()
    yield
    redis_client().connection_pool.disconnect()


@pytest.fixture
def bells(monkeypatch):
    """The ids that were rung for, instead of messages to a broker."""
    rung = []
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: rung.append(args[0]))
    return rung


@pytest.fixture
def api(alice) -> ApiClient:
    """A machine with a token of alice that may do everything."""
    return client_with(alice, *Scope)


def client_with(user, *scopes) -> ApiClient:
    """A machine with a token of these scopes."""
    _, plain = tokens.create(user, name="ci", scopes=scopes)
    return ApiClient(headers={"Authorization": f"Bearer {plain}"})


class AnsweringWorker(PlayedWorker):
    """A living worker that answers every message at once: by `answers`, a function of a request, which a test sets."""

    def __init__(self):
        super().__init__()
        self._threads = []
        self.answers = lambda request: {"results": [{"records": [row]} for row in request.rows]}

    def receive(self, args, *, queue, retry):
        super().receive(args, queue=queue, retry=retry)
        message = self.take()
        thread = threading.Thread(target=self._answer, args=(message,))
        self._threads.append(thread)
        thread.start()

    def close(self):
        for thread in self._threads:
            thread.join()

    def _answer(self, message):
        for request in message.requests:
            answer = self.answers(request)
            if answer is not None:
                reply(request.id, **answer)

    @property
    def asked(self):
        """The newest request that came."""
        return self.sent[-1][1].requests[-1]


@pytest.fixture
def worker(monkeypatch):
    played = AnsweringWorker()
    monkeypatch.setattr(predict_batch, "apply_async", played.receive)
    advertise()
    yield played
    played.close()
