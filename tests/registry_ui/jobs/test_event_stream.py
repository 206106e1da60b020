"""A job's events as a browser's EventSource hears them."""

import json
import threading
import uuid

import pytest
from django.db import connection

from registry_ui.jobs import event_stream
from registry_ui.jobs.events import JobEvents
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import cancel, retry, submit_load

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(bells):
    job = submit_load(model_uri="models:/m/1")
    assert job.claim("w/1", lease_s=60, timeout_s=60)
    return job


def hear(client, job, after=None):
    """Read the stream to its end. Returns (id, event, data) of each event."""
    answer = client.get(f"/jobs/{job.pk}/events", headers={"Last-Event-ID": after} if after else {})
    assert answer.status_code == 200
    blocks = b"".join(answer.streaming_content).decode().split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if block.startswith("id: ")]
    return [(each["id"], each["event"], json.loads(each["data"])) for each in fields]


def test_an_ended_job_tells_all_it_said_and_ends_the_stream(client_alice, job):
    voice = JobEvents(job)
    voice.stage("loading", 1, 2, "bytes")
    voice.line("half way\nand more")
    job.succeed({})

    heard = hear(client_alice, job)
    assert [event for _, event, _ in heard] == ["state", "stage", "line", "state"]
    assert heard[1][2] == {"stage": "loading", "done": 1, "total": 2, "unit": "bytes"}
    assert heard[2][2] == {"text": "half way\nand more"}
    assert heard[-1][2]["state"] == "succeeded"


def test_nobody_may_buffer_or_keep_the_stream(client_alice, job):
    job.succeed({})
    answer = client_alice.get(f"/jobs/{job.pk}/events")
    assert answer["Content-Type"].startswith("text/event-stream")
    assert answer["Cache-Control"] == "no-cache"
    assert answer["X-Accel-Buffering"] == "no"


def test_a_listener_that_comes_back_hears_what_it_missed(client_alice, job):
    voice = JobEvents(job)
    voice.line("one")
    voice.line("two")
    job.succeed({})

    everything = hear(client_alice, job)
    assert hear(client_alice, job, after=everything[1][0]) == everything[2:]


def test_a_listener_that_heard_the_end_is_told_not_to_come_back(client_alice, job):
    job.succeed({})
    last_id = hear(client_alice, job)[-1][0]
    assert client_alice.get(f"/jobs/{job.pk}/events", headers={"Last-Event-ID": last_id}).status_code == 204


def test_a_made_up_place_begins_at_the_start(client_alice, job):
    job.succeed({})
    assert hear(client_alice, job, after="nonsense") == hear(client_alice, job)


def test_the_end_is_told_even_when_the_events_are_gone(client_alice, job, redis):
    job.fail(code="x", detail="It broke.")
    redis.flushall()

    (place, event, data) = hear(client_alice, job)[0]
    assert (event, data["state"], data["error"]["detail"]) == ("state", "failed", "It broke.")
    assert client_alice.get(f"/jobs/{job.pk}/events", headers={"Last-Event-ID": place}).status_code == 204


def test_a_retried_job_is_heard_beyond_its_first_end(client_alice, job):
    job.fail(code="x", detail="It broke.")
    retry(job)
    assert job.claim("w/2", lease_s=60, timeout_s=60)
    job.succeed({})

    states = [data["state"] for _, event, data in hear(client_alice, job) if event == "state"]
    assert states == ["running", "failed", "queued", "running", "succeeded"]


def test_what_happens_while_somebody_listens_is_heard(client_alice, job):
    def work():
        mine = Job.objects.get(pk=job.pk)
        JobEvents(mine).line("working")
        mine.succeed({})
        connection.close()

    answer = client_alice.get(f"/jobs/{job.pk}/events")
    parts = iter(answer.streaming_content)
    assert next(parts).startswith(b"retry: ")
    assert b"running" in next(parts)
    worker = threading.Thread(target=work)
    worker.start()
    rest = b"".join(parts)
    worker.join()
    assert b"working" in rest
    assert b"succeeded" in rest


def test_silence_is_filled_with_pings(client_alice, job, monkeypatch):
    monkeypatch.setattr(event_stream, "PING_S", 0.05)
    parts = iter(client_alice.get(f"/jobs/{job.pk}/events").streaming_content)
    heard = next(part for part in parts if part.startswith(b":"))
    assert heard.endswith(b"\n\n")
    cancel(job)
    job.end_cancelled()
    assert b"cancelled" in b"".join(parts)


def test_without_redis_the_stream_ends_and_the_listener_comes_back(client_alice, job, redis_server):
    redis_server.stop()
    try:
        answer = client_alice.get(f"/jobs/{job.pk}/events")
        assert b"".join(answer.streaming_content).startswith(b"retry: ")
    finally:
        redis_server.start()


def test_a_job_that_is_not_there_has_no_stream(client_alice):
    assert client_alice.get(f"/jobs/{uuid.uuid4()}/events").status_code == 404
