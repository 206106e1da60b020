"""What logging leaves in MLflow: one LoggedModel, READY with everything or FAILED with nothing but the reason."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import flavor
from flavor.errors import Cancelled, ModelNotLoadable
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of, folder_of, wait_for

Checkpoints = Callable[..., Path]


@pytest.fixture(scope="module")
def classifier():
    return tiny_models.text_classification()


def test_a_model_logged_outside_a_run_is_ready_and_makes_no_run(store: MlflowClient, checkpoint: Checkpoints) -> None:
    experiment = store.get_experiment_by_name("flavor").experiment_id
    runs = len(store.search_runs([experiment]))
    info = flavor.log_model(str(checkpoint()), name="alone", tags={"team": "a"}, params={"lr": 1})
    logged = store.get_logged_model(info.model_id)
    assert (logged.name, logged.status, logged.source_run_id) == ("alone", "READY", None)
    assert logged.tags["team"] == "a"
    assert logged.params == {"lr": "1"}
    assert len(store.search_runs([experiment])) == runs
    assert mlflow.active_run() is None


def test_a_model_is_linked_to_the_run_it_was_given_with_its_metrics_and_params(
    store: MlflowClient, classifier, tmp_path: Path
) -> None:
    other = store.create_experiment("other", artifact_location=(tmp_path / "other").as_uri())
    run = store.create_run(other)
    store.log_param(run.info.run_id, "lr", "0.1")
    store.log_metric(run.info.run_id, "accuracy", 0.9)
    info = flavor.log_model(classifier, name="linked", run_id=run.info.run_id, model_config={"top_k": 2})
    logged = store.get_logged_model(info.model_id)
    assert (logged.source_run_id, logged.experiment_id) == (run.info.run_id, other)
    assert logged.params["lr"] == "0.1"
    assert [(each.key, each.value) for each in logged.metrics] == [("accuracy", 0.9)]
    finished = store.get_run(run.info.run_id)
    assert [each.model_id for each in finished.outputs.model_outputs] == [info.model_id]
    assert finished.data.params["top_k"] == "2"


def test_the_active_run_is_used_and_left_open(store: MlflowClient, classifier) -> None:
    with mlflow.start_run() as run:
        info = flavor.log_model(classifier, name="active")
        assert mlflow.active_run() is not None
    assert info.run_id == run.info.run_id


def test_a_model_is_registered_when_asked(store: MlflowClient, classifier) -> None:
    info = flavor.log_model(classifier, name="m", registered_model_name="registered", tags={"team": "a"})
    version = store.get_model_version("registered", str(info.registered_model_version))
    assert version.source == info.model_uri
    assert version.tags["team"] == "a"


def test_the_old_name_of_the_name_still_works(store: MlflowClient, classifier) -> None:
    assert store.get_logged_model(flavor.log_model(classifier, "old").model_id).name == "old"
    with pytest.raises(InvalidInput, match="give name only"):
        flavor.log_model(classifier, artifact_path="a", name="b")


def test_an_existing_logged_model_is_filled(store: MlflowClient, classifier) -> None:
    made = mlflow.create_external_model(name="external")
    info = flavor.log_model(classifier, model_id=made.model_id)
    logged = store.get_logged_model(made.model_id)
    assert info.model_id == made.model_id
    assert logged.status == "READY"
    assert "mlflow.model.isExternal" not in logged.tags
    assert mlflow.pyfunc.load_model(info.model_uri).predict("good")


def test_a_bad_source_is_refused_before_there_is_a_logged_model(store: MlflowClient, tmp_path: Path) -> None:
    experiment = store.get_experiment_by_name("flavor").experiment_id
    before = len(store.search_logged_models([experiment]))
    with pytest.raises(InvalidInput, match=r"config\.json is missing"):
        flavor.log_model(str(tmp_path), name="bad")
    assert len(store.search_logged_models([experiment])) == before


def test_stopping_leaves_a_failed_model_without_files(store: MlflowClient, checkpoint: Checkpoints, tmp_path: Path) -> None:
    experiment = store.create_experiment("stopped", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        flavor.log_model(str(checkpoint()), name="stopped", run_id=run.info.run_id, should_stop=lambda: next(asked, True))
    (logged,) = store.search_logged_models([experiment])
    assert (logged.status, logged.tags["flavor.failure"]) == ("FAILED", "cancelled")
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_log_that_breaks_says_why_in_a_tag(
    store: MlflowClient, checkpoint: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = store.create_experiment("broken", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    source = checkpoint()

    def lose_the_weights(stage: str, *_: object) -> None:
        if stage == "copying":
            (source / "model.safetensors").unlink(missing_ok=True)

    with pytest.raises(OSError, match=r"model\.safetensors"):
        flavor.log_model(str(source), run_id=run.info.run_id, progress=lose_the_weights)
    (logged,) = store.search_logged_models([experiment])
    assert logged.status == "FAILED"
    assert "model.safetensors" in logged.tags["flavor.failure"]


def test_a_wrong_name_is_mlflows_error(store: MlflowClient, classifier) -> None:
    with pytest.raises(MlflowException, match="Invalid model name"):
        flavor.log_model(classifier, name="a/b")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An MLflow server that keeps artifacts behind its own door."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder / "behind")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, folder / "log")
        yield f"http://127.0.0.1:{port}", folder
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def over_http(server: tuple[str, Path]) -> Iterator[MlflowClient]:
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(server[0])
    mlflow.set_registry_uri(server[0])
    yield MlflowClient()
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


@pytest.mark.slow
def test_over_http_the_bytes_go_through_the_server_and_come_back(
    over_http: MlflowClient, server: tuple[str, Path], checkpoint: Checkpoints
) -> None:
    told: list[tuple] = []
    experiment = over_http.create_experiment("proxied")
    run = over_http.create_run(experiment)
    info = flavor.log_model(
        str(checkpoint()),
        name="far",
        run_id=run.info.run_id,
        registered_model_name="far",
        progress=lambda *event: told.append(event),
    )
    assert info.artifact_path.startswith("mlflow-artifacts:/")
    assert [event for event in told if event[0] == "uploading"][-1][1] > 90_000
    assert over_http.get_logged_model(info.model_id).status == "READY"
    assert {"MLmodel", "model/model.safetensors"} <= {
        path.name if path.name == "MLmodel" else f"model/{path.name}"
        for path in (server[1] / "behind").rglob("*")
        if path.is_file()
    }
    for uri in (info.model_uri, "models:/far/1"):
        assert flavor.load_model(uri, device="cpu")("good")
        assert mlflow.pyfunc.load_model(uri).predict("good")


@pytest.mark.slow
def test_over_http_a_store_that_is_a_folder_here_is_written_directly(
    over_http: MlflowClient, checkpoint: Checkpoints, tmp_path: Path
) -> None:
    experiment = over_http.create_experiment("in place", artifact_location=(tmp_path / "artifacts").as_uri())
    run = over_http.create_run(experiment)
    info = flavor.log_model(str(checkpoint()), name="near", run_id=run.info.run_id)
    folder = folder_of(info)
    assert folder.is_relative_to(tmp_path)
    assert {"MLmodel", "model/model.safetensors"} <= files_of(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["artifacts"]


@pytest.mark.slow
def test_over_http_the_base_of_an_adapter_is_found_and_fetched(
    over_http: MlflowClient, checkpoint: Checkpoints, tmp_path: Path
) -> None:
    from .test_peft import adapter_on

    base = checkpoint()
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    run = over_http.create_run(over_http.create_experiment("adapters over http"))
    first = flavor.log_model(str(base), name="base", run_id=run.info.run_id)
    second = flavor.log_model(str(adapter), name="adapter", run_id=run.info.run_id)
    (base / "config.json").unlink()
    assert second.flavors["flavor"]["base"]["uri"] == first.model_uri
    assert flavor.load_model(second.model_uri, device="cpu")("good") == expected
    named = flavor.log_model(str(adapter), name="named", run_id=run.info.run_id, base_model=first.model_uri)
    assert named.flavors["flavor"]["base"]["weights_hash"] == second.flavors["flavor"]["base"]["weights_hash"]


def test_a_damaged_upload_source_is_refused_before_anything_is_sent(store: MlflowClient, checkpoint: Checkpoints) -> None:
    source = checkpoint()
    (source / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelNotLoadable, match="is damaged"):
        flavor.log_model(str(source))
