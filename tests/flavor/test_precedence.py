"""Who says how a model is run: the levels of stock, one put upon the other, with stock's own answer beside ours."""

import json
import shutil
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
import yaml
from mlflow.models import infer_signature

import flavor
from tests import tiny_models

torch.set_num_threads(1)

NAME = "max_new_tokens"
# From weakest to strongest, with whom ours names as the source; each says one token more than the one before it.
LEVELS = {
    "generation config of the model": "model",
    "model config": "model_config",
    "environment": "model_config",
    "load_model": "model_config",
    "inference_config.txt": "model_config",
    "default of the signature": "signature",
    "params of the call": "request",
}
UP_TO = [pytest.param(count, id=list(LEVELS)[count - 1]) for count in range(1, len(LEVELS) + 1)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One model, saved by stock and by us."""
    folder, pipeline = tmp_path_factory.mktemp("saved"), tiny_models.text_generation()
    signature = infer_signature("Once", "Once", params={NAME: 1})
    options: dict[str, Any] = {"model_config": {NAME: 1, "do_sample": False}, "pip_requirements": ["mlflow"]}
    mlflow.transformers.save_model(pipeline, folder / "stock", signature=signature, **options)
    flavor.save_model(pipeline, folder / "ours", **options)
    return {"stock": folder / "stock", "ours": folder / "ours"}


def said(folder: Path, levels: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the first `levels` say how many tokens are written, and nobody else; return what is left to say when loading."""
    values = {level: 2 + place for place, level in enumerate(levels)}

    def value(level: str) -> dict[str, int]:
        return {NAME: values[level]} if level in values else {}

    generation = folder / "model/generation_config.json"
    generation.write_text(json.dumps(json.loads(generation.read_text()) | value("generation config of the model")))
    described = yaml.safe_load((folder / "MLmodel").read_text())
    described["flavors"]["python_function"]["config"] = {"do_sample": False, **value("model config")}
    params = [each for each in json.loads(described["signature"]["params"]) if each["name"] == NAME]
    params[0]["default"] = values.get("default of the signature")
    described["signature"]["params"] = json.dumps(params) if params[0]["default"] else None
    (folder / "MLmodel").write_text(yaml.safe_dump(described))
    if "inference_config.txt" in values:
        (folder / "components/inference_config.txt").write_text(
            json.dumps({"do_sample": False, NAME: values["inference_config.txt"]})
        )
    if "environment" in values:
        monkeypatch.setenv("MLFLOW_PYFUNC_INFERENCE_CONFIG", json.dumps(value("environment")))
    return value("load_model")


@pytest.mark.parametrize("count", UP_TO)
def test_the_strongest_level_that_says_something_counts_as_in_stock_and_is_named(
    saved: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    levels = list(LEVELS)[:count]
    request = {NAME: 1 + count} if count == len(LEVELS) else None
    loaded = {}
    for who, folder in saved.items():
        shutil.copytree(folder, tmp_path / who)
        config = said(tmp_path / who, levels, monkeypatch)
        loaded[who] = mlflow.pyfunc.load_model(str(tmp_path / who), model_config=config)
    (stocks,) = loaded["stock"].predict(["Once"], params=request)
    ((ours,),) = loaded["ours"].predict(["Once"], params=request)
    assert ours["generated_tokens"] == 1 + count
    assert ours["generated_text"].strip() == stocks
    report = loaded["ours"]._model_impl.preview({"text": "Once"}, request)["parameters"]
    assert report[NAME] == {"value": 1 + count, "source": LEVELS[levels[-1]]}


def test_the_payload_of_a_request_to_an_llm_stands_above_the_params_of_the_call(tmp_path: Path) -> None:
    config = {"max_new_tokens": 2, "return_full_text": True}
    flavor.save_model(tiny_models.text_generation(), tmp_path / "llm", task="llm/v1/completions", model_config=config)
    model = mlflow.pyfunc.load_model(str(tmp_path / "llm"))

    def written(request: dict[str, Any], params: dict[str, Any] | None = None) -> int:
        answer = model.predict({"prompt": "Once", "temperature": 0, **request}, params)
        assert not answer["choices"][0]["text"].startswith("Once")
        return int(answer["usage"]["completion_tokens"])

    assert written({}) == 2
    assert written({"max_tokens": 4}) == 4
    assert written({"max_tokens": 4}, {"max_tokens": 3}) == 4


def test_a_request_may_always_override_also_where_stock_leaves_params_out(saved: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(saved["stock"], tmp_path / "stock")
    described = yaml.safe_load((folder / "MLmodel").read_text())
    described["signature"]["params"] = None
    (folder / "MLmodel").write_text(yaml.safe_dump(described))
    assert mlflow.pyfunc.load_model(str(folder)).predict(["Once"]) == mlflow.pyfunc.load_model(str(folder)).predict(
        ["Once"], params={NAME: 5}
    )
    (result,) = flavor.load_pyfunc_model(str(folder), device="cpu").run([{"text": "Once"}], {NAME: 5, "top_k": 1})
    assert result.records[0]["generated_tokens"] == 5
    assert result.parameters[NAME] == {"value": 5, "source": "request"}


def test_a_key_that_the_saved_model_config_lacks_may_be_said_when_loading(saved: dict[str, Path]) -> None:
    model = flavor.load_pyfunc_model(str(saved["ours"]), model_config={"repetition_penalty": 2.0}, device="cpu")
    assert model.effective().report()["repetition_penalty"] == {"value": 2.0, "source": "model_config"}
