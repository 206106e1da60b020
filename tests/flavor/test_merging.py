"""Adapters merged into their base: standalone, with the same logits, and saying what they were made of."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from mlflow import MlflowClient
from transformers import AutoModelForSequenceClassification

import flavor

from .conftest import files_of, folder_of
from .test_peft import lora, model_tokenizer, peft_model_on

Checkpoints = Callable[..., Path]
WORDS = "the soup was cold and the waiter kind"


@pytest.fixture
def base(checkpoint: Checkpoints) -> Path:
    return checkpoint(seed=77)


def logits_of(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.cpu()(**model_tokenizer()(WORDS, return_tensors="pt")).logits


def merged_logits(info: Any) -> torch.Tensor:
    return logits_of(flavor.load_model(info.model_uri, return_type="model", device="cpu"))


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-4, rtol=0)


def metadata_of(info: Any) -> dict:
    return yaml.safe_load((folder_of(info) / "MLmodel").read_text())["metadata"]


def test_a_logged_adapter_becomes_a_model_of_its_own_that_says_what_it_was_made_of(store: MlflowClient, base: Path) -> None:
    model = peft_model_on(base)
    expected = logits_of(model)
    first = flavor.log_model(str(base), name="base", registered_model_name="merge-base")
    adapter = flavor.log_model(
        {"model": model, "tokenizer": model_tokenizer()},
        name="adapter",
        base_model="models:/merge-base/1",
        model_card="---\nlicense: mit\nlibrary_name: peft\n---\n\n# Tuned\n",
        model_config={"top_k": 2},
        metadata={"team": "words"},
    )
    info = flavor.merge_and_log(adapter.model_uri, "merged", registered_model_name="merged")
    shutil.rmtree(folder_of(first))
    shutil.rmtree(base)
    files = files_of(folder_of(info))
    assert "model/model.safetensors" in files
    assert not [path for path in files if path.startswith("peft/")]
    assert same(merged_logits(info), expected)
    assert metadata_of(info) == {
        "team": "words",
        "merged_from": {"uri": adapter.model_uri, "base": "models:/merge-base/1", "adapters": ["default"]},
    }
    assert info.registered_model_version == 1
    block = info.flavors["flavor"]
    assert (block["license"], info.flavors["python_function"]["config"]) == ("mit", {"top_k": 2})
    assert (folder_of(info) / "model_card.md").read_text() == "# Tuned\n"


def test_a_model_in_memory_is_merged_from_a_copy_and_stays_as_it_was(store: MlflowClient, base: Path) -> None:
    model = peft_model_on(base)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    expected = logits_of(model)
    info = flavor.merge_and_log(model, "from memory", processor=model_tokenizer())
    assert same(merged_logits(info), expected)
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert list(model.peft_config) == ["default"]


def test_adapters_in_place_are_merged_too(store: MlflowClient, base: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(base)
    model.add_adapter(lora(), adapter_name="own")
    model.eval()
    expected = logits_of(model)
    info = flavor.merge_and_log({"model": model, "tokenizer": model_tokenizer()}, "in place")
    assert same(merged_logits(info), expected)
    assert same(logits_of(model), expected)
    assert metadata_of(info)["merged_from"]["adapters"] == ["own"]
