"""Pages and fragments of predictions, of models on workers, and of the workers."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from registry_ui.jobs.models import Job
from registry_ui.predictions import asked, gateway, history, streams
from registry_ui.predictions.streams import TokenWriter
from registry_ui.predictions.wire import cancelled_key
from tests.factories import make_version
from tests.registry_ui.assets.test_services import image
from tests.registry_ui.predictions.conftest import advertise, reply

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = [{"label": "POSITIVE", "score": 0.873}]


@pytest.fixture
def version(db):
    return make_version("sentiment", 3, aliases=("champion",))


@pytest.fixture
def htmx_alice(alice):
    client = Client(headers={"HX-Request": "true"})
    client.force_login(alice)
    return client


@pytest.fixture
def promise(version, worker, alice):
    """A prediction that nobody has answered yet."""
    target = gateway.target_of(version)
    return gateway.predict(target, [{"text": "Lovely."}], {"top_k": 1}, caller=alice, wait_s=0.01).request_id


@pytest.fixture
def stream(worker, alice):
    version = make_version("storyteller", task="text-generation")
    return gateway.start_stream(gateway.target_of(version), {"text": "Once"}, {}, caller=alice)


def answer_of(request_id, **rest):
    return {"id": request_id, "results": [{"records": RECORDS, **rest}], "timing_ms": {"queued": 2.0, "model": 14.0}}


def write_row(worker, answer):
    message = worker.take()
    history.write([history.row_of(message, message.requests[0], answer)])


def get(client, name, *args, **query):
    return client.get(reverse(f"predictions:{name}", args=args), query)


def said(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def events_of(answer):
    text = b"".join(answer.streaming_content).decode()
    answer.close()
    return [
        dict(re.findall(r"^(id|event): (.*)$", block, re.M)) | {"data": data_of(block)} for block in text.split("\n\n") if block
    ]


def data_of(block):
    return "\n".join(re.findall(r"^data: ?(.*)$", block, re.M))


def test_a_permalink_shows_what_was_asked_and_answered(client_alice, promise, worker):
    write_row(worker, answer_of(promise))
    answer = get(client_alice, "detail", promise)

    assert answer.status_code == 200
    assert "text Lovely." in said(answer)
    assert "top_k 1" in said(answer)
    assert "POSITIVE 0.873" in said(answer)
    assert "16 ms" in said(answer)
    assert f"?from={promise}" in answer.content.decode()


def test_a_permalink_of_what_still_runs_shows_its_stage(client_alice, promise):
    answer = get(client_alice, "detail", promise)

    assert "Queued: waiting for a worker" in said(answer)
    assert b'<noscript><meta http-equiv="refresh"' in answer.content


def test_a_permalink_of_a_failure_shows_the_reason(client_alice, promise, worker):
    write_row(worker, {"id": promise, "error": {"code": "timeout", "detail": "Too late by a minute.", "field": None}})

    assert "No answer in time Too late by a minute." in said(get(client_alice, "detail", promise))


def test_a_permalink_outlives_its_model(client_alice, promise, worker, version):
    write_row(worker, answer_of(promise))
    version.model.delete()

    assert "POSITIVE 0.873" in said(get(client_alice, "detail", promise))


def test_an_answer_of_another_shape_is_shown_as_json(client_alice, promise, worker):
    write_row(worker, {"id": promise, "results": [{"records": [{"text": ["an", "older", "shape"]}]}]})

    assert "older" in said(get(client_alice, "detail", promise))


@pytest.mark.parametrize("name", ["detail", "pending", "stream"])
def test_an_unknown_prediction_is_not_found(htmx_alice, client_alice, monkeypatch, name):
    monkeypatch.setattr(gateway, "ROW_FOLLOWS_S", 0)
    monkeypatch.setattr(asked, "ROW_FOLLOWS_S", 0)

    assert get(htmx_alice, name, uuid.uuid4()).status_code == 404


def test_what_waits_says_how_far_its_model_is(htmx_alice, promise):
    advertise(models=[{"uri": "models:/sentiment/3", "state": "fetching", "done_bytes": 340_000_000, "total_bytes": 980_000_000}])
    answer = get(htmx_alice, "pending", promise, since="1.5", live="")

    assert answer.status_code == 200
    assert "Fetching the model: 340 MB of 980 MB" in said(answer)
    assert b'value="34.7"' in answer.content
    assert b"?since=1.500&amp;live" in answer.content


def test_what_is_over_asks_no_more_and_marks_the_form(htmx_alice, promise):
    reply(promise, error={"code": "invalid-input", "detail": "text is too long.", "field": "text"})
    answer = get(htmx_alice, "pending", promise, live="")

    assert b"hx-trigger" not in answer.content
    assert b'<div id="error-text" class="form-error" hx-swap-oob="true">text is too long.</div>' in answer.content


def test_beside_a_permalink_there_is_no_form_to_mark(htmx_alice, promise):
    reply(promise, **{name: value for name, value in answer_of(promise).items() if name != "id"})

    assert b"hx-swap-oob" not in get(htmx_alice, "pending", promise).content


@pytest.mark.parametrize("since", ["", "soon", "inf", "nan"])
def test_an_odd_beginning_of_waiting_does_no_harm(htmx_alice, promise, since):
    assert get(htmx_alice, "pending", promise, since=since).status_code == 200


def test_without_scripts_what_waits_leads_to_its_permalink(client_alice, promise):
    assert get(client_alice, "pending", promise).url == reverse("predictions:detail", args=[promise])


def test_cancelling_tells_the_worker(htmx_alice, client_alice, promise, redis):
    assert htmx_alice.post(reverse("predictions:cancel", args=[promise])).status_code == 204
    assert redis.exists(cancelled_key(promise))
    assert client_alice.post(reverse("predictions:cancel", args=[promise])).url == reverse("predictions:detail", args=[promise])


def test_nobody_cancels_what_somebody_else_asked(promise, bob, redis):
    client = Client()
    client.force_login(bob)

    assert client.post(reverse("predictions:cancel", args=[promise])).status_code == 403
    assert not redis.exists(cancelled_key(promise))


def test_tokens_come_as_text_and_the_result_ends_the_stream(client_alice, stream):
    write = TokenWriter(stream)
    write("Once <b>\n upon")
    write.end({"id": stream, "results": [{"records": [{"generated_text": "Once <b>\n upon", "finish_reason": "stop"}]}]})
    events = events_of(get(client_alice, "stream", stream, live=""))

    assert [event.get("event") for event in events[1:]] == ["stage", "token", "result"]
    assert events[2]["data"] == "Once &lt;b&gt;\n upon"
    assert 'id="result"' in events[3]["data"]
    assert "ended by itself" in events[3]["data"]
    assert 'id="error-text"' in events[3]["data"]


def test_a_stream_goes_on_after_the_last_event_that_was_seen(client_alice, stream):
    write = TokenWriter(stream)
    write("Once")
    seen = streams.read(stream, "0", block_s=0.1)[-1]
    write.end({"id": stream, "results": [{"records": []}]})
    answer = client_alice.get(reverse("predictions:stream", args=[stream]), headers={"Last-Event-ID": seen.id})

    assert [event["event"] for event in events_of(answer)[1:]] == ["result"]


@pytest.mark.parametrize("last", ["nonsense", "1-x", "$"])
def test_a_foreign_event_id_begins_anew(client_alice, stream, last):
    TokenWriter(stream).end({"id": stream, "results": [{"records": []}]})
    answer = client_alice.get(reverse("predictions:stream", args=[stream]), headers={"Last-Event-ID": last})

    assert [event["event"] for event in events_of(answer)[1:]] == ["stage", "result"]


def test_a_failure_ends_the_stream_with_its_sentence(client_alice, stream):
    TokenWriter(stream).end({"id": stream, "error": {"code": "cancelled", "detail": "The request was cancelled.", "field": None}})
    last = events_of(get(client_alice, "stream", stream))[-1]

    assert last["event"] == "result"
    assert "The request was cancelled." in last["data"]


def test_a_silent_stream_shows_that_it_lives(client_alice, stream, monkeypatch):
    monkeypatch.setattr("registry_ui.predictions.views.streams.PING_S", 0.05)
    answer = get(client_alice, "stream", stream)
    parts = iter(answer.streaming_content)
    heard = [next(parts) for _ in range(4)]
    answer.close()

    assert b": ping\n\n" in heard


def test_the_permalink_of_a_stream_streams_until_it_is_over(client_alice, stream, worker):
    assert b"sse-connect" in get(client_alice, "detail", stream).content

    TokenWriter(stream).end({"id": stream, "results": [{"records": [{"generated_text": "Once there was."}]}]})
    assert "there was." in said(get(client_alice, "detail", stream))


def test_the_last_runs_are_the_callers_own(client_alice, version, promise, worker, bob):
    write_row(worker, answer_of(promise))
    stranger = Client()
    stranger.force_login(bob)

    assert "Lovely." in said(get(client_alice, "recent", "sentiment", 3))
    assert "Lovely." not in said(get(stranger, "recent", "sentiment", 3))


def test_a_run_without_words_is_called_by_its_answer(worker, alice):
    version = make_version("digits", task="image-classification")
    gateway.predict(gateway.target_of(version), [{"image": image()}], caller=alice, wait_s=0.01)
    message = worker.take()
    past = history.row_of(
        message, message.requests[0], {"id": message.requests[0].id, "results": [{"records": [{"label": "7"}]}]}
    )

    assert past.title == "7"
    assert past.picture_id == message.requests[0].rows[0]["image"]["asset"]


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (None, "Cold"),
        ({"state": "fetching", "done_bytes": 340_000_000, "total_bytes": 980_000_000}, "Fetching 340 MB of 980 MB"),
        ({"state": "loading"}, "Loading"),
        ({"state": "warm", "memory_bytes": 48_000_000}, "Warm 48 MB in memory"),
        ({"state": "failed", "reason": "config.json is missing."}, "Failed config.json is missing."),
    ],
)
def test_a_version_says_where_it_is(htmx_alice, version, worker, model, text):
    advertise(models=[{"uri": version.uri, **model}] if model else [])
    answer = get(htmx_alice, "model_state", "sentiment", 3)

    assert text in said(answer)
    assert (b'hx-trigger="every' in answer.content) == (model is not None and model["state"] in ("fetching", "loading"))
    assert (b"Warm it" in answer.content) == (model is None or model["state"] == "failed")


def test_warming_asks_for_a_load_job_once(htmx_alice, version, worker):
    url = reverse("predictions:load", args=["sentiment", 3])
    answer = htmx_alice.post(url)
    htmx_alice.post(url)

    assert [job.target for job in Job.objects.all()] == [version.uri]
    assert "Queued" in said(answer)
    assert b'hx-trigger="every' in answer.content


def test_warming_without_scripts_leads_back(client_alice, version, worker):
    answer = client_alice.post(reverse("predictions:load", args=["sentiment", 3]))

    assert answer.url == reverse("playground:playground", args=["sentiment", 3])


def test_without_a_worker_nothing_can_be_warmed(client_alice, version):
    answer = get(client_alice, "model_state", "sentiment", 3)

    assert "No worker is running" in said(answer)
    assert b"Warm it" not in answer.content


def test_workers_show_what_they_hold_and_do(client_alice, version, worker):
    job = Job.objects.create(kind="load", target=version.uri)
    advertise(models=[{"uri": version.uri, "state": "warm", "memory_bytes": 48_000_000, "requests": 7}], jobs=[str(job.id)])
    answer = get(client_alice, "workers")

    assert "sentiment version 3 Warm" in said(answer)
    assert "48 MB" in said(answer)
    assert reverse("jobs:detail", args=[job.id]) in answer.content.decode()


def test_a_model_that_the_index_does_not_know_is_shown_by_its_address(client_alice, worker):
    advertise(models=[{"uri": "models:/m-123", "state": "loading"}])

    assert "models:/m-123 Loading" in said(get(client_alice, "workers"))


def test_without_workers_the_page_says_how_to_start_one(client_alice):
    answer = get(client_alice, "workers")

    assert "No worker is running" in said(answer)
    assert "celery -A registry_ui worker" in said(answer)
