"""Adapters that bring the head of their task, on a base that has none or one for other labels."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, BertConfig, BertModel, TextClassificationPipeline

import flavor
from flavor.errors import ModelNotLoadable
from flavor.tasks import InvalidInput
from tests import tiny_models

from .conftest import files_of
from .test_merging import logits_of, merged_logits, same
from .test_peft import lora, model_tokenizer

NAMES = {0: "calm", 1: "glad", 2: "sad", 3: "wild"}


@pytest.fixture(params=["no head", "other labels"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A base as people tune them: without a head, or with one of three labels."""
    folder = tiny_models.save_checkpoint("text-classification", tmp_path / "base", seed=61)
    if request.param == "no head":
        BertModel.from_pretrained(folder).save_pretrained(folder)
        settings = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({k: v for k, v in settings.items() if k not in ("id2label", "label2id")}))
    return folder


def tuned_on(base: Path) -> Any:
    options = {"id2label": NAMES, "label2id": {name: number for number, name in NAMES.items()}}
    model = AutoModelForSequenceClassification.from_pretrained(base, ignore_mismatched_sizes=True, **options)
    return get_peft_model(model, lora()).eval()


def answer(model: Any) -> list:
    return TextClassificationPipeline(model=model, tokenizer=model_tokenizer(), device="cpu")("good", top_k=None)


def test_the_head_and_its_labels_come_back_from_memory(base: Path, tmp_path: Path) -> None:
    model = tuned_on(base)
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "saved", base_model_path=str(base))
    assert not [path for path in files_of(tmp_path / "saved") if path.startswith("model/")]
    assert flavor.load_model(str(tmp_path / "saved"), device="cpu")("good", top_k=None) == answer(model)


def test_the_head_comes_back_from_a_folder_and_its_labels_where_they_lie_beside_it(base: Path, tmp_path: Path) -> None:
    model = tuned_on(base)
    expected = answer(model)
    model.save_pretrained(tmp_path / "adapter")
    model_tokenizer().save_pretrained(tmp_path / "adapter")
    flavor.save_model(tmp_path / "adapter", tmp_path / "numbered", base_model_path=str(base))
    numbered = flavor.load_model(str(tmp_path / "numbered"), device="cpu")("good", top_k=None)
    assert [each["score"] for each in numbered] == [each["score"] for each in expected]
    assert {each["label"] for each in numbered} == {f"LABEL_{number}" for number in NAMES}
    model.get_base_model().config.save_pretrained(tmp_path / "adapter")
    flavor.save_model(tmp_path / "adapter", tmp_path / "named", base_model_path=str(base))
    assert flavor.load_model(str(tmp_path / "named"), device="cpu")("good", top_k=None) == expected


def test_a_merged_head_is_the_models_own(store: MlflowClient, base: Path) -> None:
    model = tuned_on(base)
    logged = flavor.log_model({"model": model, "tokenizer": model_tokenizer()}, base_model_path=str(base))
    info = flavor.merge_and_log(logged.model_uri, "with head")
    assert same(merged_logits(info), logits_of(model))
    assert flavor.load_model(info.model_uri, return_type="model", device="cpu").config.id2label == NAMES


def test_a_head_that_nobody_brings_is_missed(tmp_path: Path) -> None:
    base = tmp_path / "base"
    BertModel(BertConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=37)).save_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(base)
    adapted = get_peft_model(model, LoraConfig(target_modules=["query"], init_lora_weights=False))
    flavor.save_model({"model": adapted, "tokenizer": model_tokenizer()}, tmp_path / "saved", base_model_path=str(base))
    with pytest.raises(ModelNotLoadable, match=r"lack classifier\.bias and 1 more"):
        flavor.load_model(str(tmp_path / "saved"), device="cpu")


def test_a_base_without_the_head_is_no_choice_of_its_own(base: Path, tmp_path: Path) -> None:
    model = tuned_on(base)
    model.add_adapter("second", lora(seed=2))
    model.save_pretrained(tmp_path / "adapters")
    model_tokenizer().save_pretrained(tmp_path / "adapters")
    flavor.save_model({"model": model, "tokenizer": model_tokenizer()}, tmp_path / "memory", base_model_path=str(base))
    flavor.save_model(tmp_path / "adapters", tmp_path / "folder", base_model_path=str(base))
    for name in ("memory", "folder"):
        loaded = flavor.load_pyfunc_model(str(tmp_path / name), device="cpu")
        with pytest.raises(InvalidInput, match=r"must be one of default, second, got 'none'"):
            loaded.predict("good", {"adapter": "none"})
        assert loaded.predict("good", {"adapter": "second"}) != loaded.predict("good", {"adapter": "default"})
