"""The log job: a checkpoint, Hub id or artifact becomes a LoggedModel, and a version with an alias when asked.

The files are written by a child; what makes them visible (version, alias) is done here, after asking whether the job is
still ours. Everything carries the job's id as a tag: a retry adopts what is finished and removes the rest.
"""

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from mlflow.entities.model_registry import ModelVersion

from flavor.errors import FlavorError

from ..catalog import sync
from ..catalog.mlflow_client import MlflowUnavailable
from ..jobs.events import JobEvents
from ..jobs.failures import JobFailed, JobInterrupted, JobTimedOut, RetryLater
from ..jobs.interruption import Interruption, Reason
from ..jobs.models import Job
from ..jobs.payloads import LogPayload, from_json
from . import children
from .artifacts import tracking
from .mlflow_errors import mlflow_errors
from .registration import Registration, Traces
from .sources import Source, resolve

logger = logging.getLogger(__name__)

CHILD = "flavor.runtime.log_job:log_job"
# What a model that is logged already keeps as it is.
OF_THE_FILES = (
    *("task", "name", "card", "prompt_template", "input_example", "metadata", "model_config"),
    *("validate", "as_components"),
)


@dataclass(frozen=True)
class Logged:
    """A finished LoggedModel, or an artifact that holds one."""

    source: str
    model_id: str | None
    run_id: str | None


def run(payload: LogPayload, events: JobEvents) -> dict[str, Any]:
    """Log and register. Returns model_uri, model_id, registered_model, version, run_id; a failure leaves nothing behind."""
    with mlflow_errors("looking for the run"):
        registration = Registration(tracking(), job_id=events.job.id, fence=events.job.fence, run_id=payload.run_id)
    try:
        return _log_and_register(payload, events, registration)
    except (JobFailed, JobTimedOut, JobInterrupted, FlavorError) as error:
        if not _goes_on_elsewhere(error, events):
            _remove(registration, payload)
        raise


def clean_up(job: Job) -> None:
    """Remove what a log job left that ended without its worker."""
    payload = from_json(job.kind, job.payload)
    assert isinstance(payload, LogPayload)
    registration = Registration(tracking(), job_id=job.id, fence=job.fence, run_id=payload.run_id)
    _remove(registration, payload)


def _log_and_register(payload: LogPayload, events: JobEvents, registration: Registration) -> dict[str, Any]:
    traces = None
    if events.job.fence > 1:
        with mlflow_errors("looking for traces of an earlier attempt"):
            traces = registration.find(payload.registered_model)
    logged = _adopted(traces) or _log(payload, events, registration, traces)
    version = str(traces.version.version) if traces and traces.version else None
    if payload.metrics and logged.run_id:
        with mlflow_errors("logging the metrics"):
            registration.log_metrics(payload.metrics, run_id=logged.run_id, model_id=logged.model_id)
    if payload.registered_model:
        version = _register(payload.registered_model, version, logged, payload, events, registration)
    return _result(payload, logged, version)


def _adopted(traces: Traces | None) -> Logged | None:
    if traces is None or not (traces.version or traces.model_id):
        return None
    if traces.version:
        return _logged_version(traces.version)
    return Logged(f"models:/{traces.model_id}", traces.model_id, traces.run_id)


def _logged_version(version: ModelVersion) -> Logged:
    """The SQL stores of MLflow forget a version's model_id; its source has it."""
    source = version.source or ""
    model_id = source.removeprefix("models:/") if source.startswith("models:/m-") else None
    return Logged(source, version.model_id or model_id, version.run_id or None)


def _log(payload: LogPayload, events: JobEvents, registration: Registration, traces: Traces | None) -> Logged:
    events.stage("checking the source")
    source = resolve(payload.source, events)
    if source.is_mlflow_model:
        return _as_it_is(payload, source)
    run_id = payload.run_id
    if payload.metrics:
        with mlflow_errors("making a run for the metrics"):
            run_id = registration.run_for_metrics(traces, name=f"log {payload.registered_model or payload.source}")
    answer = children.call(
        CHILD,
        {
            "source": source.path or source.given,
            "tracking_uri": settings.MLFLOW_TRACKING_URI,
            "experiment_id": registration.experiment_id,
            "run_id": run_id,
            "tags": registration.tags,
            "options": _options(payload),
        },
        name=f"log {payload.target}",
        events=events,
        timeout_s=settings.JOB_TIMEOUT_S,
    )
    return Logged(f"models:/{answer['model_id']}", answer["model_id"], run_id)


