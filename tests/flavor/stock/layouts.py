"""The layouts in which stock saves models, each saved by stock and by us in one run."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

import mlflow
import torch
import yaml
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    FeatureExtractionPipeline,
    TextClassificationPipeline,
    TextGenerationPipeline,
)

import flavor
from tests import tiny_audio, tiny_models, tiny_multimodal, tiny_text, tiny_text_to_text

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB_ID = "org/tiny"
PICTURE = Path(__file__).parents[1] / "corpus/media/picture.png"
SHORT = {"max_new_tokens": 4, "do_sample": False}
CHATTED = {"messages": [{"role": "user", "content": "good"}], "max_tokens": 4, "temperature": 0}


@dataclass(frozen=True)
class Layout:
    """How a model is saved: `given` of the folder of a checkpoint, `options` of the same, and what the saved one is asked."""

    given: Callable[[Path], Any]
    options: Callable[[Path], dict[str, Any]] = lambda _: {}
    asked: Any = field(default_factory=lambda: ["good"])
    params: dict[str, Any] = field(default_factory=dict)
    beyond_stock: bool = False  # stock on this Transformers cannot save it
    native: str = "pipeline"  # what stock's `load_model` can return


def parts(base: Path, name: str = "") -> dict[str, Any]:
    """Model and tokenizer of a checkpoint, under the name by which a program loaded them."""
    model = AutoModelForSequenceClassification.from_pretrained(base).eval()
    model.config._name_or_path = model.name_or_path = name
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.name_or_path = name
    return {"model": model, "tokenizer": tokenizer}


def pipeline(made: dict[str, Any]) -> TextClassificationPipeline:
    return TextClassificationPipeline(**made, task="text-classification", device="cpu")


def adapted(base: Path, name: str = "") -> TextClassificationPipeline:
    """A LoRA adapter on a checkpoint, always the same."""
    made = parts(base, name)
    torch.manual_seed(1)
    config = LoraConfig(r=2, task_type=TaskType.SEQ_CLS, target_modules=["query"], init_lora_weights=False)
    return pipeline({**made, "model": get_peft_model(made["model"], config).eval()})


def writer() -> TextGenerationPipeline:
    """Writes, and like stock adds no token of its own to a chat."""
    return tiny_models.text_generation(chat_template=tiny_models.CHAT_TEMPLATE.removeprefix("{{ bos_token }}"))


def features() -> FeatureExtractionPipeline:
    return tiny_text.feature_extraction()


LAYOUTS = {
    "whole": Layout(lambda base: pipeline(parts(base))),
    "components": Layout(parts, lambda _: {"task": "text-classification"}),
    "reference": Layout(lambda base: pipeline(parts(base, HUB_ID)), lambda _: {"save_pretrained": False}),
    "adapter, base on the Hub": Layout(lambda base: adapted(base, HUB_ID)),
    "adapter beside its base": Layout(adapted),
    "adapter, base in a folder": Layout(adapted, lambda base: {"base_model_path": str(base)}),
    "llm/v1/chat": Layout(lambda _: writer(), lambda _: {"task": "llm/v1/chat"}, CHATTED),
    "llm/v1/completions": Layout(
        lambda _: writer(), lambda _: {"task": "llm/v1/completions"}, {"prompt": "good", "max_tokens": 4, "temperature": 0}
    ),
    "llm/v1/embeddings": Layout(lambda _: features(), lambda _: {"task": "llm/v1/embeddings"}, {"input": "good"}),
    "template and config": Layout(
        lambda _: writer(), lambda _: {"prompt_template": "Q: {prompt} A:", "model_config": dict(SHORT)}
    ),
    "speech": Layout(
        lambda _: tiny_audio.ctc(),
        asked=[tiny_audio.encoded(tiny_audio.tone())],
    ),
    "image and text": Layout(
        lambda _: tiny_multimodal.llava(),
        asked=[{"text": "<image>good", "image": base64.b64encode(PICTURE.read_bytes()).decode()}],
        params=SHORT,
        beyond_stock=True,
        native="components",
    ),
    "removed task": Layout(lambda _: tiny_text_to_text.summarization(), params=SHORT, beyond_stock=True, native="components"),
}
BY_STOCK = [name for name, layout in LAYOUTS.items() if not layout.beyond_stock]


@dataclass(frozen=True)
class Saved:
    """Where the two were saved; `stock` is no folder where stock cannot save it."""

    ours: Path
    stock: Path
    base: Path


def save(name: str, base: Path, folder: Path) -> Saved:
    """Save a layout by us, and by stock where it can."""
    layout, saved = LAYOUTS[name], Saved(folder / "ours", folder / "stock", base)
    flavor.save_model(layout.given(base), saved.ours, **layout.options(base))
    if not layout.beyond_stock:
        with catch_warnings():
            filterwarnings("ignore", "Could not find a config file in org/tiny")  # peft asks the Hub itself
            mlflow.transformers.save_model(layout.given(base), saved.stock, pip_requirements=["mlflow"], **layout.options(base))
    return saved


def mlmodel_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text())
    return found
