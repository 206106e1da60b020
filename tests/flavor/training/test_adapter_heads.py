"""Trainings of adapters that are more than their matrices: a head with its labels, a name of their own, a quantised base."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, BertModel, Trainer

import flavor
from tests import tiny_models
from tests.tiny_quantization import METHOD, RoundedConfig

from .test_adapters import answer_of

Make = Callable[..., Trainer]
NAMES = {0: "sad", 1: "calm", 2: "glad"}


def base_in(folder: Path) -> Path:
    tiny_models.save_checkpoint("text-classification", folder, seed=4713)
    return folder


def with_lora(model: Any, name: str = "default") -> Any:
    return get_peft_model(model, LoraConfig(task_type=TaskType.SEQ_CLS, r=4, target_modules=["query"]), adapter_name=name)


def test_a_head_that_was_trained_with_its_adapter_keeps_the_names_of_its_labels(
    make_trainer: Make, models_of: Callable, tmp_path: Path
) -> None:
    base = base_in(tmp_path / "base")
    BertModel.from_pretrained(base).save_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(base, id2label=NAMES)
    trainer = make_trainer(flavor.TrainerCallback(), model=with_lora(model), max_steps=2)
    trainer.train()
    (last,) = models_of().values()
    answer = flavor.load_model(last.model_uri, device="cpu")("good")
    assert answer == answer_of(trainer)
    assert answer[0]["label"] in NAMES.values()


def test_an_adapter_of_a_name_on_a_quantised_base_is_logged_with_both(
    make_trainer: Make, models_of: Callable, tmp_path: Path
) -> None:
    base = base_in(tmp_path / "base")
    model = AutoModelForSequenceClassification.from_pretrained(base, quantization_config=RoundedConfig())
    trainer = make_trainer(flavor.TrainerCallback(), model=with_lora(model, "own"), max_steps=2)
    trainer.train()
    (last,) = models_of().values()
    found = flavor.inspect(last.model_uri).config
    assert (found.adapters, found.quantization["quant_method"]) == (("own",), METHOD)
    loaded = flavor.load_model(last.model_uri, device="cpu")
    assert torch.equal(loaded.model.base_model.model.bert.encoder.layer[0].output.dense.weight % 0.5, torch.zeros(32, 37))
    assert loaded("good") == answer_of(trainer)
