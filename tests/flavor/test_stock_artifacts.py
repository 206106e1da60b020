"""Folders that stock MLflow wrote, in every layout that can be made here, load and answer richly."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from peft import LoraConfig, TaskType, get_peft_model

import flavor
from flavor.inspection import local_reader, read_facts
from tests import tiny_models

from .conftest import folder_of

KINDS = ["text-classification", "token-classification", "text-generation", "image-classification"]
PARAMS = {"text-generation": {"max_new_tokens": 4, "do_sample": False}}


def saved_by_stock(folder: Path, pipeline: Any, **options: Any) -> Path:
    mlflow.transformers.save_model(pipeline, folder, pip_requirements=["mlflow"], **options)
    return folder


def answers(folder: Path, **options: Any) -> list:
    model = flavor.load_pyfunc_model(str(folder), device="cpu", **options)
    return [result.records for result in model.run([model.task.example], PARAMS.get(model.task.name))]


def change(folder: Path, edit: Callable[[dict], object]) -> None:
    content = yaml.safe_load((folder / "MLmodel").read_text())
    edit(content)
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_saved_by_stock_answers_as_it_did(tmp_path: Path, kind: str) -> None:
    pipeline = tiny_models.pipeline_for(kind)
    stock = saved_by_stock(tmp_path / "stock", pipeline)
    flavor.save_model(pipeline, tmp_path / "ours")
    assert answers(stock) == answers(tmp_path / "ours")
    facts = read_facts(*local_reader(stock))
    assert (facts.task, facts.problem) == (kind, "")
    assert facts.architecture == type(pipeline.model).__name__


def test_a_model_logged_by_an_outside_script_loads_by_its_address(store: MlflowClient) -> None:
    pipeline = tiny_models.text_classification()
    info = mlflow.transformers.log_model(pipeline, name="outside", pip_requirements=["mlflow"])
    assert flavor.load_model(info.model_uri, device="cpu")("good") == pipeline("good")
    assert answers(folder_of(info))


def test_stocks_template_config_and_signature_defaults_hold(tmp_path: Path) -> None:
    folder = saved_by_stock(
        tmp_path / "stock",
        tiny_models.text_generation(),
        prompt_template="Q: {prompt} A:",
        model_config={"do_sample": False},
        input_example=("good", {"max_new_tokens": 3}),
    )
    model = flavor.load_pyfunc_model(str(folder), device="cpu")
    (result,) = model.run([{"text": "good"}])
    assert model.prompt_template == "Q: {prompt} A:"
    assert result.records[0]["generated_tokens"] <= 3
    assert result.parameters["max_new_tokens"] == {"value": 3, "source": "signature"}
    assert not result.records[0]["generated_text"].startswith("Q:")


def test_the_oldest_layout_has_its_weights_in_pipeline(tmp_path: Path) -> None:
    folder = saved_by_stock(tmp_path / "stock", tiny_models.text_classification())
    expected = answers(folder)
    (folder / "model").rename(folder / "pipeline")

    def age(content: dict) -> None:
        block = content["flavors"]["transformers"]
        del block["model_binary"]
        block |= {"pipeline": "pipeline", "framework": "pt", "tokenizer_type": "BertTokenizerFast"}
        content["flavors"]["python_function"]["env"] = "conda.yaml"

    change(folder, age)
    assert answers(folder) == expected


def test_the_config_file_of_old_mlflow_stands_above_the_model_config(tmp_path: Path) -> None:
    folder = saved_by_stock(tmp_path / "stock", tiny_models.text_classification(), model_config={"top_k": 3})
    (folder / "components/inference_config.txt").write_text('{"top_k": 1}')
    assert len(answers(folder)[0]) == 1


def test_an_alias_as_task_is_understood(tmp_path: Path) -> None:
    folder = saved_by_stock(tmp_path / "stock", tiny_models.text_classification())
    expected = answers(folder)
    change(folder, lambda content: content["flavors"]["transformers"].update(task="sentiment-analysis"))
    assert answers(folder) == expected


def test_an_adapter_of_stock_on_a_local_base_loads(tmp_path: Path) -> None:
    base = tiny_models.save_checkpoint("text-classification", tmp_path / "base")
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    config = LoraConfig(task_type=TaskType.SEQ_CLS, target_modules=["query"], init_lora_weights=False)
    model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base), config).eval()
    parts = {"model": model, "tokenizer": AutoTokenizer.from_pretrained(base)}
    folder = saved_by_stock(tmp_path / "stock", parts, task="text-classification", base_model_path=str(base))
    flavor.save_model(parts, tmp_path / "ours", base_model_path=str(base))
    assert answers(folder) == answers(tmp_path / "ours")
    moved = shutil.move(base, tmp_path / "moved")
    assert answers(folder, base_model_path=str(moved)) == answers(tmp_path / "ours", base_model_path=str(moved))
