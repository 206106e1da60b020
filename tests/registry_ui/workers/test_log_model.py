"""What a log job leaves in MLflow: once, whatever happened on the way. The child is played: it makes a LoggedModel."""

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from registry_ui.jobs.failures import JobFailed, JobInterrupted, RetryLater
from registry_ui.jobs.models import Job
from registry_ui.workers import children, log_model
from registry_ui.workers.registration import JOB_TAG


@pytest.fixture
def shown(monkeypatch):
    """The versions that were put into the index at once."""
    versions = []
    monkeypatch.setattr(log_model.sync, "refresh_version", lambda name, version: versions.append((name, version)))
    return versions


@pytest.fixture
def child(monkeypatch, store, shown):
    """A child that writes no files but makes the LoggedModel; `calls` are what it was called with."""

    class Child:
        def __init__(self):
            self.calls = []
            self.status = "READY"
            self.error = None

        def call(self, target, kwargs, *, name, events, timeout_s):
            self.calls.append(kwargs)
            model = store.create_logged_model(
                kwargs["experiment_id"], name=kwargs["options"]["name"], source_run_id=kwargs["run_id"], tags=kwargs["tags"]
            )
            if self.error:
                raise self.error
            store.finalize_logged_model(model.model_id, self.status)
            return {"model_id": model.model_id, "model_uri": f"models:/{model.model_id}"}

    child = Child()
    monkeypatch.setattr(children, "call", child.call)
    return child


@pytest.fixture
def checkpoint(checkpoints):
    folder = checkpoints / "bert"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return str(folder)


@pytest.fixture
def name(request):
    return request.node.name[:60]


def models_of(store, job):
    return list(store.search_logged_models(["0"], f"tags.`{JOB_TAG}` = '{job.id}'"))


def is_registered(store, name):
    try:
        store.get_registered_model(name)
    except MlflowException:
        return False
    return True


def claim_again(events):
    """Give the job to another worker, as after a lost lease."""
    assert events.job.try_again(after_s=0)
    job = Job.objects.get(pk=events.job.pk)
    assert job.claim("w/2", lease_s=60, timeout_s=60)
    return log_model.JobEvents(job)


def test_a_checkpoint_becomes_a_version_with_alias(child, checkpoint, log_job, store, name, shown):
    payload, events = log_job(source=checkpoint, registered_model=name, alias="champion", description="Ours.")
    result = log_model.run(payload, events)

    version = store.get_model_version_by_alias(name, "champion")
    assert result == {
        "model_uri": f"models:/{name}/1",
        "model_id": version.source.removeprefix("models:/"),
        "registered_model": name,
        "version": "1",
        "run_id": None,
    }
    assert version.description == "Ours."
    assert shown == [(name, "1")]


def test_what_was_said_about_the_model_reaches_the_child(child, checkpoint, log_job):
    said = {"task": "text-classification", "card": "# Card", "prompt_template": "{prompt}", "validate": True}
    payload, events = log_job(source=checkpoint, **said)
    log_model.run(payload, events)

    assert child.calls[0]["source"] == checkpoint
    assert child.calls[0]["options"] == {
        "task": "text-classification",
        "model_card": "# Card",
        "prompt_template": "{prompt}",
        "validate": True,
        "name": "bert",
    }


def test_metrics_go_to_a_run_of_the_jobs_own_linked_to_the_model(child, checkpoint, log_job, store):
    payload, events = log_job(source=checkpoint, metrics={"accuracy": 0.9})
    result = log_model.run(payload, events)

    assert store.get_run(result["run_id"]).data.metrics == {"accuracy": 0.9}
    (metric,) = store.get_logged_model(result["model_id"]).metrics
    assert (metric.key, metric.value) == ("accuracy", 0.9)


def test_metrics_go_to_the_given_run(child, checkpoint, log_job, store, experiment):
    run_id = store.create_run(experiment).info.run_id
    payload, events = log_job(source=checkpoint, metrics={"accuracy": 0.9}, run_id=run_id)

    assert log_model.run(payload, events)["run_id"] == run_id
    assert child.calls[0]["experiment_id"] == experiment


def test_an_unknown_run_is_refused(child, checkpoint, log_job):
    payload, events = log_job(source=checkpoint, run_id="0" * 32)
    with pytest.raises(JobFailed, match="looking for the run"):
        log_model.run(payload, events)


def test_a_child_that_fails_leaves_nothing(child, checkpoint, log_job, store, name):
    child.error = JobFailed("model-not-loadable", "config.json is missing")
    payload, events = log_job(source=checkpoint, registered_model=name, metrics={"accuracy": 1})
    with pytest.raises(JobFailed):
        log_model.run(payload, events)

    assert models_of(store, events.job) == []
    assert not is_registered(store, name)
    assert not store.search_runs(["0"], f"tags.`{JOB_TAG}` = '{events.job.id}'")


