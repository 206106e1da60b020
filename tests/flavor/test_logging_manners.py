"""What logging does not do: load or run the model, ask the network, change what it was given, mix with others."""

import copy
import inspect
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry as repositories
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

import flavor
from flavor.weights import Writer
from tests import tiny_audio, tiny_models

from .conftest import files_of, folder_of, forward_calls

Checkpoints = Callable[..., Path]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def refuse(*args: Any, **kwargs: Any) -> None:
    raise AssertionError("this is not done while a model is logged")


def block_of(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["transformers"]


@pytest.mark.parametrize("door", ["save_model", "log_model", "load_model", "persist_pretrained_model"])
def test_every_parameter_of_stock_stands_in_its_place_with_its_default(door: str) -> None:
    stock = inspect.signature(getattr(mlflow.transformers, door)).parameters.values()
    ours = list(inspect.signature(getattr(flavor, door)).parameters.values())
    named = [each for each in stock if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    for expected, found in zip(named, ours, strict=False):
        assert (found.name, found.default, found.kind) == (expected.name, expected.default, expected.kind)
    assert len(ours) >= len(named)


def test_a_word_that_no_parameter_has_is_a_type_error(store: MlflowClient, checkpoint: Checkpoints) -> None:
    with pytest.raises(TypeError, match="artifact_pth"):
        flavor.log_model(checkpoint(), artifact_pth="typo")


@pytest.fixture
def hub_id(checkpoint: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model of the Hub that lies in the cache of a machine that works offline, with what trainers push beside it."""
    repository = tmp_path / "cache/models--org--tiny"
    snapshot = repository / "snapshots" / COMMIT
    shutil.copytree(checkpoint(name="pushed"), snapshot)
    for name in ("optimizer.pt", "training_args.bin", "events.out"):
        (snapshot / name).write_text("junk")
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return "org/tiny"


@pytest.mark.parametrize("kind", ["folder", "Hub id"])
def test_folders_and_hub_ids_become_no_model_in_memory(
    checkpoint: Checkpoints, hub_id: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = checkpoint() if kind == "folder" else hub_id
    for what in ("torch.nn.Module.__init__", "torch.nn.Module.__call__", "torch.empty", "safetensors.safe_open"):
        monkeypatch.setattr(what, refuse)
    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
    flavor.save_model(given, tmp_path / "saved")
    assert {path for path in files_of(tmp_path / "saved") if path.startswith("model/")} == {
        "model/config.json",
        "model/model.safetensors",
    }


def test_a_model_in_memory_is_logged_without_a_question_to_it_the_network_or_another_process(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tiny_models.text_classification()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with forward_calls(pipeline.model) as calls:
        flavor.log_model(pipeline, name="quiet", input_example="good")
    assert calls == []


def test_weights_in_memory_are_written_once_and_into_the_store(store: MlflowClient, tmp_path: Path) -> None:
    experiment = store.create_experiment("once", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    seen: list[set[Path]] = []

    def look(stage: str, *_: object) -> None:
        if stage == "finishing":
            seen.append(set(tmp_path.rglob("*.safetensors")))

    info = flavor.log_model(tiny_models.text_classification(), run_id=run.info.run_id, progress=look)
    (written,) = seen
    assert [path.parent.parent.parent for path in written] == [folder_of(info).parent]
    assert set(tmp_path.rglob("*.safetensors")) == {folder_of(info) / "model/model.safetensors"}


def test_nothing_that_was_handed_in_is_changed(store: MlflowClient) -> None:
    pipeline = tiny_models.text_generation()
    given: dict[str, Any] = {
        "metadata": {"team": "a"},
        "model_config": {"max_new_tokens": 3},
        "input_example": {"text": "good"},
        "tags": {"a": 1},
        "params": {"lr": 0.1},
    }
    before = copy.deepcopy(given)
    tokenizer = (pipeline.tokenizer.padding_side, pipeline.tokenizer.pad_token, len(pipeline.tokenizer))
    weights = {name: each.clone() for name, each in pipeline.model.state_dict().items()}
    flavor.log_model(pipeline, name="same", prompt_template="Q: {prompt}", **given)
    assert given == before
    assert (pipeline.tokenizer.padding_side, pipeline.tokenizer.pad_token, len(pipeline.tokenizer)) == tokenizer
    assert all(each.equal(weights[name]) for name, each in pipeline.model.state_dict().items())


def test_a_dict_may_hold_a_processor_and_say_the_type(tmp_path: Path) -> None:
    from transformers import WhisperProcessor

    ours = tiny_audio.whisper()
    parts = {"model": ours.model, "processor": WhisperProcessor(ours.feature_extractor, ours.tokenizer), "dtype": "float16"}
    flavor.save_model(parts, tmp_path / "saved")
    assert block_of(tmp_path / "saved")["torch_dtype"] == "torch.float16"
    assert {"tokenizer", "feature_extractor"} <= set(block_of(tmp_path / "saved")["components"])


def test_a_package_that_is_missing_is_asked_for_without_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flavor.requirements.version_of", lambda name: "")
    flavor.save_model(tiny_models.image_classification(), tmp_path / "saved")
    asked = (tmp_path / "saved/requirements.txt").read_text().split()
    assert {"torch", "pillow", "transformers"} <= set(asked)


def test_another_thread_logs_the_same_signature(store: MlflowClient) -> None:
    pipeline = tiny_models.text_generation()
    here = flavor.log_model(pipeline, name="here")
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(flavor.log_model, pipeline, name="there").result()
    assert here.signature is not None
    assert there.signature == here.signature


def test_logs_beside_each_other_do_not_mix(store: MlflowClient, checkpoint: Checkpoints) -> None:
    experiment = store.get_experiment_by_name("flavor").experiment_id
    runs = [store.create_run(experiment).info.run_id for _ in range(3)]
    sources = [checkpoint(name=str(number), labels=(f"{number}a", f"{number}b")) for number in range(3)]
    with mlflow.start_run() as open_run, ThreadPoolExecutor(3) as pool:
        asked = [
            pool.submit(flavor.log_model, source, name=f"beside{run_id}", run_id=run_id)
            for source, run_id in zip(sources, runs, strict=True)
        ]
        logged = [each.result() for each in asked]
    for source, run_id, info in zip(sources, runs, logged, strict=True):
        assert [each.model_id for each in store.get_run(run_id).outputs.model_outputs] == [info.model_id]
        assert (folder_of(info) / "model/config.json").read_bytes() == (source / "config.json").read_bytes()
    assert store.get_run(open_run.info.run_id).outputs.model_outputs == []


def test_the_tracking_uri_and_the_active_run_stay_as_they_were(store: MlflowClient, checkpoint: Checkpoints) -> None:
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    flavor.log_model(checkpoint(), name="guest", registered_model_name="guest")
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before
    assert mlflow.active_run() is None


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[list[tuple[str, bool]]]:
    """A store that is no folder to the flavor, as `elsewhere://`. Gives the name of each file sent, and whether it was a link."""
    sent: list[tuple[str, bool]] = []

    class Elsewhere(LocalArtifactRepository):
        def __init__(self, artifact_uri: str, *args: Any, **kwargs: Any) -> None:
            super().__init__((tmp_path / "elsewhere" / artifact_uri.partition("://")[2]).as_uri(), *args, **kwargs)

        def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
            sent.append((Path(local_file).name, Path(local_file).is_symlink()))
            super().log_artifact(local_file, artifact_path)

    repositories.register("elsewhere", Elsewhere)
    yield sent
    del repositories._registry["elsewhere"]


def test_a_store_elsewhere_gets_each_file_once_with_no_copy_of_the_weights_on_the_way(
    store: MlflowClient, elsewhere: list[tuple[str, bool]], checkpoint: Checkpoints
) -> None:
    run = store.create_run(store.create_experiment("elsewhere", artifact_location="elsewhere://store"))
    told: list[tuple] = []
    flavor.log_model(checkpoint(), run_id=run.info.run_id, progress=lambda *event: told.append(event))
    assert [each for each in elsewhere if each[0] == "model.safetensors"] == [("model.safetensors", True)]
    assert elsewhere[-1][0] == "MLmodel"
    uploading = [event for event in told if event[0] == "uploading"]
    assert uploading[-1][1] == uploading[-1][2] > 90_000


def test_the_more_weights_the_larger_the_files() -> None:
    writer = Writer(Path("nowhere"))
    assert writer.shard_size(10**9) == 5 * 10**9
    assert writer.shard_size(10**12) == 2 * 10**10
    assert Writer(Path("nowhere"), max_shard_size="1GB").shard_size(10**12) == "1GB"
