"""`flavor.inspect`: a model known inside out, and never loaded."""

from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient

import flavor
from flavor.examination import Verdict
from flavor.tasks import InvalidInput
from tests import tiny_models


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    flavor.save_model(tiny_models.text_generation(), tmp_path / "m", model_card="---\nlicense: mit\n---\n# T")
    return tmp_path / "m"


def test_everything_is_known_without_loading(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("transformers.PreTrainedModel.from_pretrained", refuse)
    found = flavor.inspect(str(artifact))
    assert (found.verdict, found.reason) == (Verdict.LOADS, "")
    assert (found.facts.task, found.facts.license) == ("text-generation", "mit")
    embedding = next(each for each in found.tensors if each.name == "model.embed_tokens.weight")
    assert (embedding.dtype, embedding.shape, embedding.path) == ("float32", (259, 32), "model/model.safetensors")
    assert len(found.hashes["model/model.safetensors"]) == 64
    assert found.generation_config["eos_token_id"] == 2
    assert {each.name for each in found.packages} >= {"torch", "transformers"}
    assert all(each.here for each in found.packages)
    assert found.code == []


def test_a_package_that_is_not_here_is_named(artifact: Path) -> None:
    (artifact / "requirements.txt").write_text("torch\nno-such-package-at-all==3\n-c constraints.txt\n# remark\n")
    found = flavor.inspect(str(artifact))
    assert found.verdict is Verdict.NEEDS
    assert "no-such-package-at-all" in found.reason
    assert [(each.name, each.needed) for each in found.packages] == [("torch", ""), ("no-such-package-at-all", "3")]


@pytest.mark.parametrize("legacy", [False, True])
def test_pickles_are_refused_and_what_they_import_is_listed(artifact: Path, tmp_path: Path, legacy: bool) -> None:
    marker = tmp_path / "code was run"
    (artifact / "model/model.safetensors").unlink()
    torch.save({"w": Bomb(str(marker))}, artifact / "model/pytorch_model.bin", _use_new_zipfile_serialization=not legacy)
    (artifact / "model/own.py").write_text("1")
    found = flavor.inspect(str(artifact))
    assert found.verdict is Verdict.REFUSED
    assert "pickles" in found.reason
    assert {"pathlib.Path", "__builtin__.getattr"} <= set(found.pickle_imports["model/pytorch_model.bin"])
    assert found.code == ["model/own.py"]
    assert not marker.exists()


def test_a_registered_version_is_inspected_by_its_address(store: MlflowClient) -> None:
    info = flavor.log_model(tiny_models.text_classification(), registered_model_name="inspected")
    for uri in (info.model_uri, "models:/inspected/1"):
        assert flavor.inspect(uri).facts.architecture == "BertForSequenceClassification"


def test_nothing_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        flavor.inspect(str(tmp_path / "nothing"))


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.write_text, (Path(self.path), "x")
