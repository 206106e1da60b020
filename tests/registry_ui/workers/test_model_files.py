"""What a model's child is given: a folder, and for an adapter its base, wherever that lies."""

from pathlib import Path

import pytest
import yaml

from flavor.bases import hash_of_weights
from flavor.errors import ModelNotLoadable
from flavor.flavor_config import Base
from registry_ui.workers import model_files
from registry_ui.workers.model_files import fetch_model


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """Write an artifact with this `flavors` block; return its folder. What is fetched is a folder below `tmp_path`."""
    monkeypatch.setattr(model_files, "fetch", lambda uri, progress, is_cancelled: str(tmp_path / uri.rpartition("/")[2]))

    def write(name, transformers, ours=None):
        folder = tmp_path / name
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "config.json").write_text("{}")
        (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"transformers": transformers, "flavor": ours or {}}}))
        return folder

    return write


def fetched(name):
    return fetch_model(f"models:/{name}", lambda done, total: None, lambda: False)


def test_a_model_is_its_folder(stored):
    folder = stored("plain", {"task": "text-classification", "model_binary": "model"})

    assert fetched("plain").folder == str(folder)
    assert fetched("plain").loader_options == {}


def adapter_on(**base):
    return {"task": "text-classification", "peft_adaptor": "peft"}, {"base": base}


def test_the_base_of_an_adapter_is_used_where_it_lies(stored, tmp_path):
    base = stored("base", {"task": "text-classification", "model_binary": "model"})
    stored("adapter", *adapter_on(uri="models:/elsewhere", path=str(base / "model")))

    assert fetched("adapter").loader_options == {"base_model_path": str(base / "model")}


def test_the_base_of_an_adapter_that_lies_elsewhere_is_fetched(stored, tmp_path):
    base = stored("base", {"task": "text-classification", "model_binary": "model"})
    stored("adapter", *adapter_on(uri="models:/base", path="/gone"))

    assert fetched("adapter").loader_options == {"base_model_path": str(base / "model")}


def test_the_memory_of_an_adapter_is_estimated_with_its_base(stored, tmp_path):
    base = stored("base", {"task": "text-classification", "model_binary": "model"})
    stored("adapter", *adapter_on(path=str(base / "model")))
    before = fetched("adapter").needed_bytes()
    Path(base / "model" / "model.safetensors").write_bytes(b"x" * 1_000_000)

    assert fetched("adapter").needed_bytes() - before >= 1_000_000


def test_files_that_hold_no_transformers_model_are_refused(stored, tmp_path):
    folder = stored("other", {"task": "x"})
    (folder / "MLmodel").write_text("flavors: {sklearn: {}}")

    with pytest.raises(ModelNotLoadable, match="sklearn"):
        fetched("other")


def test_a_base_that_is_gone_is_fetched_from_another_model_with_its_weights(stored, monkeypatch):
    twin = stored("twin", {"task": "text-classification", "model_binary": "model"})
    (twin / "model" / "model.safetensors").write_bytes(b"weights")
    known = hash_of_weights(twin / "model")
    stored("adapter", *adapter_on(uri="models:/gone", path="/gone", weights_hash=known))
    twins = {known: [Base(uri="models:/gone"), Base(uri="models:/twin")]}
    monkeypatch.setattr(model_files, "logged_with", lambda client, weights_hash: iter(twins[weights_hash]))

    assert fetched("adapter").loader_options == {"base_model_path": str(twin / "model")}

    (twin / "model" / "model.safetensors").write_bytes(b"changed")
    with pytest.raises(ModelNotLoadable, match="are not those of the adapter's base"):
        fetched("adapter")
