"""What the sweeper repairs."""

import pytest

from registry_ui.jobs.leases import hold, let_go
from registry_ui.jobs.models import Job, Lease
from registry_ui.jobs.services import cancel, submit_load
from registry_ui.jobs.states import State
from registry_ui.jobs.sweeper import sweep

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = "2000-01-01T00:00Z"


@pytest.fixture
def job(bells):
    job = submit_load(model_uri="models:/m/1")
    bells.clear()
    return job


def start(job):
    mine = Job.objects.get(pk=job.pk)
    assert mine.claim("w/1", lease_s=60, timeout_s=60)


def change(job, **changes):
    Job.objects.filter(pk=job.pk).update(**changes)


def test_a_job_whose_bell_was_lost_is_rung_for_again(job, bells):
    change(job, dispatched_at=LONG_AGO)
    sweep(owner="me")
    sweep(owner="me")

    assert bells == [str(job.id)]


def test_a_job_just_rung_for_is_left_alone(job, bells):
    sweep(owner="me")
    assert bells == []


def test_a_job_of_a_dead_worker_is_queued_and_rung_for(job, bells):
    start(job)
    change(job, lease_until=LONG_AGO)
    sweep(owner="me")

    job.refresh_from_db()
    assert (job.state, job.attempt, job.fence) == (State.QUEUED, 1, 2)
    assert bells == [str(job.id)]


def test_a_job_of_a_living_worker_is_left_alone(job):
    start(job)
    sweep(owner="me")

    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_a_job_that_lost_its_last_worker_fails_with_the_reason_and_is_cleaned_up(job):
    change(job, max_attempts=1)
    start(job)
    change(job, lease_until=LONG_AGO)
    cleaned = []
    sweep(owner="me", on_failed=cleaned.append)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == (State.FAILED, "worker-lost")
    assert "'w'" in job.error["detail"]
    assert cleaned == [job]


def test_a_job_past_its_deadline_is_timed_out(job):
    start(job)
    change(job, deadline=LONG_AGO)
    sweep(owner="me")

    job.refresh_from_db()
    assert job.state == State.TIMED_OUT


def test_a_job_whose_worker_does_not_hear_the_cancel_is_cancelled(job):
    start(job)
    cancel(job)
    change(job, cancel_requested_at=LONG_AGO)
    sweep(owner="me")

    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_only_one_worker_sweeps(job, bells):
    change(job, dispatched_at=LONG_AGO)

    assert sweep(owner="first") is not None
    assert sweep(owner="second") is None


def test_a_duty_passes_on_when_its_lease_ends_or_is_let_go():
    assert hold("duty", owner="first", seconds=60)
    assert not hold("duty", owner="second", seconds=60)

    Lease.objects.update(until=LONG_AGO)
    assert hold("duty", owner="second", seconds=60)
    assert not hold("duty", owner="first", seconds=60)

    let_go("duty", owner="second")
    assert hold("duty", owner="first", seconds=60)
