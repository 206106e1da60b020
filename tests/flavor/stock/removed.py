"""Models of the tasks that transformers 5 removed, and what they are asked: stock's answers to it lie in `goldens`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas
import torch
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from transformers import Pipeline

from tests import tiny_conversations, tiny_text, tiny_text_to_text

TEXTS = ["The soup was cold.", "The waiter is kind, the house is not."]
QUESTION = {"question": "who lives in london", "context": "sarah lives in london and paris"}
OTHER = {"question": "is the soup good", "context": "the soup is bad and cold"}
PAIRS = {"frame": {name: [QUESTION[name], OTHER[name]] for name in QUESTION}}
SHORT = {"max_new_tokens": 8}  # num_beams is left to the pipeline's own default
TWO = {"max_new_tokens": 8, "num_beams": 2, "num_return_sequences": 2}
VERSIONS = ("4.57.6", "4.41.2")  # of transformers; the older for what the newer lacks
GOLDENS = Path(__file__).parent / "goldens"


@dataclass(frozen=True)
class Removed:
    """One logged model, and questions by name; a frame is written as `{"frame": columns}`, since all of this is also JSON."""

    task: str
    build: Callable[[], Pipeline]
    questions: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()  # of texts, in a signature of its own: by its default one stock drops all but the first

    @property
    def signature(self) -> ModelSignature | None:
        return ModelSignature(Schema([ColSpec("string", name) for name in self.columns])) if self.columns else None

    def given(self, name: str) -> Any:
        question = self.questions[name]
        return pandas.DataFrame(question["frame"]) if isinstance(question, dict) and "frame" in question else question


def _texts(*names: str) -> dict[str, Any]:
    every = {
        "one": TEXTS[0],
        "list": TEXTS,
        "list of one": TEXTS[:1],
        "nameless frame": {"frame": {0: TEXTS}},
        "dict": {"text": TEXTS[0]},
        "frame": {"frame": {"text": TEXTS}},
    }
    return {name: every[name] for name in names or every}


def _conversational() -> Pipeline:
    """A model that likes to end: stock lets conversations write 256 tokens, whatever a model or its config says."""
    pipeline = tiny_conversations.conversational(seed=2)
    with torch.no_grad():
        pipeline.model.lm_head.weight[pipeline.tokenizer.eos_token_id] *= 4
    return pipeline


REMOVED: dict[str, Removed] = {
    "summarization": Removed("summarization", tiny_text_to_text.summarization, _texts(), {"model_config": SHORT}),
    "summarization in a template": Removed(
        "summarization",
        tiny_text_to_text.summarization,
        _texts("one", "list"),
        {"model_config": SHORT, "prompt_template": "In short: {prompt} !"},
    ),
    "summarization of two": Removed(
        "summarization", tiny_text_to_text.summarization, _texts("one", "list"), {"model_config": TWO}
    ),
    "translation": Removed(
        "translation_en_to_fr",
        partial(tiny_text_to_text.translation, task="translation_en_to_fr"),
        _texts(),
        {"model_config": SHORT},
    ),
    "text2text-generation": Removed(
        "text2text-generation",
        tiny_text_to_text.text2text_generation,
        _texts("one", "list", "list of one", "nameless frame"),
        {"model_config": SHORT},
    ),
    "text2text-generation of columns": Removed(
        "text2text-generation",
        tiny_text_to_text.text2text_generation,
        {"dict": QUESTION, "list of dicts": [QUESTION, OTHER], "frame": PAIRS},
        {"model_config": SHORT, "prompt_template": "Do this: {prompt}"},
        columns=("question", "context"),
    ),
    "text2text-generation in a template": Removed(
        "text2text-generation",
        tiny_text_to_text.text2text_generation,
        _texts("one", "list"),
        {"model_config": SHORT, "prompt_template": "Do this: {prompt}"},
    ),
    "question-answering": Removed(
        "question-answering",
        tiny_text.question_answering,
        {
            "dict": QUESTION,
            "list of dicts": [QUESTION, OTHER],
            "list of one": [QUESTION],
            "frame": PAIRS,
        },
    ),
    "question-answering of two": Removed(
        "question-answering",
        tiny_text.question_answering,
        {"dict": QUESTION, "list of dicts": [QUESTION, OTHER]},
        {"model_config": {"top_k": 2}},
    ),
    "conversational": Removed(
        "conversational", _conversational, _texts("one", "list of one", "dict"), {"model_config": {"do_sample": False}}
    ),
}


def goldens() -> dict[str, dict[str, Any]]:
    """Stock's answers by model and question."""
    files = (GOLDENS / f"transformers-{version}.json" for version in VERSIONS)
    return {name: each for file in files for name, each in json.loads(file.read_text(encoding="utf-8"))["answers"].items()}


def write(folder: Path) -> None:
    """Write every model and all that is asked of it, for `goldens/answer.py` in an environment of transformers 4."""
    asked = {}
    for name, each in REMOVED.items():
        each.build().save_pretrained(folder / name)
        asked[name] = {"task": each.task, "options": each.options, "columns": each.columns, "questions": each.questions}
    (folder / "asked.json").write_text(json.dumps(asked, indent=1), encoding="utf-8")


if __name__ == "__main__":
    import sys

    write(Path(sys.argv[1]))
