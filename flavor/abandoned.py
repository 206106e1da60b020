"""Logged models whose process was killed while it wrote them: found by the folder it left, removed, and said to have failed."""

import logging
from typing import TYPE_CHECKING

from .artifacts import path_of
from .staging import remove_abandoned

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

logger = logging.getLogger(__name__)

FAILURE_TAG = "flavor.failure"
KILLED = "its process was killed while it was written"


def fail_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """Let the models of an experiment that nobody writes any more be FAILED, without files and with the reason.

    Only those whose store is a folder here can be known. Nothing is raised: the caller has a model of its own to log.
    """
    from mlflow.entities import LoggedModelStatus  # heavy
    from mlflow.exceptions import MlflowException

    try:
        for logged in _pending(client, experiment_id):
            place = path_of(logged.artifact_location)
            if place is not None and place.parent.is_dir() and remove_abandoned(place):
                client.set_logged_model_tags(logged.model_id, {FAILURE_TAG: KILLED})
                client.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
    except (MlflowException, OSError) as error:
        logger.warning("What killed logs left behind in experiment %s stays: %s", experiment_id, error)


def _pending(client: "MlflowClient", experiment_id: str) -> "list[LoggedModel]":
    from mlflow.entities import LoggedModelStatus  # heavy
    from mlflow.exceptions import MlflowException

    try:
        return client.search_logged_models([experiment_id], f"status = {LoggedModelStatus.PENDING.to_int()}")
    except MlflowException:  # databases keep numbers, MLflow's store of plain files keeps words
        return client.search_logged_models([experiment_id], f"status = '{LoggedModelStatus.PENDING}'")
