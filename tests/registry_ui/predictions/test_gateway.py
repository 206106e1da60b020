"""What callers of the gateway get: answers, promises, failures."""

import base64
import threading
import time

import pytest
from kombu.exceptions import OperationalError

from flavor.tasks import InvalidInput
from registry_ui.assets.services import read
from registry_ui.predictions import dispatch, gateway, history
from registry_ui.predictions.gateway import Outcome, Pending, PredictionFailed, UnknownPrediction, collect, predict
from registry_ui.predictions.presence import withdraw
from registry_ui.predictions.tasks import predict_batch
from registry_ui.predictions.wire import taken_key
from tests.registry_ui.assets.test_services import image
from tests.registry_ui.predictions.conftest import TARGET, advertise, reply

pytestmark = pytest.mark.django_db(transaction=True)


class Asking(threading.Thread):
    """A caller in a thread of its own; `outcome` is what it got."""

    def __init__(self, text="hello", **options):
        super().__init__()
        self.text, self.options, self.outcome = text, options, None
        self.start()

    def run(self):
        try:
            self.outcome = predict(TARGET, [{"text": self.text}], **self.options)
        except PredictionFailed as error:
            self.outcome = error

    def result(self):
        self.join(timeout=30)
        return self.outcome


def wait_until(is_true):
    give_up = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def waiting():
    return len(gateway._lanes._lanes[TARGET.uri]._waiting)


def test_an_answer_reaches_its_caller(worker):
    asking = Asking("hello")
    worker.answer(worker.take())

    assert asking.result().results == [{"records": [{"text": "hello"}]}]


def test_the_answer_says_how_long_it_took(worker):
    asking = Asking()
    reply(worker.take().requests[0].id, results=[], timing_ms={"model": 3})

    assert asking.result().timing_ms.keys() == {"model", "total"}


def test_what_comes_while_a_batch_is_in_flight_goes_together_in_one_message(worker):
    first = Asking("first")
    in_flight = worker.take()
    others = [Asking(f"other {number}") for number in range(10)]
    wait_until(lambda: waiting() == 10)
    assert len(worker.sent) == 1

    worker.answer(in_flight)
    second = worker.take()
    worker.answer(second)

    assert len(second.requests) == 10
    assert first.result().results[0]["records"] == [{"text": "first"}]
    assert [each.result().results[0]["records"] for each in others] == [[{"text": f"other {n}"}] for n in range(10)]
    assert len(worker.sent) == 2


def test_without_any_worker_it_fails_at_once():
    with pytest.raises(PredictionFailed, match="No worker is running") as failed:
        predict(TARGET, [{"text": "hello"}])
    assert failed.value.code == "no-worker"


def test_an_error_of_the_model_names_code_and_field(worker):
    asking = Asking()
    reply(worker.take().requests[0].id, error={"code": "invalid-input", "detail": "text is missing", "field": "text"})

    error = asking.result()
    assert (error.code, error.detail, error.field) == ("invalid-input", "text is missing", "text")


def test_the_deadline_travels_along_and_ends_the_waiting(worker, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.05)
    before = time.time()
    error = Asking(timeout_s=0.2).result()

    assert error.code == "timeout"
    assert "cold" in error.detail
    assert before < worker.take().requests[0].deadline < before + 20


def test_a_caller_who_gave_up_does_not_hold_up_the_others(worker, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.05)
    assert Asking(timeout_s=0.1).result().code == "timeout"
    worker.take()
    asking = Asking()
    worker.answer(worker.take())

    assert isinstance(asking.result(), Outcome)


def test_too_many_waiting_are_refused_with_a_hint_when_to_come_again(worker, settings):
    settings.PREDICT_MAX_WAITING = 2
    first = Asking()
    in_flight = worker.take()
    others = [Asking(), Asking()]
    wait_until(lambda: waiting() == 2)

    error = Asking().result()
    worker.answer(in_flight)
    worker.answer(worker.take())

    assert (error.code, error.retry_after_s) == ("queue-full", 1)
    assert all(isinstance(each.result(), Outcome) for each in [first, *others])


