"""What logging a model says when it cannot, before anything is written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from safetensors.torch import load_file, save_file

from flavor.errors import HubUnavailable, ModelNotLoadable, UnsupportedTask, UntrustedCode
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import mlmodel, saved

Checkpoints = Callable[..., Path]


def drop(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def edit_config(**changes: Any) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        content = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(content | changes))

    return edit


@pytest.mark.parametrize(
    ("damage", "error", "said"),
    [
        (drop("config.json"), InvalidInput, "config.json is missing"),
        (lambda f: (f / "config.json").write_text("{"), ModelNotLoadable, "config.json is no valid JSON"),
        (lambda f: cut(f / "model.safetensors"), ModelNotLoadable, "model.safetensors is damaged"),
        (lambda f: (f / "model.safetensors").write_bytes(b""), ModelNotLoadable, "model.safetensors is damaged"),
        (drop("model.safetensors"), ModelNotLoadable, "There is no model.safetensors"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), UntrustedCode, "pytorch_model.bin is a pickle"),
        (lambda f: (f / "model.safetensors").rename(f / "other.safetensors"), ModelNotLoadable, "there is other.safetensors"),
        (drop("tokenizer.json"), InvalidInput, "has no tokenizer (tokenizer.json"),
        (edit_config(architectures=["BertForSorcery"]), UnsupportedTask, "BertForSorcery, which no task here knows"),
        (edit_config(architectures=None), UnsupportedTask, "names no architecture"),
        (
            edit_config(architectures=["MyOwnForSequenceClassification"]),
            ModelNotLoadable,
            "MyOwnForSequenceClassification, which",
        ),
    ],
)
def test_a_checkpoint_that_cannot_be_logged_is_refused_naming_the_file(
    checkpoint: Checkpoints, tmp_path: Path, damage: Callable[[Path], object], error: type[Exception], said: str
) -> None:
    source = checkpoint()
    damage(source)
    with pytest.raises(error) as caught:
        saved(tmp_path, source)
    assert said in str(caught.value)
    assert isinstance(caught.value, MlflowException)
    assert not (tmp_path / "saved").exists()


def test_an_index_that_names_a_missing_shard_is_refused(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (source / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelNotLoadable, match="model-00001-of-00002"):
        saved(tmp_path, source)


@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"task": "time-travel"}, "task", "not known here; use one of"),
        ({"task": "token-classification"}, "task", "does text-classification, not token-classification"),
        ({"prompt_template": "Say {prompt}"}, "prompt_template", "takes no prompt template"),
        ({"model_config": {"top_k": -5}}, "model_config.top_k", "top_k"),
        ({"input_example": {"texts": "a", "more": "b"}}, "input_example", "does not fit text-classification"),
        ({"input_example": ("a", {"top": 1})}, "input_example", "top"),
        ({"model_card": "---\na: [\n---\n"}, "model_card", "cannot be read"),
        ({"model_card": 5}, "model_card", "got int"),
        ({"pyfunc_output": "poor"}, "pyfunc_output", "'rich' or 'stock'"),
        ({"pip_requirements": ["a"], "conda_env": {}}, "pip_requirements", "only one"),
        ({"base_model": "org/base"}, "base_model", "is no adapter"),
        ({"base_model_path": "/base"}, "base_model_path", "is no adapter"),
        ({"metadata": {"task": "llm/v1/chat"}}, "metadata.task", "llm/v1/chat"),
    ],
)
def test_a_bad_argument_is_named_before_anything_is_written(
    checkpoint: Checkpoints, tmp_path: Path, options: dict, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        saved(tmp_path, checkpoint(), **options)
    assert caught.value.field == field
    assert said in str(caught.value)
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda p: {"tokenizer": p.tokenizer}, "no 'model'"),
        (lambda p: {"model": p.model, "image-processor": 1}, "'image-processor' is no component"),
        (lambda p: {"model": "bert"}, "must be a model"),
        (lambda p: {"model": p.model}, "needs a tokenizer"),
        (lambda p: 5, "got int"),
        (lambda p: "/no/such/folder", "There is no folder '/no/such/folder'"),
        (lambda p: "no/such/../folder", "There is no folder"),
    ],
)
def test_something_that_is_no_model_is_refused_saying_what_it_was(tmp_path: Path, given: Callable, said: str) -> None:
    with pytest.raises(InvalidInput, match=".*" + said.replace("(", "\\(")):
        saved(tmp_path, given(tiny_models.text_classification()))


def test_an_unknown_keyword_is_a_type_error(checkpoint: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="model_params"):
        saved(tmp_path, checkpoint(), model_params={})


def test_a_hub_id_without_the_hub_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnavailable, match=r"works offline .* give the folder of a checkpoint"):
        saved(tmp_path, "org/a-model-nobody-has")


def test_a_cached_snapshot_of_the_hub_is_logged_offline_with_its_commit(
    checkpoint: Checkpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "cache/models--org--tiny"
    shutil.copytree(checkpoint(), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    content = mlmodel(saved(tmp_path, "org/tiny"))
    assert content["flavors"]["transformers"]["source_model_name"] == "org/tiny"
    assert content["flavors"]["flavor"]["revision"] == commit


def test_a_checkpoint_that_changes_while_it_is_read_is_refused(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    weights = source / "model.safetensors"

    def train_on(stage: str, done: int | None, total: int | None, unit: str) -> None:
        if done is not None and weights.exists():
            tensors = load_file(weights)
            save_file(tensors, weights)

    with pytest.raises(ModelNotLoadable, match="changed while it was read"):
        saved(tmp_path, source, progress=train_on)


def test_errors_of_the_door_carry_mlflows_codes(tmp_path: Path) -> None:
    with pytest.raises(MlflowException) as caught:
        saved(tmp_path, tmp_path)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert isinstance(caught.value, InvalidInput)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
