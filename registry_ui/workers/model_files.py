"""What a model's child is given to load: the folder with its files, and for an adapter the folder of its base."""

from collections.abc import Callable
from pathlib import Path

from flavor.artifacts import read_config
from flavor.flavor_config import Base
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
    artifact = Path(fetch(base.uri, progress, is_cancelled))
    return str(artifact / read_config(artifact).model_folder)
