"""Adapters on quantised bases: the base is packed again as it was when the adapter was trained, or the package is named."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mlflow import MlflowClient
from peft import PeftModel, get_peft_model
from transformers import AutoModelForSequenceClassification

import flavor
from flavor.errors import MissingDependency, ModelNotLoadable
from flavor.examination import Verdict
from flavor.tasks import InvalidInput
from tests.tiny_quantization import METHOD, RoundedConfig

from .conftest import files_of, folder_of
from .test_merging import logits_of, merged_logits, same
from .test_peft import adapter_on, lora, model_tokenizer

Checkpoints = Callable[..., Path]
FOUR_BITS = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}


@pytest.fixture
def base(checkpoint: Checkpoints) -> Path:
    return checkpoint(seed=31)


def quantised_with_adapter(base: Path) -> PeftModel:
    model = AutoModelForSequenceClassification.from_pretrained(base, quantization_config=RoundedConfig())
    return get_peft_model(model, lora()).eval()


def loaded_logits(folder: Path, **options: Any) -> torch.Tensor:
    return logits_of(flavor.load_model(str(folder), return_type="model", device="cpu", **options))


def test_a_quantised_base_is_recorded_and_quantised_again(base: Path, tmp_path: Path) -> None:
    model = quantised_with_adapter(base)
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved", base_model_path=str(base))
    examined = flavor.inspect(str(tmp_path / "saved"))
    assert (examined.config.quantization["quant_method"], examined.config.quantization["step"]) == (METHOD, 0.5)
    assert torch.equal(loaded_logits(tmp_path / "saved"), logits_of(model))
    assert not same(loaded_logits(tmp_path / "saved", quantization_config=False), logits_of(model))
    assert not same(loaded_logits(tmp_path / "saved", quantization_config=RoundedConfig(step=2.0)), logits_of(model))


def test_a_quantised_base_that_is_nowhere_else_is_copied_as_it_was_before(base: Path, tmp_path: Path) -> None:
    model = quantised_with_adapter(base)
    original = (base / "model.safetensors").read_bytes()
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    shutil.rmtree(base)
    assert (tmp_path / "saved/model/model.safetensors").read_bytes() == original
    assert torch.equal(loaded_logits(tmp_path / "saved"), logits_of(model))


def test_a_quantised_base_from_nowhere_is_refused_when_it_is_logged(base: Path, tmp_path: Path) -> None:
    model = quantised_with_adapter(base)
    shutil.rmtree(base)
    with pytest.raises(InvalidInput, match=r"quantised by rounded .* say base_model="):
        flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_the_quantisation_is_said_for_an_adapters_folder_which_cannot_tell_it(base: Path, tmp_path: Path) -> None:
    model = quantised_with_adapter(base)
    model.save_pretrained(tmp_path / "adapter")
    flavor.save_model(tmp_path / "adapter", tmp_path / "saved", base_model_path=str(base), quantization_config=RoundedConfig())
    assert torch.equal(loaded_logits(tmp_path / "saved"), logits_of(model))


def test_an_adapter_is_merged_into_its_quantised_base_made_of_numbers_again(store: MlflowClient, base: Path) -> None:
    model = quantised_with_adapter(base)
    adapter = flavor.log_model({"model": model, "tokenizer": model_tokenizer()}, name="adapter", base_model_path=str(base))
    info = flavor.merge_and_log(adapter.model_uri, "merged")
    assert same(merged_logits(info), logits_of(model))
    assert info.metadata["merged_from"]["quantization"] == METHOD
    assert "quantization_config" not in (folder_of(info) / "model/config.json").read_text()


def test_an_adapter_on_a_base_quantised_in_memory_is_merged_after_it_was_logged(base: Path) -> None:
    with pytest.raises(InvalidInput, match="quantised by rounded; log the adapter with log_model first"):
        flavor.merge_and_log(quantised_with_adapter(base), processor=model_tokenizer())


def test_a_missing_package_is_named_whenever_it_is_needed(store: MlflowClient, base: Path, tmp_path: Path) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    info = flavor.log_model(str(adapter), base_model_path=str(base), quantization_config=FOUR_BITS)
    assert "bitsandbytes" in (folder_of(info) / "requirements.txt").read_text().split()
    examined = flavor.inspect(info.model_uri)
    assert (examined.verdict, "bitsandbytes" in examined.reason) == (Verdict.NEEDS, True)
    for use in (lambda: flavor.load_model(info.model_uri), lambda: flavor.merge_and_log(info.model_uri, "merged")):
        with pytest.raises(MissingDependency, match=r"quantised by bitsandbytes, which needs the package bitsandbytes") as caught:
            use()
        assert caught.value.package == "bitsandbytes"
    assert flavor.load_model(info.model_uri, quantization_config=False, device="cpu")("good")


@pytest.mark.parametrize(
    ("said", "complaint"),
    [({"load_in_4bit": True}, "does not say its quant_method"), ({"quant_method": "magic"}, "magic")],
)
def test_a_quantisation_that_nobody_knows_is_refused(base: Path, tmp_path: Path, said: dict, complaint: str) -> None:
    adapter, _ = adapter_on(base, tmp_path / "adapter")
    with pytest.raises((InvalidInput, ModelNotLoadable), match=complaint):
        flavor.save_model(adapter, tmp_path / "saved", base_model_path=str(base), quantization_config=said)
    assert not (tmp_path / "saved").exists()


def test_a_quantisation_is_nothing_for_a_model_that_is_no_adapter(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="quantization_config means nothing"):
        flavor.save_model(base, tmp_path / "saved", quantization_config=RoundedConfig())


def test_a_model_quantised_in_memory_keeps_its_packed_weights(base: Path, tmp_path: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(base, quantization_config=RoundedConfig())
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved")
    assert "model/model.safetensors" in files_of(tmp_path / "saved")
    assert torch.equal(loaded_logits(tmp_path / "saved"), logits_of(model))
