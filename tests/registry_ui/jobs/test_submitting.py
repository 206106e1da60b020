"""What submitting, cancelling, retrying and awaiting a job promise."""

import threading

import pytest
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from flavor.tasks import InvalidInput
from registry_ui.accounts.models import User
from registry_ui.jobs import tasks
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import IdempotencyConflict, cancel, list_jobs, retry, submit_load, submit_log, wait
from registry_ui.jobs.states import State

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_submitted_job_is_queued_and_rung_for(bells):
    job = submit_load(model_uri="models:/m/1")

    assert (job.state, job.target, job.attempt) == (State.QUEUED, "models:/m/1", 0)
    assert bells == [str(job.id)]


def test_the_bell_rings_only_after_the_row_is_committed(bells):
    with transaction.atomic():
        submit_load(model_uri="models:/m/1")
        assert bells == []
    assert len(bells) == 1


def test_a_job_rolled_back_is_never_rung_for(bells):
    with transaction.atomic():
        submit_load(model_uri="models:/m/1")
        transaction.set_rollback(True)
    assert bells == []


def test_a_broker_that_is_away_does_not_fail_the_request(monkeypatch):
    def refuse(*args, **options):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.run_job, "apply_async", refuse)

    assert submit_load(model_uri="models:/m/1").state == State.QUEUED


def test_the_same_key_gives_the_same_job_and_rings_once(bells):
    first = submit_load(model_uri="models:/m/1", idempotency_key="k")
    second = submit_load(model_uri="models:/m/1", idempotency_key="k")

    assert first == second
    assert len(bells) == 1


def test_the_same_key_with_another_request_is_a_conflict(bells):
    submit_load(model_uri="models:/m/1", idempotency_key="k")

    with pytest.raises(IdempotencyConflict, match="'k'"):
        submit_load(model_uri="models:/m/2", idempotency_key="k")


def test_two_people_may_use_the_same_key(bells):
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))

    of_ann = submit_load(model_uri="models:/m/1", created_by=ann, idempotency_key="k")
    of_bob = submit_load(model_uri="models:/m/2", created_by=bob, idempotency_key="k")

    assert of_ann != of_bob


def test_the_same_key_at_the_same_time_gives_one_job(bells):
    start, seen = threading.Barrier(8), []

    def submit():
        start.wait()
        seen.append(submit_load(model_uri="models:/m/1", idempotency_key="k").id)
        connection.close()

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert set(seen) == {Job.objects.get().id}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"source": "  "}, "source"),
        ({"source": "x", "task": "no-such-task"}, "task"),
        ({"source": "x", "registered_model": "a/b"}, "registered_model"),
        ({"source": "x", "alias": "champion"}, "alias"),
        ({"source": "x", "registered_model": "m", "alias": "v3"}, "alias"),
        ({"source": "x", "registered_model": "m", "alias": "no spaces"}, "alias"),
    ],
)
def test_a_log_request_that_cannot_work_is_refused_naming_the_field(bells, asked, field):
    with pytest.raises(InvalidInput) as refused:
        submit_log(**asked)

    assert refused.value.field == field
    assert not Job.objects.exists()


def test_cancelling_a_queued_job_ends_it_at_once(bells):
    job = cancel(submit_load(model_uri="models:/m/1"))

    assert job.state == State.CANCELLED
    assert job.finished_at is not None


def test_cancelling_an_ended_job_changes_nothing(bells):
    job = cancel(submit_load(model_uri="models:/m/1"))
    assert cancel(job).finished_at == job.finished_at


def test_retrying_queues_the_same_job_again_with_fresh_attempts(bells):
    job = retry(cancel(submit_load(model_uri="models:/m/1")))

    assert (job.state, job.cancel_requested_at, job.max_attempts) == (State.QUEUED, None, 3)
    assert bells == [str(job.id)] * 2


def test_retrying_a_waiting_job_changes_nothing(bells):
    job = submit_load(model_uri="models:/m/1")
    retry(job)
    assert len(bells) == 1


def test_waiting_returns_when_the_job_ends(bells):
    job = submit_load(model_uri="models:/m/1")
    ending = threading.Timer(0.2, _cancel_in_thread, [job])
    ending.start()

    assert wait(job.id, seconds=20).state == State.CANCELLED
    ending.join()


def test_waiting_for_too_long_returns_the_job_as_it_is(bells):
    job = submit_load(model_uri="models:/m/1")
    assert wait(job.id, seconds=0.1).state == State.QUEUED


def test_jobs_are_listed_newest_first_and_by_what_they_are_about(bells):
    first = submit_load(model_uri="models:/m/1")
    second = submit_load(model_uri="models:/m/2")
    other = submit_load(model_uri="models:/other/1")

    assert list(list_jobs()) == [other, second, first]
    assert list(list_jobs(target="models:/m/")) == [second, first]
    assert list(list_jobs(state=State.RUNNING)) == []


def _cancel_in_thread(job):
    cancel(job)
    connection.close()


@pytest.mark.usefixtures("bells")
def test_a_protocol_of_mlflow_may_stand_for_the_task():
    job = submit_log(source="org/model", task="llm/v1/chat", prompt_template="Say: {prompt}")
    assert job.payload["task"] == "llm/v1/chat"
    registered = submit_log(source="org/model", task="llm/v1/chat", prompt_template="prompts:/say@live")
    assert registered.payload["prompt_template"] == "prompts:/say@live"
    with pytest.raises(InvalidInput, match="llm/v9/chat"):
        submit_log(source="org/model", task="llm/v9/chat")
