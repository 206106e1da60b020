"""Pipelines saved twice, by stock `mlflow.transformers` and by us in stock's shape, and opened by `mlflow.pyfunc`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import PyFuncModel
from mlflow.transformers.signature import _DEFAULT_SIGNATURE_FOR_TASK
from mlflow.types import Schema, TensorSpec
from numpy import dtype
from transformers import Pipeline

import flavor
from tests import tiny_audio, tiny_models, tiny_text

SHORT = {"max_new_tokens": 6, "do_sample": False}


@dataclass(frozen=True)
class Twins:
    """How a pair is made: `options` go to both, and so do `params`, as the defaults of a signature."""

    build: Callable[[], Pipeline]
    options: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """The two, loaded; `folder` is the one that we wrote."""

    stock: PyFuncModel
    ours: PyFuncModel
    folder: Path


def without_bos() -> Pipeline:
    """A model of texts whose tokenizer adds nothing: stock counts what it adds as written, see weakness 18."""
    pipeline = tiny_models.text_generation()
    pipeline.tokenizer.backend_tokenizer.post_processor = None
    return pipeline


TWINS: dict[str, Twins] = {
    "text-classification": Twins(tiny_models.text_classification),
    "text-classification with params": Twins(
        tiny_models.text_classification, params={"top_k": 2, "function_to_apply": "sigmoid"}
    ),
    "text-classification of all labels": Twins(tiny_models.text_classification, {"model_config": {"top_k": None}}),
    "token-classification": Twins(tiny_models.token_classification, params={"aggregation_strategy": "none"}),
    "token-classification of groups": Twins(
        tiny_models.token_classification, {"model_config": {"aggregation_strategy": "simple"}}
    ),
    "fill-mask": Twins(tiny_text.fill_mask),
    "fill-mask in a template": Twins(
        tiny_text.fill_mask, {"prompt_template": "so {prompt} .", "model_config": {"top_k": 3, "targets": ["good", "bad"]}}
    ),
    "zero-shot-classification": Twins(tiny_text.zero_shot_classification),
    "zero-shot-classification with params": Twins(tiny_text.zero_shot_classification, params={"multi_label": False}),
    "table-question-answering": Twins(tiny_text.table_question_answering),
    "feature-extraction": Twins(tiny_text.feature_extraction),
    "feature-extraction in a template": Twins(tiny_text.feature_extraction, {"prompt_template": "so {prompt} ."}),
    "text-generation": Twins(tiny_models.text_generation, {"model_config": SHORT}),
    "text-generation with params": Twins(
        tiny_models.text_generation,
        params={
            **SHORT,
            "return_full_text": True,
            "num_return_sequences": 1,
            "num_beams": 1,
            "include_prompt": True,
            "collapse_whitespace": False,
        },
    ),
    "text-generation in a template": Twins(
        tiny_models.text_generation, {"prompt_template": "Q: {prompt} A:", "model_config": SHORT}
    ),
    "text-generation in a template, in full": Twins(
        tiny_models.text_generation,
        {
            "prompt_template": "Q: {prompt} A:",
            "model_config": {**SHORT, "return_full_text": True, "include_prompt": False, "collapse_whitespace": True},
        },
    ),
    "automatic-speech-recognition": Twins(tiny_audio.ctc),
    "automatic-speech-recognition with params": Twins(tiny_audio.ctc, params={"return_timestamps": "word"}),
    "automatic-speech-recognition of samples": Twins(
        tiny_audio.ctc, {"signature": ModelSignature(Schema([TensorSpec(dtype("float32"), (-1,))]))}
    ),
    "automatic-speech-recognition of segments": Twins(
        tiny_audio.whisper, {"model_config": {"return_timestamps": True, "max_new_tokens": 12, "num_beams": 1}}
    ),
    "audio-classification": Twins(tiny_audio.audio_classification),
    "audio-classification with params": Twins(tiny_audio.audio_classification, params={"top_k": 2}),
    "image-classification": Twins(tiny_models.image_classification),
    "image-classification with params": Twins(tiny_models.image_classification, params={"top_k": 2}),
    "chat": Twins(without_bos, {"task": "llm/v1/chat", "model_config": {"do_sample": False}}),
    "chat with <s>": Twins(tiny_models.text_generation, {"task": "llm/v1/chat", "model_config": {"do_sample": False}}),
    "completions": Twins(without_bos, {"task": "llm/v1/completions", "model_config": {"do_sample": False}}),
    "embeddings": Twins(tiny_text.feature_extraction, {"task": "llm/v1/embeddings"}),
}


def make(twins: Twins, folder: Path) -> Pair:
    """Save both and load both."""
    pipeline = twins.build()
    options = {**twins.options, **({"signature": signature_with(pipeline.task, twins.params)} if twins.params else {})}
    for name, save, more in (
        ("stock", mlflow.transformers.save_model, {}),
        ("ours", flavor.save_model, {"pyfunc_output": "stock"}),
    ):
        own = {key: dict(value) if isinstance(value, dict) else value for key, value in options.items()}
        save(pipeline, folder / name, pip_requirements=["mlflow"], **own, **more)  # stock changes the model config it is given
    loaded = (mlflow.pyfunc.load_model(str(folder / name)) for name in ("stock", "ours"))
    return Pair(*loaded, folder=folder / "ours")


def signature_with(task: str, params: dict[str, Any]) -> ModelSignature:
    """Stock's own signature of a task, and params with their defaults."""
    own = _DEFAULT_SIGNATURE_FOR_TASK[task]
    return ModelSignature(own.inputs, own.outputs, infer_signature("", params=params).params)