def test_a_registration_that_fails_leaves_nothing(child, checkpoint, log_job, store, name, monkeypatch):
    def refuse(*args, **kwargs):
        raise MlflowException("no alias today", error_code=1000)

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", refuse)
    payload, events = log_job(source=checkpoint, registered_model=name, alias="champion")
    with pytest.raises(JobFailed, match="no alias today"):
        log_model.run(payload, events)

    assert models_of(store, events.job) == []
    assert not is_registered(store, name)


def test_a_failure_keeps_the_versions_of_others(child, checkpoint, log_job, store, name):
    payload, events = log_job(source=checkpoint, registered_model=name)
    log_model.run(payload, events)
    child.error = JobFailed("x", "y")
    with pytest.raises(JobFailed):
        log_model.run(*log_job(source=checkpoint, registered_model=name))

    assert [each.version for each in store.search_model_versions(f"name = '{name}'")] == [1]


def test_a_retry_after_registering_adopts_the_version(child, checkpoint, log_job, store, name):
    payload, events = log_job(source=checkpoint, registered_model=name, alias="champion")
    first = log_model.run(payload, events)
    second = log_model.run(payload, claim_again(events))

    assert second == first
    assert len(child.calls) == 1
    assert len(store.search_model_versions(f"name = '{name}'")) == 1


def test_a_retry_after_logging_adopts_the_model_and_registers_it(child, checkpoint, log_job, store, name, monkeypatch):
    payload, events = log_job(source=checkpoint, registered_model=name)
    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "create_model_version", raising(MlflowException("down")))
        with pytest.raises(RetryLater):
            log_model.run(payload, events)
    result = log_model.run(payload, claim_again(events))

    assert result["version"] == "1"
    assert len(child.calls) == 1
    assert len(models_of(store, events.job)) == 1


def test_a_retry_removes_what_was_half_written(child, checkpoint, log_job, store):
    child.error = JobInterrupted()
    payload, events = log_job(source=checkpoint)
    events.is_cancelled = lost()
    with pytest.raises(JobInterrupted):
        log_model.run(payload, events)
    assert len(models_of(store, events.job)) == 1
    child.error = None
    result = log_model.run(payload, claim_again(events))

    assert [each.model_id for each in models_of(store, events.job)] == [result["model_id"]]


def test_a_worker_that_lost_its_lease_registers_nothing(child, checkpoint, log_job, store, name):
    payload, events = log_job(source=checkpoint, registered_model=name)
    Job.objects.filter(pk=events.job.pk).update(fence=99)
    with pytest.raises(JobInterrupted):
        log_model.run(payload, events)

    assert not is_registered(store, name)


def test_a_job_that_ended_without_its_worker_is_cleaned_up(child, checkpoint, log_job, store, name):
    payload, events = log_job(source=checkpoint, registered_model=name)
    log_model.run(payload, events)
    log_model.clean_up(events.job)

    assert models_of(store, events.job) == []
    assert not is_registered(store, name)


@pytest.mark.parametrize("quoted", ["Sarah's model", 'Sarah\'s "best" model'])
def test_a_name_with_quotes_is_cleaned_up_too(child, checkpoint, log_job, store, quoted):
    payload, events = log_job(source=checkpoint, registered_model=quoted)
    log_model.run(payload, events)
    log_model.clean_up(events.job)

    with pytest.raises(MlflowException, match="not found"):
        store.get_registered_model(quoted)


def test_a_logged_model_is_registered_as_it_is(child, store, experiment, log_job, name, mlflow_store):
    model = store.create_logged_model(experiment, name="m")
    folder = mlflow_store[1] / experiment_folder(model)
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    store.finalize_logged_model(model.model_id, "READY")
    payload, events = log_job(source=f"models:/{model.model_id}", registered_model=name)
    result = log_model.run(payload, events)

    assert (result["version"], result["model_id"]) == ("1", model.model_id)
    assert child.calls == []


def test_a_logged_model_cannot_get_another_card(child, store, experiment, log_job, name, mlflow_store):
    model = store.create_logged_model(experiment, name="m")
    folder = mlflow_store[1] / experiment_folder(model)
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    payload, events = log_job(source=f"models:/{model.model_id}", registered_model=name, card="# New")
    with pytest.raises(JobFailed, match="leave out card"):
        log_model.run(payload, events)


def experiment_folder(model):
    return model.artifact_location.removeprefix("file://")


def raising(error):
    def fail(*args, **kwargs):
        raise error

    return fail


def lost():
    interruption = log_model.Interruption()
    interruption.set(log_model.Reason.LOST)
    return interruption
