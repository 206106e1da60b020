"""What a page sees of a stream of tokens."""

import time

import pytest

from registry_ui.predictions import dispatch, gateway, streams
from registry_ui.predictions.gateway import Pending, UnknownPrediction, collect, read_stream, start_stream
from registry_ui.predictions.outcomes import EventKind
from registry_ui.predictions.presence import withdraw
from registry_ui.predictions.streams import TokenWriter
from tests.registry_ui.predictions.conftest import TARGET, advertise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream(worker):
    return start_stream(TARGET, {"text": "hello"}, {"max_new_tokens": 3})


def kinds(events):
    return [event.kind for event in events]


def test_tokens_come_in_order_and_the_result_ends_the_stream(stream):
    write = TokenWriter(stream)
    for text in ("one ", "two ", "three"):
        write(text)
    write.end({"id": stream, "results": [{"records": [{"text": "one two three"}]}]})

    events = list(read_stream(stream))
    assert "".join(streams.texts(iter(events))) == "one two three"
    assert kinds(events)[0] == EventKind.STATE
    assert events[-1].data["results"] == [{"records": [{"text": "one two three"}]}]


def test_the_first_token_goes_at_once_and_the_next_ones_together(stream):
    write = TokenWriter(stream)
    for number in range(1 + 2 * streams.COALESCED_TOKENS):
        write(f"{number} ")
    write.end({"id": stream, "results": []})

    tokens = [event.data["text"] for event in read_stream(stream) if event.kind is EventKind.TOKEN]
    assert tokens[0] == "0 "
    assert len(tokens) <= 1 + 2 * streams.COALESCED_TOKENS
    assert "".join(tokens) == "".join(f"{n} " for n in range(1 + 2 * streams.COALESCED_TOKENS))


def test_a_stream_can_be_resumed_after_any_event(stream):
    write = TokenWriter(stream)
    write("one ")
    seen = list(read_stream(stream, until=time.time() + 0.1))
    write.end({"id": stream, "results": []})

    assert kinds(read_stream(stream, after=seen[-1].id)) == [EventKind.RESULT]


def test_an_error_ends_the_stream(stream):
    TokenWriter(stream).end({"id": stream, "error": {"code": "timeout", "detail": "too late", "field": None}})

    last = list(read_stream(stream))[-1]
    assert (last.kind, last.data["code"]) == (EventKind.ERROR, "timeout")


def test_a_stream_whose_worker_died_ends_with_an_error(stream):
    streams.publish(stream, EventKind.STATE, {"state": "running", "worker": "dead/1"})

    last = list(read_stream(stream))[-1]
    assert (last.kind, last.data["code"]) == (EventKind.ERROR, "runner-crashed")


def test_a_reader_who_comes_back_hears_of_the_workers_death_too(stream):
    streams.publish(stream, EventKind.STATE, {"state": "running", "worker": "dead/1"})
    seen = streams.read(stream, "0", block_s=0.1)

    assert list(read_stream(stream, after=seen[-1].id))[-1].data["code"] == "runner-crashed"


def test_a_stream_that_nobody_answers_ends_at_its_deadline(worker, monkeypatch):
    monkeypatch.setattr(gateway, "GRACE_S", 0.1)
    stream = start_stream(TARGET, {"text": "hello"}, timeout_s=0.05)

    assert list(read_stream(stream, until=time.time() + 20))[-1].data["code"] == "timeout"


def test_the_stages_of_a_cold_model_are_told_while_nothing_comes(stream, worker):
    advertise(models=[{"uri": TARGET.uri, "state": "fetching", "done_bytes": 3, "total_bytes": 9}])
    events = list(read_stream(stream, until=time.time() + 1.2))

    assert events[1].data == {"state": "fetching", "done_bytes": 3, "total_bytes": 9, "reason": None}


def test_an_unknown_stream_is_refused_before_the_first_event():
    with pytest.raises(UnknownPrediction):
        read_stream("00000000-0000-0000-0000-000000000000")


def test_a_stream_can_be_collected_like_any_prediction(stream):
    assert isinstance(collect(stream), Pending)
    TokenWriter(stream).end({"id": stream, "results": [{"records": []}]})

    assert collect(stream).results == [{"records": []}]


def test_cancelling_reaches_the_workers(stream, redis):
    with redis.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe("registry:control")
        heard.get_message(timeout=5)
        gateway.cancel(stream)
        message = heard.get_message(timeout=5)

    assert message["data"] == f"cancel-prediction {stream}"


def test_without_any_worker_no_stream_is_opened(worker):
    withdraw("w")
    dispatch.presence.forget()
    with pytest.raises(gateway.PredictionFailed, match="No worker"):
        start_stream(TARGET, {"text": "hello"})
