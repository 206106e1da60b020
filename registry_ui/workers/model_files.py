"""What a model's child is given to load: the folder with its files, and for an adapter the folder of its base."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mlflow import MlflowClient

from flavor.artifacts import read_config
from flavor.bases import check_weights
from flavor.errors import ModelNotLoadable
from flavor.flavor_config import Base
from flavor.logged_bases import logged_with
from flavor.runtime.pool import ModelFiles

from .artifacts import Progress, fetch


def fetch_model(uri: str, progress: Progress, is_cancelled: Callable[[], bool]) -> ModelFiles:
    """Bring a model to this machine, its base too. Raises ModelNotLoadable naming what is missing, JobInterrupted."""
    folder = Path(fetch(uri, progress, is_cancelled))
    config = read_config(folder)
    if config.base is None or config.has_own_weights:
        return ModelFiles(str(folder))
    return ModelFiles(str(folder), _fetch_base(config.base, progress, is_cancelled))


def _fetch_base(base: Base, progress: Progress, is_cancelled: Callable[[], bool]) -> str | None:
    """Return the base's folder; None for one that only the Hub's cache may have, where the child looks."""
    if base.path and (Path(base.path) / "config.json").is_file():
        return base.path
    if not base.uri:
        return None
    try:
        return str(_weights_of(base.uri, progress, is_cancelled))
    except ModelNotLoadable:
        for other in _others_with_weights(base):
            folder = _weights_of(other.uri, progress, is_cancelled)
            check_weights(folder, base)
            return str(folder)
        raise


def _weights_of(uri: str, progress: Progress, is_cancelled: Callable[[], bool]) -> Path:
    artifact = Path(fetch(uri, progress, is_cancelled))
    return artifact / read_config(artifact).model_folder


def _others_with_weights(base: Base) -> Iterator[Base]:
    """The logged models that hold the same weights, when the one that was recorded is gone."""
    if base.weights_hash:
        yield from (each for each in logged_with(MlflowClient(), base.weights_hash) if each.uri != base.uri)
