"""Shared by the tasks that make vectors of texts: what a model's own files say of them, and the pooling itself."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ._base import InvalidInput, Param, Row, Warned

POOLINGS = ("none", "mean", "cls", "last", "max")
MODULES = "modules.json"
PROMPTS = "config_sentence_transformers.json"
POOLING = "1_Pooling/config.json"  # where Sentence Transformers write it
FILES = (MODULES, PROMPTS, POOLING)
_MODES = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")

POOLING_PARAMS = (
    Param(
        "pooling",
        str,
        None,
        "How the vectors of the tokens become one; none keeps them all. Left out, as the model's own files say, else none.",
        choices=POOLINGS,
    ),
    Param("normalize", bool, None, "Scale each vector to length 1. Left out, as the model's own files say."),
    Param("dimensions", int, None, "Keep only so many numbers of each vector, from the first on.", minimum=1, maximum=1_000_000),
    Param("prompt_name", str, None, "The model's own words to put in front of the text, such as query.", advanced=True),
    Param(
        "truncation_direction",
        str,
        "right",
        "Which end of a text is left out when it is too long.",
        choices=("right", "left"),
        advanced=True,
    ),
)
POOLING_FALLBACKS: Row = {"pooling": "none", "normalize": False}


@dataclass(frozen=True)
class Said:
    """What the files beside a model say: how its vectors are made, and the words that go in front of texts."""

    pooling: str | None = None
    normalize: bool | None = None
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    left_out: tuple[str, ...] = ()  # modules that are not computed here

    @property
    def params(self) -> Row:
        found = {"pooling": self.pooling, "normalize": self.normalize, "prompt_name": self.default_prompt}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def warnings(self) -> list[Warned]:
        detail = "the model's own {} is not computed, so its vectors differ from those of Sentence Transformers"
        return [Warned("module_left_out", detail.format(name)) for name in self.left_out]

    def prompt(self, name: str | None) -> str:
        """Return the words of this name. Raises InvalidInput naming those that there are."""
        if name is None:
            return ""
        if name not in self.prompts:
            known = f"it has {', '.join(self.prompts)}" if self.prompts else "it has none"
            raise InvalidInput("params.prompt_name", f"params.prompt_name {name!r} is no prompt of this model; {known}.")
        return self.prompts[name]


def said_by(pipeline: Any) -> Said:
    """Return what the folder that a pipeline's model was loaded from says; nothing when it is gone."""
    return _said_in(str(getattr(pipeline.model, "name_or_path", "") or ""))


@lru_cache(maxsize=64)
def _said_in(folder: str) -> Said:
    if not (folder and Path(folder).is_dir()):
        return Said()
    prompts = _object(Path(folder, PROMPTS))
    texts = prompts.get("prompts")
    modules = _modules(Path(folder, MODULES))
    default = prompts.get("default_prompt_name")
    return Said(
        pooling=_mode(_object(Path(folder, POOLING))),
        normalize="Normalize" in modules if modules else None,
        prompts={str(name): str(text) for name, text in texts.items()} if isinstance(texts, dict) else {},
        default_prompt=default if isinstance(texts, dict) and default in texts else None,
        left_out=tuple(name for name in modules if name not in _KNOWN_MODULES),
    )


def _modules(path: Path) -> list[str]:
    """The classes of a model's parts, without their packages."""
    said = _json(path)
    entries = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    return [str(each.get("type", "")).rpartition(".")[2] for each in entries]


def _mode(said: Row) -> str | None:
    """The one pooling that is switched on; of several, whose vectors stand side by side, none can be done."""
    if isinstance(named := said.get("pooling_mode"), str):
        return _MODES.get(f"pooling_mode_{named}", named if named in POOLINGS else None)
    found = [name for name, is_on in said.items() if name.startswith("pooling_mode_") and is_on is True]
    return _MODES.get(found[0]) if len(found) == 1 else None


def _object(path: Path) -> Row:
    said = _json(path)
    return said if isinstance(said, dict) else {}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def embed(pipeline: Any, texts: list[str], params: Row, *, batch_size: int) -> list[Row]:
    """Return for each text its `embedding`, an array of numbers (of tokens and numbers when unpooled), and its `tokens`.

    Unlike the pipeline's own call, which pads what it returns, a text has as many vectors as it has tokens.
    """
    found: list[Row] = []
    for start in range(0, len(texts), batch_size):
        found += _embed_together(pipeline, texts[start : start + batch_size], params)
    return found


def _embed_together(pipeline: Any, texts: list[str], params: Row) -> list[Row]:
    tokenizer = pipeline.tokenizer
    before = tokenizer.truncation_side
    tokenizer.truncation_side = params.get("truncation_direction", before)
    try:
        # Padded behind the text whatever the tokenizer's habit, so that every token keeps its position.
        encoded = tokenizer(texts, truncation=True, padding=len(texts) > 1, padding_side="right", return_tensors="pt")
    finally:
        tokenizer.truncation_side = before
    states = pipeline.forward(encoded)[0].float()
    lengths = [int(row.sum()) for row in encoded["attention_mask"]]
    return [
        {
            "embedding": _vector(states[number, :length], params).numpy(),
            "tokens": tokenizer.convert_ids_to_tokens(encoded["input_ids"][number, :length]),
        }
        for number, length in enumerate(lengths)
    ]


def _vector(states: Any, params: Row) -> Any:
    """One vector of the states (tokens, numbers), or all of them; cut first, then scaled."""
    found = _pooled(states, params["pooling"])[..., : params.get("dimensions")]
    if not params.get("normalize"):
        return found
    return found / found.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def _pooled(states: Any, pooling: str) -> Any:
    if pooling == "mean":
        return states.mean(dim=0)
    if pooling == "max":
        return states.max(dim=0).values
    return {"cls": states[:1], "last": states[-1:]}[pooling][0] if pooling in ("cls", "last") else states
