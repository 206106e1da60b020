"""What a worker does with a job: claim, lease, fence, and how each error ends."""

import threading
import time

import pytest
from django.db import connection

from flavor.errors import ModelNotLoadable
from flavor.tasks import InvalidInput
from registry_ui.jobs import runner
from registry_ui.jobs.failures import JobFailed, JobInterrupted, JobTimedOut, RetryLater
from registry_ui.jobs.interruption import running
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import cancel, submit_load, submit_log, submit_train
from registry_ui.jobs.slots import answer_bell
from registry_ui.jobs.states import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(bells):
    return submit_load(model_uri="models:/m/1")


def claimed(job, owner="w/1"):
    """Return a worker's own object of the job, claimed."""
    mine = Job.objects.get(pk=job.pk)
    assert mine.claim(owner, lease_s=60, timeout_s=60)
    return mine


def test_a_job_is_done_and_keeps_its_result_and_log(job, handled_by):
    def handler(payload, events):
        events.stage("loading", 1, 2, "bytes")
        events.line("hello")
        return {"uri": payload.model_uri}

    handled_by(handler)
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.result, job.attempt, job.log) == (State.SUCCEEDED, {"uri": "models:/m/1"}, 1, "hello\n")
    assert (job.stage, job.progress_done, job.progress_total, job.progress_unit) == ("loading", 1, 2, "bytes")


@pytest.mark.parametrize(
    ("error", "code", "field"),
    [
        (JobFailed("bad-thing", "The thing is bad.", "source"), "bad-thing", "source"),
        (ModelNotLoadable("The thing is bad."), "model-not-loadable", None),
        (InvalidInput("task", "The thing is bad."), "invalid-input", "task"),
    ],
)
def test_an_error_that_its_owner_can_mend_is_told_in_one_sentence(job, handled_by, error, code, field):
    handled_by(raising(error))
    runner.run(job.id)

    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.error == {"code": code, "detail": "The thing is bad.", "field": field}
    assert "The thing is bad." in job.log


def test_a_crash_is_an_internal_error_that_names_its_kind_and_not_its_text(job, handled_by):
    handled_by(raising(ZeroDivisionError("secret")))
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == (State.FAILED, "internal-error")
    assert "ZeroDivisionError" in job.error["detail"]
    assert "secret" not in job.error["detail"]


def test_work_past_its_deadline_is_timed_out(job, handled_by):
    handled_by(raising(JobTimedOut()))
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.error["code"]) == (State.TIMED_OUT, "timeout")


def test_what_may_work_later_is_tried_again_and_then_failed(job, handled_by):
    handled_by(raising(RetryLater("MLflow is away.", after_s=0)))
    for _ in range(2):
        runner.run(job.id)
        job.refresh_from_db()
        assert job.state == State.QUEUED
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.error["code"], job.attempt) == (State.FAILED, "unavailable", 3)


def test_a_job_is_not_claimed_before_its_time(job, handled_by):
    handled_by(raising(RetryLater("MLflow is away.", after_s=60)))
    runner.run(job.id)

    assert runner.run(job.id) is False


def test_only_one_of_many_workers_claims_a_job(job):
    start, won = threading.Barrier(8), []

    def race(number):
        mine = Job.objects.get(pk=job.pk)
        start.wait()
        if mine.claim(f"w{number}/x", lease_s=60, timeout_s=60):
            won.append(mine.owner)
        connection.close()

    threads = [threading.Thread(target=race, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    job.refresh_from_db()
    assert won == [job.owner]
    assert job.attempt == 1


def test_a_second_bell_does_nothing(job, handled_by):
    calls = []
    handled_by(lambda payload, events: calls.append(1) or {})
    runner.run(job.id)
    runner.run(job.id)

    assert len(calls) == 1


def test_a_cancelled_job_never_starts(job, handled_by):
    handled_by(raising(AssertionError))
    cancel(job)

    assert runner.run(job.id) is False


def test_a_worker_that_lost_its_lease_writes_nothing(job):
    stale = claimed(job, "slow/1")
    Job.objects.filter(pk=job.pk).update(lease_until="2000-01-01T00:00Z")
    assert Job.objects.get(pk=job.pk).lose()
    winner = claimed(job, "quick/1")

    assert stale.renew(lease_s=60) is False
    assert stale.record(log="stale") is False
    assert stale.succeed({"by": "slow"}) is False
    assert stale.fail(code="x", detail="y") is False
    assert winner.succeed({"by": "quick"})
    job.refresh_from_db()
    assert (job.result, job.log, job.fence) == ({"by": "quick"}, "", winner.fence)


def test_a_lost_lease_interrupts_the_work(job, handled_by, settings):
    settings.JOB_HEARTBEAT_S = 0.02

    def handler(payload, events):
        Job.objects.filter(pk=job.pk).update(fence=99)
        wait_until(events.is_cancelled)
        raise JobInterrupted

    handled_by(handler)
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.fence) == (State.RUNNING, 99)


def test_the_lease_is_renewed_while_the_work_goes_on(job, handled_by, settings):
    settings.JOB_HEARTBEAT_S = 0.02

    def handler(payload, events):
        before = Job.objects.get(pk=job.pk).lease_until
        wait_until(lambda: Job.objects.get(pk=job.pk).lease_until > before)
        return {}

    handled_by(handler)
    runner.run(job.id)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED


def test_cancelling_a_running_job_reaches_its_work(job, handled_by, settings):
    settings.JOB_HEARTBEAT_S = 0.02

    def handler(payload, events):
        cancel(Job.objects.get(pk=job.pk))
        wait_until(events.is_cancelled)
        raise JobInterrupted

    handled_by(handler)
    runner.run(job.id)

    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_worker_that_leaves_gives_its_job_back_without_costing_an_attempt(job, handled_by):
    def handler(payload, events):
        running.release_all()
        wait_until(events.is_cancelled)
        raise JobInterrupted

    handled_by(handler)
    runner.run(job.id)

    job.refresh_from_db()
    assert (job.state, job.attempt, job.dispatched_at) == (State.QUEUED, 0, None)
    assert runner.run(job.id) is False, "a leaving worker takes nothing"


def test_one_bell_is_enough_for_all_that_waits(job, handled_by):
    others = [submit_load(model_uri=f"models:/m/{number}") for number in range(3)]
    handled_by(lambda payload, events: {})
    answer_bell(job.id)

    assert {each.state for each in Job.objects.filter(pk__in=[each.pk for each in others])} == {State.SUCCEEDED}


def test_a_model_that_somebody_logs_does_not_wait_for_the_demo(bells, handled_by):
    first, second = (submit_train(demo=name) for name in ("digits", "sentiment"))
    asked = submit_log(source="tiny")
    done = []
    handled_by(lambda payload, events: done.append(events.job.pk) or {})
    answer_bell(first.id)

    assert done == [first.pk, asked.pk, second.pk]


def raising(error):
    def handler(payload, events):
        raise error

    return handler


def wait_until(is_true):
    give_up = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < give_up
        time.sleep(0.01)
