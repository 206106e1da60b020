"""Answers token by token: server-sent events, to be read again and gone on with."""

import json
import threading

import pytest

from registry_ui.api import streaming
from registry_ui.predictions import dispatch, streams
from registry_ui.predictions.outcomes import EventKind
from registry_ui.predictions.streams import TokenWriter
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX

pytestmark = pytest.mark.django_db

TELLER = "/models/teller/versions/1/predict"
RESULT = {
    "records": [{"generated_text": "Once upon", "finish_reason": "stop", "generated_tokens": 2}],
    "usage": {"output_tokens": 2},
}


@pytest.fixture(autouse=True)
def _teller(worker):
    """A worker that writes two tokens."""

    def write(request):
        streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": "w/1"})
        tokens = TokenWriter(request.id)
        tokens("Once")
        tokens(" upon")
        tokens.end({"id": request.id, "results": [RESULT], "timing_ms": {"forward": 3}})

    worker.answers = write
    make_version("teller", task="text-generation")


def ask(api, body=None, **headers):
    return api.send(TELLER, body or {"inputs": "Once"}, Accept="text/event-stream", **headers)


def events_of(response):
    """The events of a stream as (id, name, data); comments and `retry` are left out."""
    assert response.status_code == 200, response.content
    text = b"".join(response.streaming_content).decode()
    return [parsed for block in text.split("\n\n") if (parsed := parse(block))]


def parse(block):
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    return (fields.get("id"), fields["event"], json.loads(fields["data"])) if "event" in fields else None


def names(events):
    return [name for _, name, _ in events]


def test_tokens_come_as_they_are_written_and_the_whole_answer_at_the_end(api):
    response = ask(api)
    events = events_of(response)

    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response["X-Accel-Buffering"] == "no"
    assert "no-cache" in response["Cache-Control"]
    assert names(events)[0] == "state"
    assert "".join(data["text"] for _, name, data in events if name == "token") == "Once upon"
    assert names(events)[-1] == "result"
    assert events[-1][2]["outputs"] == RESULT["records"]
    assert events[-1][2]["usage"] == {"output_tokens": 2}
    assert events[-1][2]["model"]["name"] == "teller"


def test_the_first_event_names_the_prediction_so_that_it_can_be_cancelled(api, worker):
    response = ask(api)
    first = events_of(response)[0]

    assert first[2]["id"] == worker.asked.id
    assert response["Location"] == f"/api/v1/predictions/{worker.asked.id}?single=true"


def test_the_stream_can_be_read_again_and_gone_on_with(api):
    response = ask(api)
    events = events_of(response)
    path = response["Location"].partition("?")[0] + "/events"
    seen = next(event_id for event_id, name, _ in events if name == "token")

    whole = events_of(api.get(path))
    rest = events_of(api.get(path, headers={"Last-Event-ID": seen}))

    assert whole == events
    assert rest == events[[event[0] for event in events].index(seen) + 1 :]


def test_the_answer_of_a_stream_is_kept_under_its_address(api):
    response = ask(api)
    events = events_of(response)

    assert api.get(response["Location"]).json()["outputs"] == events[-1][2]["outputs"]


def test_an_error_of_the_model_is_the_last_event_and_a_problem(api, worker):
    error = {"code": "invalid-input", "detail": "params.num_beams must be 1 to stream", "field": "params.num_beams"}
    worker.answers = lambda request: TokenWriter(request.id).end({"id": request.id, "error": error})
    _, name, problem = events_of(ask(api))[-1]

    assert name == "error"
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("validation", "/parameters/num_beams")


def test_the_error_of_the_row_is_the_error_of_the_stream(api, worker):
    error = {"code": "invalid-input", "detail": "text is too long", "field": "text"}
    worker.answers = lambda request: TokenWriter(request.id).end({"id": request.id, "results": [{"error": error}]})

    assert events_of(ask(api))[-1][1] == "error"


def test_a_worker_that_dies_ends_the_stream_with_an_error(api, worker):
    def die(request):
        streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": "another/2"})

    worker.answers = die
    _, name, problem = events_of(ask(api))[-1]

    assert (name, problem["code"]) == ("error", "runner-crashed")


def test_a_silent_stream_is_kept_alive_by_pings(api, worker, monkeypatch):
    monkeypatch.setattr(streaming, "PING_S", 0.05)
    pinged = threading.Event()
    write = worker.answers
    worker.answers = lambda request: pinged.wait(20) and write(request)
    content = ask(api).streaming_content
    text = ""
    for chunk in content:
        text += chunk.decode()
        if streaming.PING in text:
            pinged.set()

    assert pinged.is_set()
    assert "event: result" in text


def test_what_is_wrong_with_the_request_is_a_problem_and_no_stream(api, worker):
    many = ask(api, {"inputs": ["a", "b"]})
    wrong = ask(api, {"inputs": "a", "parameters": {"color": 1}})

    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/inputs")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/parameters/color")
    assert worker.sent == []


def test_a_list_of_one_is_one_input(api):
    assert names(events_of(ask(api, {"inputs": ["Once"]})))[-1] == "result"


def test_without_a_worker_there_is_no_stream(api):
    dispatch.presence.forget()
    from registry_ui.predictions.presence import withdraw

    withdraw("w")
    assert ask(api).status_code == 503


def test_an_event_id_that_is_none_is_refused(api):
    path = ask(api)["Location"].partition("?")[0] + "/events"

    assert api.get(path, headers={"Last-Event-ID": "yesterday"}).status_code == 400


def test_who_likes_json_better_gets_json(api, worker):
    worker.answers = lambda request: {"results": [RESULT]}
    answer = api.send(TELLER, {"inputs": "Once"}, Accept="application/json, text/event-stream;q=0.5")

    assert answer.json()["outputs"] == RESULT["records"]
    assert f"{PREFIX}/predictions/" in answer.json()["links"]["self"]
