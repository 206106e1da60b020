"""Logged models found by what their weights are: the bases of adapters, wherever they were logged from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .artifacts import path_of
from .flavor_config import Base

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

WEIGHTS_TAG = "flavor.weights_hash"
AT_ONCE = 100  # experiments in one search


def find_logged(client: "MlflowClient", known: str) -> Base | None:
    """Return the logged model with these weights as an adapter's base, None when there is none."""
    return next(logged_with(client, known), None)


def logged_with(client: "MlflowClient", known: str) -> Iterator[Base]:
    """Yield every logged model with these weights."""
    from mlflow.entities import LoggedModelStatus  # heavy

    experiments = [each.experiment_id for each in client.search_experiments()]
    for start in range(0, len(experiments), AT_ONCE):
        for logged in client.search_logged_models(experiments[start : start + AT_ONCE], f"tags.`{WEIGHTS_TAG}` = '{known}'"):
            if logged.status == LoggedModelStatus.READY:
                yield _as_base(client, logged)


def _as_base(client: "MlflowClient", logged: "LoggedModel") -> Base:
    folder = path_of(logged.artifact_location)
    path = str(folder / "model") if folder and (folder / "model" / "config.json").is_file() else ""
    versions = client.search_model_versions(f"source_path = 'models:/{logged.model_id}'", max_results=10)
    newest = max(versions, key=lambda each: int(each.version), default=None)
    version = f"models:/{newest.name}/{newest.version}" if newest else ""
    return Base(uri=f"models:/{logged.model_id}", version=version, path=path)
