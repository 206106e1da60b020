"""What a log job leaves in MLflow, tagged with the job's id and fence, so that a retry finds, adopts or removes it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus, Metric
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ..catalog.mlflow_client import name_filter

JOB_TAG = "registry_ui.job_id"
FENCE_TAG = "registry_ui.fence"
DEFAULT_EXPERIMENT = "0"


@dataclass(frozen=True)
class Traces:
    """What earlier attempts of a job left."""

    version: ModelVersion | None
    model_id: str | None  # a finished LoggedModel
    run_id: str | None  # a run made for the job's metrics


class Registration:
    """The effects of one attempt of one log job on MLflow."""

    def __init__(self, client: MlflowClient, *, job_id: UUID, fence: int, run_id: str | None) -> None:
        self._client = client
        self._job_id = str(job_id)
        self.tags = {JOB_TAG: self._job_id, FENCE_TAG: str(fence)}
        self._given_run_id = run_id
        self.experiment_id = client.get_run(run_id).info.experiment_id if run_id else DEFAULT_EXPERIMENT

    def find(self, registered_model: str | None) -> Traces:
        """Return what earlier attempts left, after removing what they did not finish."""
        versions = self._versions(registered_model) if registered_model else []
        finished = []
        for model in self._models():
            if model.status == LoggedModelStatus.READY:
                finished.append(model.model_id)
            else:
                self._client.delete_logged_model(model.model_id)
        for surplus in versions[1:]:
            self._client.delete_model_version(surplus.name, surplus.version)
        runs = self._runs()
        return Traces(versions[0] if versions else None, finished[0] if finished else None, runs[0] if runs else None)

    def run_for_metrics(self, traces: Traces | None, *, name: str) -> str:
        """Return the run that metrics go to: the given one, an earlier attempt's, or a new one."""
        if self._given_run_id:
            return self._given_run_id
        if traces and traces.run_id:
            return traces.run_id
        return self._client.create_run(self.experiment_id, tags=self.tags, run_name=name).info.run_id

    def log_metrics(self, metrics: Mapping[str, float], *, run_id: str, model_id: str | None) -> None:
        """Log metrics to the run, linked to the model."""
        now_ms = int(time.time() * 1000)
        entities = [Metric(key, float(value), now_ms, 0, model_id=model_id, run_id=run_id) for key, value in metrics.items()]
        self._client.log_batch(run_id, metrics=entities)

    def register(
        self, name: str, *, source: str, model_id: str | None, run_id: str | None, description: str | None
    ) -> ModelVersion:
        """Make the next version of `name`, and `name` itself when it is new."""
        self._create_name(name)
        return self._client.create_model_version(
            name, source, run_id=run_id, tags=self.tags, description=description, model_id=model_id
        )

    def set_alias(self, name: str, alias: str, version: str) -> None:
        """Point the alias to the version."""
        self._client.set_registered_model_alias(name, alias, version)

    def remove(self, registered_model: str | None) -> None:
        """Remove whatever the job left: its versions, models and runs."""
        if registered_model:
            self._remove_versions(registered_model)
        for model in self._models():
            self._client.delete_logged_model(model.model_id)
        for run_id in self._runs():
            self._client.delete_run(run_id)

    def _create_name(self, name: str) -> None:
        try:
            self._client.create_registered_model(name, tags=self.tags)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _remove_versions(self, name: str) -> None:
        """Delete the job's versions, and the name too when this job made it and nothing else is in it."""
        for version in self._versions(name):
            self._client.delete_model_version(version.name, version.version)
        if any(version.name == name for version in self._client.search_model_versions(name_filter(name))):
            return
        models = [model for model in self._client.search_registered_models(name_filter(name)) if model.name == name]
        if models and models[0].tags.get(JOB_TAG) == self._job_id:
            self._client.delete_registered_model(name)

    def _versions(self, name: str) -> list[ModelVersion]:
        found = self._client.search_model_versions(f"tags.`{JOB_TAG}` = '{self._job_id}'")
        return sorted((each for each in found if each.name == name), key=lambda each: int(each.version))

    def _models(self) -> list[Any]:
        return list(self._client.search_logged_models([self.experiment_id], f"tags.`{JOB_TAG}` = '{self._job_id}'"))

    def _runs(self) -> list[str]:
        found = self._client.search_runs([self.experiment_id], f"tags.`{JOB_TAG}` = '{self._job_id}'")
        return [run.info.run_id for run in found]
