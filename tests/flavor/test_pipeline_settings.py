"""What a pipeline was built with is logged with it, and holds through every door."""

from pathlib import Path
from typing import Any

import mlflow
import pytest
import transformers
from transformers import Pipeline

import flavor
from tests import tiny_models

KINDS: list[tuple[str, type[Pipeline], dict[str, Any], str]] = [
    ("text-classification", transformers.TextClassificationPipeline, {"top_k": 2, "function_to_apply": "sigmoid"}, "good soup"),
    ("token-classification", transformers.TokenClassificationPipeline, {"aggregation_strategy": "max"}, "Sarah is in London"),
    (
        "text-generation",
        transformers.TextGenerationPipeline,
        {"max_new_tokens": 3, "do_sample": False, "return_full_text": False},
        "a",
    ),
]


@pytest.mark.parametrize(("kind", "build", "settings", "text"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_pipeline_does_what_it_was_built_to_do(
    tmp_path: Path, kind: str, build: type[Pipeline], settings: dict[str, Any], text: str
) -> None:
    parts = tiny_models.pipeline_for(kind)
    pipeline = build(model=parts.model, tokenizer=parts.tokenizer, device="cpu", batch_size=8, **settings)
    flavor.save_model(pipeline, tmp_path / "saved", model_config={"batch_size": 4})
    loaded = flavor.load_model(str(tmp_path / "saved"), device="cpu")
    assert loaded(text) == pipeline(text)
    assert loaded._batch_size == 8
    ours = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert ours.model_config == {**settings, "batch_size": 4}
    natively = pipeline([text])[0]
    (answer,) = mlflow.pyfunc.load_model(str(tmp_path / "saved")).predict([text])
    assert [{name: record[name] for name in each} for record, each in zip(answer, natively, strict=True)] == [
        pytest.approx(dict(each)) for each in natively
    ]


def test_a_caller_may_ask_for_something_else(tmp_path: Path) -> None:
    parts = tiny_models.text_classification()
    pipeline = transformers.TextClassificationPipeline(model=parts.model, tokenizer=parts.tokenizer, device="cpu", top_k=2)
    flavor.save_model(pipeline, tmp_path / "saved")
    assert len(flavor.load_model(str(tmp_path / "saved"), device="cpu", top_k=1)("good")) == 1
    (answer,) = mlflow.pyfunc.load_model(str(tmp_path / "saved")).predict(["good"], params={"top_k": 1})
    assert len(answer) == 1


def test_a_pipeline_built_with_nothing_says_nothing(tmp_path: Path) -> None:
    flavor.save_model(tiny_models.token_classification(), tmp_path / "saved")
    assert flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu").model_config == {}
