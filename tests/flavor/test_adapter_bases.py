"""Adapters on a base of the Hub: the commit that was used is recorded, and that one is loaded, or missed by name."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import flavor
from flavor.errors import HubUnavailable, ModelNotLoadable
from flavor.inspection import local_reader, read_facts
from tests import tiny_models

from .conftest import files_of
from .hub_server import COMMIT
from .test_peft import adapter_on, answer_of, model_tokenizer, name_base, peft_model_on


@pytest.fixture
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`org/tiny` at COMMIT in the cache of a process that works offline."""
    repository = tmp_path / "cache/models--org--tiny"
    folder = repository / "snapshots" / COMMIT
    tiny_models.save_checkpoint("text-classification", folder, seed=51)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return folder


def given_as(form: str, snapshot: Path, folder: Path) -> Any:
    """An adapter on the snapshot that names its base by the Hub id, as a folder or in memory."""
    if form == "folder":
        adapter_on(snapshot, folder)
        name_base("org/tiny")(folder)
        return folder
    model = peft_model_on(snapshot)
    base = model.get_base_model()
    base.config._name_or_path = base.name_or_path = "org/tiny"
    return {"model": model, "tokenizer": model_tokenizer()}


@pytest.mark.parametrize("form", ["folder", "in memory"])
def test_a_base_of_the_hub_is_recorded_at_its_commit_and_loaded_at_that(snapshot: Path, tmp_path: Path, form: str) -> None:
    expected = answer_of(peft_model_on(snapshot), snapshot)
    flavor.save_model(given_as(form, snapshot, tmp_path / "adapter"), tmp_path / "saved")
    assert not [path for path in files_of(tmp_path / "saved") if path.startswith("model/")]
    assert "components/tokenizer/tokenizer.json" in files_of(tmp_path / "saved")
    found = flavor.inspect(str(tmp_path / "saved"))
    assert found.config.base is not None
    assert (found.config.base.hub_id, found.config.base.revision) == ("org/tiny", COMMIT)
    assert read_facts(*local_reader(tmp_path / "saved")).base_model == "org/tiny"
    later = snapshot.parent / COMMIT[::-1]
    tiny_models.save_checkpoint("text-classification", later, seed=52)
    (snapshot.parent.parent / "refs/main").write_text(later.name)
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good") == expected


def test_a_base_that_the_hub_was_needed_for_is_missed_at_load_and_at_log_time(snapshot: Path, tmp_path: Path) -> None:
    adapter = given_as("folder", snapshot, tmp_path / "adapter")
    flavor.save_model(adapter, tmp_path / "saved")
    shutil.rmtree(snapshot.parent.parent)
    with pytest.raises(ModelNotLoadable, match=r"is not to be had: org/tiny .*offline.* base_model_path="):
        flavor.load_model(str(tmp_path / "saved"))
    with pytest.raises(HubUnavailable, match=r"The adapter's base: 'org/tiny' .* Or say base_model="):
        flavor.save_model(adapter, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_modified_base_of_the_hub_is_saved_rather_than_named(snapshot: Path, tmp_path: Path) -> None:
    parts = given_as("in memory", snapshot, tmp_path)
    parts["model"].get_base_model().bert.embeddings.word_embeddings.weight.data.add_(0.1)
    expected = answer_of(parts["model"], snapshot)
    flavor.save_model(parts, tmp_path / "saved")
    shutil.rmtree(snapshot.parent.parent)
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good") == expected


def test_an_adapter_of_the_hub_is_logged_from_its_cache_of_links(snapshot: Path, tmp_path: Path) -> None:
    adapter, expected = adapter_on(snapshot, tmp_path / "adapter")
    name_base("org/tiny")(adapter)
    repository = tmp_path / "cache/models--org--adapter"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(COMMIT)
    (repository / "blobs").mkdir()
    (repository / "snapshots" / COMMIT).mkdir(parents=True)
    for number, file in enumerate(sorted(adapter.iterdir())):
        file.rename(repository / f"blobs/{number}")
        (repository / "snapshots" / COMMIT / file.name).symlink_to(f"../../blobs/{number}")
    flavor.save_model("org/adapter", tmp_path / "saved")
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good") == expected
