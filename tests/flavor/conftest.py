"""An MLflow store on SQLite that the flavor's tests share, and tiny checkpoints on disk."""

import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
import yaml
from mlflow import MlflowClient
from mlflow.models.model import ModelInfo

import flavor
from tests import tiny_models

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store that is empty at first; making its tables takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.create_experiment("flavor", artifact_location=(folder / "artifacts").as_uri())
    return uri


@pytest.fixture(scope="module")
def store(mlflow_uri: str) -> Iterator[MlflowClient]:
    """The store as MLflow's current one, with its experiment active."""
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(mlflow_uri)
    mlflow.set_registry_uri(mlflow_uri)
    mlflow.set_experiment("flavor")
    yield MlflowClient()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """Writes the tiny checkpoint of a task into a new folder."""

    def write(kind: str = "text-classification", name: str = "checkpoint", **options: object) -> Path:
        return tiny_models.save_checkpoint(kind, tmp_path / name, **options)

    return write


@contextmanager
def forward_calls(model: torch.nn.Module) -> Iterator[list[int]]:
    """Count the forward passes of a model; each leaves a number in the list."""
    calls: list[int] = []
    hook = model.register_forward_pre_hook(lambda *_: calls.append(1))
    try:
        yield calls
    finally:
        hook.remove()


def folder_of(info: ModelInfo) -> Path:
    """The folder of a logged model whose store is this machine."""
    return Path(info.artifact_path.removeprefix("file://"))


def saved(tmp_path: Path, model: Any, **options: Any) -> Path:
    """The folder of a model that was saved there."""
    flavor.save_model(model, tmp_path / "saved", **options)
    return tmp_path / "saved"


def mlmodel(folder: Path) -> dict:
    return yaml.safe_load((folder / "MLmodel").read_text())


def files_of(folder: Path) -> set[str]:
    """The files of an artifact, without our own copy in it."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {path for path in found if not path.startswith("code/flavor_")}


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Ask until the server answers; on a busy machine its start takes minutes."""
    until = time.monotonic() + 240
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {url}: {log.read_text()}")
