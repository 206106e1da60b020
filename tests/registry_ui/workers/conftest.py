"""Fixtures of the worker tests: a real Redis, a real MLflow store in a folder, and children played in this process."""

import mlflow
import pytest
from mlflow import MlflowClient

from registry_ui.jobs.events import JobEvents
from registry_ui.jobs.models import Job
from registry_ui.jobs.payloads import LogPayload, to_json
from registry_ui.web.redis import client
from registry_ui.workers import artifacts


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory):
    """An MLflow store on SQLite, empty at first; its migration takes seconds, so the session shares it."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments()
    return uri, folder


@pytest.fixture
def store(mlflow_store, settings):
    """The client of the MLflow that the settings name; what a test makes in it carries names of its own."""
    uri, _ = mlflow_store
    settings.MLFLOW_TRACKING_URI = uri
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    artifacts.tracking.cache_clear()
    yield artifacts.tracking()
    artifacts.tracking.cache_clear()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.fixture
def experiment(store, mlflow_store, request):
    """An experiment of the test's own, with its artifacts in the store's folder."""
    _, folder = mlflow_store
    return store.create_experiment(request.node.name, artifact_location=(folder / request.node.name).as_uri())


@pytest.fixture
def checkpoints(settings, tmp_path):
    """The one folder from which checkpoints may be logged."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    settings.CHECKPOINT_ROOTS = [folder]
    return folder


@pytest.fixture
def log_job(db, redis):
    """Make a claimed log job; return its payload and events."""

    def make(**asked):
        payload = LogPayload(**asked)
        job = Job.objects.create(kind="log", payload=to_json(payload), target=payload.target)
        assert job.claim("w/1", lease_s=60, timeout_s=60)
        return payload, JobEvents(job)

    yield make
    client().connection_pool.disconnect()
