"""What live pages hear of a job."""

import time

import pytest

from registry_ui.jobs import events
from registry_ui.jobs.events import EventKind, JobEvents
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import submit_load

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(bells):
    job = submit_load(model_uri="models:/m/1")
    assert job.claim("w/1", lease_s=60, timeout_s=60)
    return job


def heard(job, after="0"):
    return list(events.read(job.id, after, until=time.time() + 0.2))


def test_events_come_in_order_and_can_be_resumed(job):
    voice = JobEvents(job)
    voice.stage("copying", 1, 3, "bytes")
    voice.line("first")
    job.succeed({})

    all_of_them = heard(job)
    assert [event.kind for event in all_of_them] == [EventKind.STATE, EventKind.STAGE, EventKind.LINE, EventKind.STATE]
    assert all_of_them[1].data == {"stage": "copying", "done": 1, "total": 3, "unit": "bytes"}
    assert all_of_them[-1].data["state"] == "succeeded"
    assert heard(job, after=all_of_them[1].id) == all_of_them[2:]


def test_the_row_is_written_now_and_then_not_for_each_step(job, django_assert_max_num_queries):
    voice = JobEvents(job)
    with django_assert_max_num_queries(3):
        for done in range(1000):
            voice.stage("copying", done, 1000, "bytes")
        voice.flush()

    assert Job.objects.get(pk=job.pk).progress_done == 999


def test_of_a_long_log_the_end_is_kept(job):
    voice = JobEvents(job)
    for number in range(3000):
        voice.line(f"line {number} " + "x" * 50)
    voice.flush()

    log = Job.objects.get(pk=job.pk).log
    assert len(log) <= events.LOG_KEPT_CHARACTERS
    assert "line 2999" in log


def test_a_redis_that_is_away_costs_liveness_only(job, redis_server):
    redis_server.stop()
    try:
        assert job.succeed({"fine": True})
    finally:
        redis_server.start()