def test_a_broker_that_takes_no_message_is_a_clear_error(worker, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError("no broker")

    monkeypatch.setattr(predict_batch, "apply_async", refuse)

    assert Asking().result().code == "no-worker"


def test_a_request_goes_to_the_queue_of_the_worker_that_holds_the_model(worker):
    advertise(models=[{"uri": TARGET.uri, "state": "warm", "queue": "m.1"}])
    asking = Asking()
    worker.answer(worker.take())
    asking.result()

    assert worker.sent[0][0] == "m.1"


def test_a_cold_model_is_asked_for_on_the_common_queue(worker):
    asking = Asking()
    worker.answer(worker.take())
    asking.result()

    assert worker.sent[0][0] == "predict"


def test_a_request_whose_worker_died_is_sent_again(worker, redis, monkeypatch):
    monkeypatch.setattr(gateway, "SLICE_S", 0.05)
    advertise("other")
    asking = Asking()
    taken = worker.take()
    redis.set(taken_key(taken.id), "w/1")
    withdraw("w")
    dispatch.presence.forget()
    again = worker.take()
    worker.answer(again)

    assert isinstance(asking.result(), Outcome)
    assert again.requests == taken.requests


def test_a_caller_who_does_not_wait_gets_a_promise_with_the_models_state(worker):
    advertise(models=[{"uri": TARGET.uri, "state": "fetching", "done_bytes": 3, "total_bytes": 9}])
    promise = predict(TARGET, [{"text": "hello"}], wait_s=0.05)

    assert isinstance(promise, Pending)
    assert (promise.state.state, promise.state.done_bytes) == ("fetching", 3)
    assert isinstance(collect(promise.request_id), Pending)

    worker.answer(worker.take())
    assert collect(promise.request_id).results == [{"records": [{"text": "hello"}]}]


def test_a_promise_given_while_another_batch_was_in_flight_is_sent_too(worker):
    first = Asking()
    in_flight = worker.take()
    promise = predict(TARGET, [{"text": "second"}], wait_s=0.05)
    worker.answer(worker.take())

    assert collect(promise.request_id).results == [{"records": [{"text": "second"}]}]
    worker.answer(in_flight)
    first.result()


def test_a_promise_that_nobody_kept_becomes_a_timeout(worker, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.0)
    promise = predict(TARGET, [{"text": "hello"}], wait_s=0.01, timeout_s=0.02)
    time.sleep(0.03)

    assert collect(promise.request_id).error["code"] == "timeout"


def test_a_promise_whose_worker_died_is_sent_again(worker):
    advertise("other")
    promise = predict(TARGET, [{"text": "hello"}], wait_s=0.01)
    worker.take()
    withdraw("w")
    dispatch.presence.forget()
    collect(promise.request_id)

    worker.answer(worker.take())
    assert isinstance(collect(promise.request_id), Outcome)


def test_an_error_is_collected_as_an_outcome(worker):
    promise = predict(TARGET, [{"text": "hello"}], wait_s=0.01)
    reply(promise.request_id, error={"code": "model-not-loadable", "detail": "config.json is missing", "field": None})

    assert collect(promise.request_id).error["detail"] == "config.json is missing"


def test_a_past_prediction_is_collected_from_the_history(worker):
    promise = predict(TARGET, [{"text": "hello"}], wait_s=0.01)
    message = worker.take()
    answer = {"id": promise.request_id, "results": [{"records": [1]}], "timing_ms": {"model": 2}}
    history.write([history.row_of(message, message.requests[0], answer)])

    assert collect(promise.request_id) == Outcome(promise.request_id, [{"records": [1]}], {"model": 2})


@pytest.mark.parametrize("request_id", ["nonsense", "0528644f-9068-4011-b02e-9355c6e00ace"])
def test_an_unknown_prediction_is_named(request_id, monkeypatch):
    monkeypatch.setattr(gateway, "ROW_FOLLOWS_S", 0)
    with pytest.raises(UnknownPrediction, match=request_id):
        collect(request_id)


@pytest.mark.parametrize(
    "as_sent",
    [
        lambda data: data,
        lambda data: base64.b64encode(data).decode(),
        lambda data: "data:image/png;base64," + base64.b64encode(data).decode(),
    ],
)
def test_media_travel_as_asset_ids(worker, as_sent):
    promise = predict(TARGET, [{"text": "hello", "image": as_sent(image())}], wait_s=0.01)
    (row,) = worker.take().requests[0].rows

    assert row.keys() == {"text", "image"}
    assert read(row["image"]["asset"]) == image()
    assert isinstance(promise, Pending)


@pytest.mark.parametrize("value", ["no base64!", 3, {"asset": "nonsense"}])
def test_a_medium_that_is_none_is_refused_naming_the_field(worker, value):
    with pytest.raises(InvalidInput) as refused:
        predict(TARGET, [{"text": "hello", "image": value}])
    assert refused.value.field == "image"


def test_workers_and_models_are_listed_while_their_worker_lives(worker):
    advertise(
        "a", models=[{"uri": "models:/x/1", "state": "loading"}, {"uri": "models:/y/1", "state": "failed", "reason": "why"}]
    )
    advertise("b", models=[{"uri": "models:/x/1", "state": "warm", "queue": "m.x"}])

    assert [each.name for each in gateway.workers()] == ["a", "b", "w"]
    assert [(each.uri, each.state) for each in gateway.model_states()] == [("models:/x/1", "warm"), ("models:/y/1", "failed")]
    assert gateway.model_state("models:/z/1").state == "cold"


def test_a_silent_worker_is_forgotten(worker, settings):
    settings.WORKER_HEARTBEAT_S = 0.01
    advertise("silent")
    time.sleep(0.05)
    dispatch.presence.forget()

    assert [each.name for each in gateway.workers()] == ["w"]
