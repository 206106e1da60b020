"""When no answer comes: each way to fail has its status, and says when to come again."""

import pytest
from kombu.exceptions import OperationalError

from registry_ui.predictions import gateway
from registry_ui.predictions.outcomes import PredictionFailed
from registry_ui.predictions.presence import withdraw
from registry_ui.predictions.tasks import predict_batch
from tests.factories import make_version
from tests.registry_ui.predictions.conftest import advertise

pytestmark = pytest.mark.django_db

PREDICT = "/models/sentiment/versions/1/predict"


@pytest.fixture(autouse=True)
def _sentiment(db):
    make_version()


@pytest.mark.parametrize(
    ("code", "status", "called"),
    [
        ("model-not-loadable", 409, "model-not-loadable"),
        ("untrusted-code", 409, "untrusted-code"),
        ("unsupported-task", 409, "unsupported-task"),
        ("missing-dependency", 409, "missing-dependency"),
        ("cancelled", 409, "cancelled"),
        ("timeout", 504, "timeout"),
        ("queue-full", 429, "queue-full"),
        ("runner-crashed", 502, "runner-crashed"),
        ("out-of-memory", 502, "out-of-memory"),
        ("hub-unavailable", 503, "unavailable"),
        ("internal-error", 500, "internal-error"),
        ("something-new", 502, "prediction-failed"),
    ],
)
def test_every_way_to_fail_has_its_status(code, status, called, api, worker):
    worker.answers = lambda request: {"error": {"code": code, "detail": "This is why.", "field": None}}
    answer = api.send(PREDICT, {"inputs": "a"})

    assert (answer.status_code, answer.json()["code"]) == (status, called)
    assert answer.json()["detail"] == "This is why."


def test_without_a_worker_it_fails_at_once_and_says_when_to_come_again(api):
    answer = api.send(PREDICT, {"inputs": "a"})

    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "no-worker", "5")


def test_a_broker_that_is_away(api, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError("no broker")

    monkeypatch.setattr(predict_batch, "apply_async", refuse)
    advertise()

    assert api.send(PREDICT, {"inputs": "a"}).json()["code"] == "no-worker"
    withdraw("w")


def test_a_full_queue_says_when_to_come_again(api, worker, monkeypatch):
    def refuse(*args, **options):
        raise PredictionFailed("queue-full", "256 requests wait for this model already.", retry_after_s=1.0)

    monkeypatch.setattr(gateway, "predict", refuse)
    answer = api.send(PREDICT, {"inputs": "a"})

    assert (answer.status_code, answer["Retry-After"]) == (429, "1")


def test_the_deadline_of_the_request_is_kept(api, worker, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.05)
    worker.answers = lambda request: None
    answer = api.send(PREDICT, {"inputs": "a", "options": {"timeout_s": 0.1}})

    assert (answer.status_code, answer.json()["code"]) == (504, "timeout")
    assert "cold" in answer.json()["detail"]
