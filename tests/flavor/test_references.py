"""Models logged as a reference to the Hub: the commit that was really used, or nothing; and made whole later."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
import yaml
from mlflow import MlflowClient
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import flavor
from flavor.errors import HubUnavailable
from flavor.inspection import local_reader, read_facts
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of, folder_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds `org/tiny` at one commit, in a process that works offline. Returns the snapshot."""
    repository = tmp_path / "cache/models--org--tiny"
    snapshot = repository / "snapshots" / COMMIT
    tiny_models.save_checkpoint("text-classification", snapshot)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return snapshot


@pytest.fixture
def parts(hub: Path) -> dict[str, Any]:
    """`org/tiny` as a program loads it by its Hub id."""
    model = AutoModelForSequenceClassification.from_pretrained(hub)
    model.config._name_or_path = "org/tiny"
    model.name_or_path = "org/tiny"
    return {"model": model, "tokenizer": AutoTokenizer.from_pretrained(hub)}


def block_of(folder: Path) -> dict:
    return yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["transformers"]


def answer(folder: Path) -> Any:
    return flavor.load_model(str(folder), device="cpu")("good")


Given = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize("given", [lambda parts: "org/tiny", lambda parts: parts], ids=["Hub id", "in memory"])
def test_a_reference_keeps_components_and_commit_and_no_weights(parts: dict, tmp_path: Path, given: Given) -> None:
    folder = tmp_path / "saved"
    flavor.save_model(given(parts), folder, save_pretrained=False)
    block = block_of(folder)
    assert (block["source_model_name"], block["source_model_revision"]) == ("org/tiny", COMMIT)
    assert (block["tokenizer_name"], block["tokenizer_revision"]) == ("org/tiny", COMMIT)
    assert "model_binary" not in block
    assert not [path for path in files_of(folder) if path.endswith(".safetensors")]
    assert "components/tokenizer/tokenizer.json" in files_of(folder)
    assert read_facts(*local_reader(folder)).problem == ""
    assert answer(folder) == mlflow.transformers.load_model(str(folder), device="cpu")("good")


def test_weights_that_were_tuned_are_not_referred_to(parts: dict, tmp_path: Path) -> None:
    with torch.no_grad():
        parts["model"].classifier.weight += 0.1
    with pytest.raises(InvalidInput, match=r"are not those of org/tiny .*classifier\.weight.* leave save_pretrained out"):
        flavor.save_model(parts, tmp_path / "saved", save_pretrained=False)
    assert not (tmp_path / "saved").exists()


def test_a_snapshot_that_is_not_here_cannot_be_referred_to(parts: dict, hub: Path, tmp_path: Path) -> None:
    shutil.rmtree(hub.parent.parent)
    with pytest.raises(InvalidInput, match="nobody can say which commit"):
        flavor.save_model(parts, tmp_path / "saved", save_pretrained=False)


def test_a_model_from_nowhere_is_saved_whole_as_in_stock(tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_classification(), tmp_path / "saved", save_pretrained=False)
    assert "model/model.safetensors" in files_of(tmp_path / "saved")


def test_a_folder_is_no_reference(hub: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no address on the Hub"):
        flavor.save_model(str(hub), tmp_path / "saved", save_pretrained=False)


def test_a_reference_without_the_hub_says_what_it_needs(hub: Path, tmp_path: Path) -> None:
    flavor.save_model("org/tiny", tmp_path / "saved", save_pretrained=False)
    shutil.rmtree(hub.parent.parent)
    with pytest.raises(HubUnavailable, match="org/tiny"):
        flavor.load_model(str(tmp_path / "saved"))


@pytest.mark.parametrize("form", ["models:/m-", "models:/name/version", "models:/name@alias", "runs:/", "path"])
def test_a_reference_becomes_whole_by_any_of_its_addresses(
    store: MlflowClient, hub: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mlflow.start_run() as run:
        info = flavor.log_model("org/tiny", name="reference", save_pretrained=False, registered_model_name="reference")
    store.set_registered_model_alias("reference", "persisted", str(info.registered_model_version))
    folder = folder_of(info)
    expected = answer(folder)
    addresses = {
        "models:/m-": info.model_uri,
        "models:/name/version": f"models:/reference/{info.registered_model_version}",
        "models:/name@alias": "models:/reference@persisted",
        "runs:/": f"runs:/{run.info.run_id}/reference",
        "path": str(folder),
    }

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the model was loaded")

    with monkeypatch.context() as patched:
        patched.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
        flavor.persist_pretrained_model(addresses[form])
    shutil.rmtree(hub.parent.parent)
    assert block_of(folder)["model_binary"] == "model"
    assert "source_model_revision" not in block_of(folder)
    assert flavor.load_model(str(folder), device="cpu", verify=True)("good") == expected
    assert mlflow.transformers.load_model(str(folder), device="cpu")("good") == expected
    size = yaml.safe_load((folder / "MLmodel").read_text())["model_size_bytes"]
    assert size > 90_000


def test_a_reference_of_stock_becomes_whole_with_its_components(parts: dict, hub: Path, tmp_path: Path) -> None:
    flavor.save_model("org/tiny", tmp_path / "saved", save_pretrained=False)
    expected = answer(tmp_path / "saved")
    shutil.rmtree(tmp_path / "saved/components")  # as stock leaves it
    (tmp_path / "saved/flavor_manifest.json").unlink()
    flavor.persist_pretrained_model(str(tmp_path / "saved"))
    shutil.rmtree(hub.parent.parent)
    assert answer(tmp_path / "saved") == expected


def test_what_is_whole_stays_as_it_is(tmp_path: Path) -> None:
    flavor.save_model(tiny_models.text_classification(), tmp_path / "saved")
    before = (tmp_path / "saved/MLmodel").read_bytes()
    flavor.persist_pretrained_model(str(tmp_path / "saved"))
    assert (tmp_path / "saved/MLmodel").read_bytes() == before


def test_a_persist_that_fails_leaves_the_reference(hub: Path, tmp_path: Path) -> None:
    flavor.save_model("org/tiny", tmp_path / "saved", save_pretrained=False)
    before = files_of(tmp_path / "saved"), (tmp_path / "saved/MLmodel").read_bytes()
    (hub / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(flavor.errors.ModelNotLoadable, match="damaged"):
        flavor.persist_pretrained_model(str(tmp_path / "saved"))
    assert (files_of(tmp_path / "saved"), (tmp_path / "saved/MLmodel").read_bytes()) == before


def test_an_adapter_on_a_path_takes_its_base_in_when_persisted(hub: Path, tmp_path: Path) -> None:
    from .test_peft import adapter_on

    base = tmp_path / "base"
    shutil.copytree(hub, base)
    adapter, expected = adapter_on(base, tmp_path / "adapter")
    flavor.save_model(adapter, tmp_path / "saved", base_model_path=str(base))
    flavor.persist_pretrained_model(str(tmp_path / "saved"))
    shutil.rmtree(base)
    assert answer(tmp_path / "saved") == expected