def _as_it_is(payload: LogPayload, source: Source) -> Logged:
    """Take a model that is logged already: nothing is copied, so nothing of its files can be changed."""
    given = [name for name in OF_THE_FILES if getattr(payload, name) is not None]
    if given:
        raise JobFailed(
            "invalid-input", f"{source.given} is logged already and registered as it is; leave out {given[0]}.", given[0]
        )
    if payload.registered_model is None:
        detail = f"{source.given} is logged already; give registered_model to register it."
        raise JobFailed("invalid-input", detail, "registered_model")
    with mlflow_errors("looking for the model"):
        return _logged_as(source.given, payload.run_id)


def _logged_as(uri: str, run_id: str | None) -> Logged:
    name = uri.removeprefix("models:/")
    if name == uri:
        return Logged(uri, None, run_id or uri.removeprefix("runs:/").split("/")[0])
    if "/" in name or "@" in name:
        return _logged_version(_version_of(name))
    return Logged(uri, name, tracking().get_logged_model(name).source_run_id)


def _version_of(name: str) -> ModelVersion:
    if "@" in name:
        return tracking().get_model_version_by_alias(*name.rsplit("@", 1))
    return tracking().get_model_version(*name.rsplit("/", 1))


def _options(payload: LogPayload) -> dict[str, Any]:
    """Return what is said about the model itself, in the words of `flavor.log_model`."""
    said = {name: getattr(payload, name) for name in OF_THE_FILES if getattr(payload, name) is not None}
    if "card" in said:
        said["model_card"] = said.pop("card")
    said.setdefault("name", _default_name(payload))
    return said


def _default_name(payload: LogPayload) -> str:
    """MLflow takes no '/', ':', '.', '%', quotes in the name of a LoggedModel."""
    name = payload.registered_model or payload.source.rstrip("/").rpartition("/")[2]
    return "".join(sign if sign.isalnum() or sign in "-_ " else "-" for sign in name) or "model"


def _register(
    name: str, version: str | None, logged: Logged, payload: LogPayload, events: JobEvents, registration: Registration
) -> str:
    events.stage("registering")
    with mlflow_errors(f"registering {name}"):
        if version is None:
            events.check()
            made = registration.register(
                name, source=logged.source, model_id=logged.model_id, run_id=logged.run_id, description=payload.description
            )
            version = str(made.version)
        if payload.alias:
            registration.set_alias(name, payload.alias, version)
    events.line(f"registered as {name} version {version}" + (f", alias {payload.alias}" if payload.alias else ""))
    _show(name, version)
    return version


def _show(name: str, version: str) -> None:
    """Put the version into the index at once; the poll would find it a few seconds later."""
    try:
        sync.refresh_version(name, version)
    except (MlflowUnavailable, DatabaseError) as error:
        logger.warning("%s version %s will appear with the next sync: %s", name, version, error)


def _result(payload: LogPayload, logged: Logged, version: str | None) -> dict[str, Any]:
    name = payload.registered_model
    return {
        "model_uri": f"models:/{name}/{version}" if version else logged.source,
        "model_id": logged.model_id,
        "registered_model": name,
        "version": version,
        "run_id": logged.run_id,
    }


def _goes_on_elsewhere(error: Exception, events: JobEvents) -> bool:
    """Whether another attempt will take over what was done so far."""
    interruption = events.is_cancelled
    reason = interruption.reason if isinstance(interruption, Interruption) else None
    return isinstance(error, JobInterrupted) and reason is not Reason.CANCELLED


def _remove(registration: Registration, payload: LogPayload) -> None:
    try:
        with mlflow_errors("removing what was not finished"):
            registration.remove(payload.registered_model)
    except (JobFailed, RetryLater) as error:
        logger.warning("Traces of a job stay in MLflow: %s", error)
