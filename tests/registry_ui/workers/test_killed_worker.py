"""A worker killed in the middle of a log job: another one finishes it, and MLflow holds its effect exactly once."""

import psutil
import pytest
from django.db import connection
from django.test import override_settings

from registry_ui.jobs.models import Job
from registry_ui.jobs.services import cancel, submit_log, wait
from registry_ui.jobs.states import State
from registry_ui.web.redis import client
from registry_ui.workers.registration import JOB_TAG
from tests.registry_ui.workers.killable import IN_THE_CHILD, POINTS
from tests.registry_ui.workers.worker_process import WorkerProcess
from tests.tiny_models import save_checkpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def place(django_db_setup, django_db_blocker, redis_server, mlflow_store, tmp_path_factory):
    """What the workers of this module share: Redis, MLflow, a folder with a checkpoint."""
    folder = tmp_path_factory.mktemp("checkpoints")
    save_checkpoint("text-classification", folder / "tiny")
    with override_settings(MLFLOW_TRACKING_URI=mlflow_store[0], CHECKPOINT_ROOTS=[folder]), django_db_blocker.unblock():
        yield folder.parent
        client().connection_pool.disconnect()
        connection.close()


@pytest.fixture(scope="module")
def second(place):
    """A worker that takes jobs only while it is told to; it starts slowly, so the tests share it."""
    worker = WorkerProcess("second@test", place / "second.log", queues="none")
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def workers(place, store, tmp_path):
    """Make workers that stand still at a point, and end them all."""
    made = []

    def make(name, stop_at):
        environment = {"STOP_AT": stop_at, "STOPPED": str(tmp_path / "stopped"), "JOB_TIMEOUT_S": "60"}
        worker = WorkerProcess(name, tmp_path / f"{name}.log", module="tests.registry_ui.workers.killable", **environment)
        made.append(worker)
        worker.start()
        return worker

    yield make
    for worker in made:
        worker.stop()


@pytest.mark.parametrize("stop_at", POINTS)
def test_a_worker_killed_in_the_middle_leaves_no_lost_and_no_doubled_work(stop_at, second, workers, store, tmp_path):
    name = f"killed {stop_at}"
    first = workers("first@test", stop_at)
    job = submit_log(source="tiny", registered_model=name, alias="champion", metrics={"accuracy": 0.5})
    first.wait_until((tmp_path / "stopped").exists)
    first.kill()
    with second.taking("jobs"):
        second.wait_until(lambda: Job.objects.get(pk=job.pk).is_terminal)

    job.refresh_from_db()
    assert (job.state, job.error) == (State.SUCCEEDED, None)
    assert job.worker == "second@test"
    versions = store.search_model_versions(f"name = '{name}'")
    models = store.search_logged_models(["0"], f"tags.`{JOB_TAG}` = '{job.id}'")
    runs = store.search_runs(["0"], f"tags.`{JOB_TAG}` = '{job.id}'")
    assert [str(version.version) for version in versions] == [job.result["version"]]
    assert str(store.get_model_version_by_alias(name, "champion").version) == job.result["version"]
    assert [model.model_id for model in models] == [job.result["model_id"]]
    assert [run.info.run_id for run in runs] == [job.result["run_id"]]


def test_a_worker_that_is_stopped_gives_its_job_back_and_leaves_no_process(workers):
    worker = workers("first@test", IN_THE_CHILD)
    job = submit_log(source="tiny")
    worker.wait_until(lambda: "sleeps" in Job.objects.get(pk=job.pk).log)
    child = int(Job.objects.get(pk=job.pk).log.split()[1])

    assert worker.stop() == 0
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert not psutil.pid_exists(child)


def test_cancelling_a_running_job_ends_its_child_and_the_job(workers):
    worker = workers("first@test", IN_THE_CHILD)
    job = submit_log(source="tiny")
    worker.wait_until(lambda: "sleeps" in Job.objects.get(pk=job.pk).log)
    child = int(Job.objects.get(pk=job.pk).log.split()[1])
    cancel(job)

    assert wait(job.id, seconds=30).state == State.CANCELLED
    assert not psutil.pid_exists(child)
