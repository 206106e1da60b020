"""Answers that are fetched later: promises, waiting, cancelling."""

import pytest

from registry_ui.accounts.scopes import Scope
from registry_ui.predictions import history
from registry_ui.predictions.wire import cancelled_key
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX, client_with
from tests.registry_ui.predictions.conftest import reply

pytestmark = pytest.mark.django_db

PREDICT = "/models/sentiment/versions/1/predict"
RECORDS = [{"label": "good", "score": 1.0}]


@pytest.fixture(autouse=True)
def _sentiment(worker):
    worker.answers = lambda request: None
    make_version()


def ask(api, inputs="a", prefer="respond-async", **more):
    return api.send(PREDICT, {"inputs": inputs, **more}, Prefer=prefer)


def answer_it(worker):
    message = worker.sent[-1][1]
    answer = {"results": [{"records": RECORDS} for _ in worker.asked.rows]}
    reply(worker.asked.id, **answer)
    return message, answer


def test_a_promise_says_where_the_answer_will_be_and_where_the_model_is(api):
    answer = ask(api)

    assert answer.status_code == 202
    assert answer["Preference-Applied"] == "respond-async"
    assert answer["Retry-After"] == "1"
    assert answer["Location"] == answer.json()["links"]["self"]
    assert answer.json()["model_state"]["state"] == "cold"


def test_the_answer_is_fetched_from_there_as_often_as_one_likes(api, worker):
    promise = ask(api)
    pending = api.get(promise["Location"])
    message, answer = answer_it(worker)
    first = api.get(promise["Location"])
    history.write([history.row_of(message, worker.asked, {"id": worker.asked.id, **answer})])
    second = api.get(promise["Location"])

    assert (pending.status_code, pending.json()["status"]) == (202, "pending")
    assert (first.status_code, first.json()["status"], first.json()["outputs"]) == (200, "succeeded", RECORDS)
    assert second.json() == first.json()
    assert second.json()["model"] == {"name": "sentiment", "version": "1", "uri": "models:/sentiment/1"}
    assert second.json()["task"] == "text-classification"


def test_a_list_is_a_list_when_it_is_fetched(api, worker):
    promise = ask(api, inputs=["a"])
    answer_it(worker)

    assert api.get(promise["Location"]).json()["outputs"] == [RECORDS]


def test_a_failure_is_fetched_as_one(api, worker):
    promise = ask(api)
    reply(worker.asked.id, error={"code": "runner-crashed", "detail": "It died.", "field": None})
    answer = api.get(promise["Location"])

    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    assert (answer.json()["error"]["code"], answer.json()["error"]["status"]) == ("runner-crashed", 502)


def test_waiting_a_little_gives_a_promise_when_it_takes_longer(api):
    answer = ask(api, prefer="wait=0")

    assert (answer.status_code, answer["Preference-Applied"]) == (202, "wait=0")


def test_waiting_gives_the_answer_when_it_comes_in_time(api, worker):
    worker.answers = lambda request: {"results": [{"records": RECORDS}]}
    answer = ask(api, prefer="respond-async, wait=20")

    assert (answer.status_code, answer.json()["outputs"]) == (200, RECORDS)
    assert answer["Preference-Applied"] == "respond-async, wait=20"


def test_fetching_may_wait_too(api, worker):
    promise = ask(api)
    answer_it(worker)
    answer = api.get(promise["Location"], headers={"Prefer": "wait=20"})

    assert answer.json()["status"] == "succeeded"


@pytest.mark.parametrize("prefer", ["wait=soon", "wait=-1", "handling=strict", "wait"])
def test_a_preference_that_cannot_be_read_is_ignored(prefer, api, worker):
    worker.answers = lambda request: {"results": [{"records": RECORDS}]}
    answer = ask(api, prefer=prefer)

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer


def test_a_promise_may_be_cancelled(api, worker, redis):
    promise = ask(api).json()
    cancelled = api.post(promise["links"]["cancel"])

    assert cancelled.status_code == 204
    assert redis.exists(cancelled_key(promise["id"]))


def test_deleting_is_cancelling(api, redis):
    promise = ask(api).json()

    assert api.delete(promise["links"]["self"]).status_code == 204
    assert redis.exists(cancelled_key(promise["id"]))


def test_nobody_cancels_what_somebody_else_asked(api, bob, redis):
    promise = ask(api).json()
    answer = client_with(bob, *Scope).post(promise["links"]["cancel"])

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not redis.exists(cancelled_key(promise["id"]))


def test_an_unknown_prediction_cannot_be_cancelled(api):
    for path in ("/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11", "/predictions/nothing"):
        assert api.delete(f"{PREFIX}{path}").status_code == 404
