"""What a training was told, as params of its run and whole as JSON: the model's and the training's configuration, peft's too."""

import json
import re
from enum import Enum
from typing import Any

from ..adapted import DEFAULT, has_adapters
from .variables import Variables

MAX_VALUE = 6000  # signs of a param in MLflow; what is longer is in the JSON files only
MAX_KEY = 250

_REFUSED = re.compile(r"[^0-9A-Za-z_\-. :/]")


def files_of(model: Any, args: Any) -> dict[str, dict[str, Any]]:
    """Return what is kept whole, by the name of its file."""
    found = {
        "arguments.json": args.to_dict(),
        "model_config.json": config_of(model),
        "peft_config.json": peft_of(model),
        "quantization_config.json": quantization_of(model),
    }
    return {name: content for name, content in found.items() if content}


def params_of(model: Any, args: Any, variables: Variables) -> dict[str, str]:
    """Return the params, named and chosen as transformers does, and after them what it leaves out: peft and quantisation."""
    from transformers.utils.generic import flatten_dict  # heavy

    given = {**config_of(model), **args.to_dict()}
    if variables.flattens:
        given = flatten_dict(given)
    adapters = peft_of(model)
    for name, config in adapters.items():
        given |= flatten_dict(config, "peft" if name == DEFAULT else f"peft.{name}")
    given |= flatten_dict(quantization_of(model), "quantization")
    texts = {named(str(key)): str(value.value if isinstance(value, Enum) else value) for key, value in given.items()}
    kept = {key: text for key, text in texts.items() if len(text) <= MAX_VALUE}
    return dict(list(kept.items())[: variables.max_params])


def named(key: str) -> str:
    """Return a key that MLflow takes, with `_` for other signs, as transformers names metrics."""
    return _REFUSED.sub("_", key)[:MAX_KEY]


def config_of(model: Any) -> dict[str, Any]:
    """Return the configuration of a model, empty when it has none."""
    config = getattr(model, "config", None)
    return _as_dict(config) if config is not None else {}


def peft_of(model: Any) -> dict[str, dict[str, Any]]:
    """Return the configuration of each adapter of a model."""
    if not has_adapters(model):
        return {}
    return {str(name): _as_dict(config) for name, config in model.peft_config.items()}


def quantization_of(model: Any) -> dict[str, Any]:
    """Return how the weights of a model are quantised, empty when they are not."""
    config = getattr(getattr(model, "config", None), "quantization_config", None)
    return _as_dict(config) if config is not None else {}


def as_json(content: Any) -> str:
    """Return text for a file; what JSON has no form for is written as Python shows it."""
    return json.dumps(content, indent=2, default=_shown, ensure_ascii=False)


def _as_dict(config: Any) -> dict[str, Any]:
    return dict(config) if isinstance(config, dict) else dict(config.to_dict())


def _shown(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, set | frozenset) else str(value)
