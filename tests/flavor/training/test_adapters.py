"""Trainings of adapters: the adapter is logged, with the base that it sits on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, TextClassificationPipeline, Trainer

import flavor
from tests import tiny_models

from ..conftest import files_of
from .test_callback import artifact

Make = Callable[..., Trainer]


def with_lora(model: Any) -> Any:
    return get_peft_model(
        model, LoraConfig(task_type=TaskType.SEQ_CLS, r=4, target_modules=["query"], modules_to_save=["classifier"])
    )


def answer_of(trainer: Trainer) -> Any:
    return TextClassificationPipeline(model=trainer.model.eval(), tokenizer=trainer.processing_class, device="cpu")("good")


def test_checkpoints_of_an_adapter_are_adapters_on_the_base_that_was_logged(
    make_trainer: Make, models_of: Callable, runs_of: Callable, store: MlflowClient, tmp_path: Path
) -> None:
    base = tiny_models.save_checkpoint("text-classification", tmp_path / "base", seed=4711)
    logged = flavor.log_model(str(base), name="base")
    model = with_lora(AutoModelForSequenceClassification.from_pretrained(base))
    trainer = make_trainer(flavor.TrainerCallback(), model=model, max_steps=2)
    trainer.train()
    models = models_of()
    last = models["checkpoint-2"]
    folder = Path(last.artifact_location.removeprefix("file://"))
    assert "peft/adapter_model.safetensors" in files_of(folder)
    assert not (folder / "model").exists()
    config = flavor.inspect(last.model_uri)
    assert logged.model_id in str(config)
    assert flavor.load_model(last.model_uri, device="cpu")("good") == answer_of(trainer)
    (run,) = runs_of()
    assert (run.data.params["peft.r"], run.data.params["peft.peft_type"]) == ("4", "LORA")
    assert artifact(store, run.info.run_id, "training/peft_config.json")["default"]["target_modules"] == ["query"]


@pytest.mark.parametrize("strategy", ["steps", "no"])
def test_a_base_that_was_only_in_memory_goes_along(make_trainer: Make, models_of: Callable, strategy: str) -> None:
    model = tiny_models.text_classification(seed=4712).model
    trainer = make_trainer(flavor.TrainerCallback(), model=with_lora(model), save_strategy=strategy, max_steps=2)
    trainer.train()
    (last,) = models_of().values()
    folder = Path(last.artifact_location.removeprefix("file://"))
    assert {"peft/adapter_model.safetensors", "model/model.safetensors"} <= files_of(folder)
    assert flavor.load_model(last.model_uri, device="cpu")("good") == answer_of(trainer)
    assert mlflow.transformers.load_model(last.model_uri, device="cpu")("good") == answer_of(trainer)


def test_the_quantisation_of_a_model_is_logged(make_trainer: Make, runs_of: Callable, store: MlflowClient) -> None:
    from flavor.training import arguments, variables

    class Quantised:
        config = type(
            "Config", (), {"quantization_config": {"load_in_4bit": True}, "to_dict": lambda _: {"model_type": "bert"}}
        )()

    args = make_trainer(save_strategy="no").args
    params = arguments.params_of(Quantised(), args, variables.read())
    assert params["quantization.load_in_4bit"] == "True"
    assert arguments.files_of(Quantised(), args)["quantization_config.json"] == {"load_in_4bit": True}
