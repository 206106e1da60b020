"""Bring a model's files to this machine: used in place where they lie on it already, else downloaded once."""

import hashlib
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse

import mlflow
from django.conf import settings
from mlflow import MlflowClient
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from flavor.errors import ModelNotLoadable

from ..jobs.failures import JobInterrupted

Progress = Callable[[int, int | None], None]

WATCHED_EVERY_S = 0.25

_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def fetch(uri: str, progress: Progress, is_cancelled: Callable[[], bool]) -> str:
    """Return a local folder with the files of `models:/…`, `runs:/…` or an artifact URI.

    Raises ModelNotLoadable naming what is missing, JobInterrupted when cancelled.
    """
    try:
        address = artifact_address(uri)
        local = local_folder(address)
        return str(local) if local else str(_download(address, progress, is_cancelled))
    except MlflowException as error:
        raise ModelNotLoadable(f"{uri} cannot be fetched: {error.message.splitlines()[0][:300]}") from error


def artifact_address(uri: str) -> str:
    """Return the artifact URI behind `models:/…` and `runs:/…`; another URI as it is."""
    if uri.startswith("models:/"):
        return _address_of_model(uri.removeprefix("models:/").strip("/"))
    if uri.startswith("runs:/"):
        return _address_in_run(*uri.removeprefix("runs:/").strip("/").split("/", 1))
    return uri


def local_folder(address: str) -> Path | None:
    """Return the folder when the artifact lies on this machine. Raises ModelNotLoadable when it should but is gone."""
    parsed = urlparse(address)
    if parsed.scheme not in {"", "file"}:
        return None
    folder = Path(unquote(parsed.path))
    if not folder.is_dir():
        raise ModelNotLoadable(f"The model's folder {folder} does not exist on this machine.")
    return folder


@cache
def tracking() -> MlflowClient:
    """Return the client of the MLflow that the settings name."""
    # Some addresses (`models:/` sources, models of a run) are resolved by the global URI whatever the client's own.
    mlflow.set_tracking_uri(settings.MLFLOW_TRACKING_URI)
    mlflow.set_registry_uri(settings.MLFLOW_TRACKING_URI)
    return MlflowClient(tracking_uri=settings.MLFLOW_TRACKING_URI, registry_uri=settings.MLFLOW_TRACKING_URI)


def _address_of_model(name: str) -> str:
    if name.startswith("m-") and "/" not in name and "@" not in name:
        return tracking().get_logged_model(name).artifact_location
    if "@" in name:
        model, _, alias = name.rpartition("@")
        version = tracking().get_model_version_by_alias(model, alias)
    else:
        model, _, number = name.rpartition("/")
        version = tracking().get_model_version(model, number)
    source = version.source or ""
    if source.startswith("models:/m-"):
        return _address_of_model(source.removeprefix("models:/"))
    return tracking().get_model_version_download_uri(version.name, version.version)


def _address_in_run(run_id: str, path: str = "") -> str:
    """Return where a run's artifact lies; since MLflow 3 a model logged in a run lies beside it."""
    run = tracking().get_run(run_id)
    if path and not tracking().list_artifacts(run_id, path):
        models = tracking().search_logged_models([run.info.experiment_id], f"source_run_id = '{run_id}'")
        for model in models:
            if model.name == path:
                return model.artifact_location
    return "/".join(part for part in (run.info.artifact_uri.rstrip("/"), path) if part)


def _download(address: str, progress: Progress, is_cancelled: Callable[[], bool]) -> Path:
    """Download into a folder named by address, paths and sizes; renamed in one step, so that it is whole or not there."""
    repository = get_artifact_repository(address, tracking_uri=settings.MLFLOW_TRACKING_URI)
    files = sorted(_files(repository), key=lambda file: file.path)
    if not files:
        raise ModelNotLoadable(f"There are no files at {address}.")
    listing = "\n".join([address, *(f"{file.path} {file.file_size}" for file in files)])
    folder = settings.VAR_DIR / "cache" / "models" / hashlib.sha256(listing.encode()).hexdigest()[:40]
    with _lock(folder.name):
        if not folder.is_dir():
            _download_files(repository, files, folder, progress, is_cancelled)
    return folder


def _download_files(
    repository: ArtifactRepository, files: list[FileInfo], folder: Path, progress: Progress, is_cancelled: Callable[[], bool]
) -> None:
    staging = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    staging.mkdir(parents=True)
    total = sum(file.file_size or 0 for file in files)
    try:
        with _watched(staging, total, progress):
            for file in files:
                if is_cancelled():
                    raise JobInterrupted
                repository.download_artifacts(file.path, dst_path=str(staging))
                _check_size(staging / file.path, file)
        progress(total, total)
        os.rename(staging, folder)
    except OSError:
        if not folder.is_dir():  # else another process was quicker
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _files(repository: ArtifactRepository, path: str | None = None) -> Iterator[FileInfo]:
    for entry in repository.list_artifacts(path):
        if entry.is_dir:
            yield from _files(repository, entry.path)
        else:
            yield entry


def _check_size(path: Path, file: FileInfo) -> None:
    size = path.stat().st_size
    if file.file_size is not None and size != file.file_size:
        raise ModelNotLoadable(f"{file.path} came with {size} bytes instead of {file.file_size}; try again.")


@contextmanager
def _watched(staging: Path, total: int, progress: Progress) -> Iterator[None]:
    """Report the bytes that have arrived while a download, which reports nothing itself, goes on."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(WATCHED_EVERY_S):
            progress(sum(path.stat().st_size for path in staging.rglob("*") if path.is_file()), total)

    thread = threading.Thread(target=watch, name="watch-download", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _lock(name: str) -> threading.Lock:
    with _locks_lock:
        return _locks.setdefault(name, threading.Lock())
