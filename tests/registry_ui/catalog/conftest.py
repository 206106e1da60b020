"""Fixtures of the catalog tests: a real MLflow store for each test, and models in it small enough to be made in no time."""

import json
import shutil
import struct
from contextlib import suppress
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow import MlflowClient

from registry_ui.catalog import sync


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """The database of an empty MLflow; its migration takes seconds, so tests copy it."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}", registry_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_store, tmp_path, settings):
    """The client of an MLflow of the test's own, which the settings name."""
    path = Path(shutil.copy(empty_store, tmp_path / "mlflow.db"))
    settings.MLFLOW_TRACKING_URI = f"sqlite:///{path}"
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(settings.MLFLOW_TRACKING_URI)
    mlflow.set_registry_uri(settings.MLFLOW_TRACKING_URI)
    yield MlflowClient()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.fixture
def experiment(store, tmp_path) -> str:
    return store.create_experiment("ours", artifact_location=(tmp_path / "artifacts").as_uri())


@pytest.fixture
def logged(store, experiment):
    """Log a text classifier with real files but tiny weights; return its LoggedModel."""

    def log(name: str = "sentiment", *, run_id: str | None = None, card: str | None = None, task: str = "text-classification"):
        model = store.create_logged_model(experiment, name=name, source_run_id=run_id)
        write_model(Path(model.artifact_location.removeprefix("file://")), card=card, task=task)
        return store.finalize_logged_model(model.model_id, "READY")

    return log


@pytest.fixture
def register(store, logged):
    """Register the next version of `name`; return its number."""

    def make(name: str = "sentiment", **asked) -> int:
        with suppress(mlflow.MlflowException):  # there already
            store.create_registered_model(name)
        model = logged("model", **asked)
        version = store.create_model_version(name, f"models:/{model.model_id}", run_id=asked.get("run_id"))
        return int(version.version)

    return make


@pytest.fixture
def synced(db, store):
    """Take one turn of the sync and expect that MLflow answered."""

    def once():
        report = sync.sync_once()
        assert report.problem == ""
        return report

    return once


def write_model(folder: Path, *, card: str | None = None, task: str = "text-classification") -> None:
    """Write the files of a saved model: MLmodel, configuration and one safetensors file with two small tensors."""
    (folder / "model").mkdir(parents=True)
    (folder / "MLmodel").write_text(
        yaml.safe_dump(
            {
                "flavors": {
                    "python_function": {"loader_module": "mlflow.transformers", "python_version": "3.11.7"},
                    "transformers": {
                        "task": task,
                        "instance_type": "TextClassificationPipeline",
                        "pipeline_model_type": "BertForSequenceClassification",
                        "model_binary": "model",
                        "components": ["tokenizer"],
                        "tokenizer_type": "BertTokenizer",
                        "torch_dtype": "torch.float32",
                        "transformers_version": "5.23.0",
                    },
                },
                "signature": {
                    "inputs": '[{"name": "text", "type": "string", "required": true}]',
                    "outputs": '[{"name": "label", "type": "string"}, {"name": "score", "type": "double"}]',
                    "params": '[{"name": "top_k", "type": "integer", "default": 1, "shape": null}]',
                },
            }
        )
    )
    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", "id2label": {"0": "NO", "1": "YES"}}
    (folder / "model" / "config.json").write_text(json.dumps(config))
    (folder / "components" / "tokenizer").mkdir(parents=True)
    (folder / "components" / "tokenizer" / "tokenizer_config.json").write_text("{}")
    (folder / "model" / "model.safetensors").write_bytes(safetensors({"weight": (2, 3), "bias": (3,)}))
    if card is not None:
        (folder / "model_card.md").write_text(card)


def safetensors(shapes: dict[str, tuple[int, ...]]) -> bytes:
    """A safetensors file of zeros in float32."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, count = end, 1
        for side in shape:
            count *= side
        end = start + 4 * count
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


@pytest.fixture
def page(client_alice):
    """Fetch a page as alice; return its text."""

    def get(path: str, *, status: int = 200, **headers: str) -> str:
        response = client_alice.get(path, headers=headers)
        assert response.status_code == status, response.content[:500]
        return response.content.decode()

    return get
