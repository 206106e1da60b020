"""The place in which tutorials run: a folder, a tracking store, and, for the page that asks one, a registry."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import torch
from mlflow import MlflowClient


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all pages run one after the other, so that a model that two of them want is trained once."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tutorials")
    uri = f"sqlite:///{folder / 'empty.db'}"
    MlflowClient(tracking_uri=uri, registry_uri=uri).search_experiments()  # its tables take seconds to make
    return folder


@pytest.fixture
def reader(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Somebody who follows a page: in the folder, with an MLflow in which nothing was logged. Gives its address."""
    uri = f"sqlite:///{shutil.copy(workplace / 'empty.db', tmp_path / 'mlflow.db')}"
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    mlflow.set_experiment("tutorial")
    yield uri
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])
