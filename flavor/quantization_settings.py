"""What a configuration says of how weights are packed, as plain data, and the package that this needs."""

import json
from pathlib import Path
from typing import Any

from .plain_data import as_dict, as_text
from .tasks._base import InvalidInput

# The method, as a configuration names it, and the package that packs and unpacks. Of methods that are not here, those that
# need a package say so themselves when they are loaded.
PACKAGES = {
    "bitsandbytes": "bitsandbytes",
    "bitsandbytes_4bit": "bitsandbytes",
    "bitsandbytes_8bit": "bitsandbytes",
    "gptq": "gptqmodel",
    "awq": "gptqmodel",
    "aqlm": "aqlm",
    "auto-round": "auto-round",
    "compressed-tensors": "compressed-tensors",
    "hqq": "hqq",
    "quanto": "optimum-quanto",
    "torchao": "torchao",
    "vptq": "vptq",
}


def recorded(said: Any) -> dict[str, Any]:
    """Return a quantisation as plain data; `said` is transformers' configuration of it, a dict, or a model that has one.

    Empty when there is none. Raises InvalidInput when it does not say its method.
    """
    settings = getattr(getattr(said, "config", None), "quantization_config", None) if hasattr(said, "config") else said
    if not settings:
        return {}
    text = settings if isinstance(settings, dict) else settings.to_json_string(use_diff=False)
    plain = as_dict(text if isinstance(text, dict) else json.loads(text))
    if not method_of(plain):
        raise InvalidInput(
            "quantization_config", "quantization_config does not say its quant_method; give one of transformers' configurations."
        )
    return plain


def method_of(settings: dict[str, Any]) -> str:
    """Return the name of a quantisation's method, empty for none."""
    return as_text(settings.get("quant_method"))


def in_folder(folder: Path) -> dict[str, Any]:
    """Return the quantisation that the weights in a folder are stored in, empty when they are stored as they are."""
    path = folder / "config.json"
    try:
        settings = as_dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except ValueError:
        return {}  # whoever loads it says what is wrong with it
    return as_dict(settings.get("quantization_config"))


def package_of(settings: dict[str, Any]) -> str:
    """Return the package that a quantisation needs, empty when transformers does it alone."""
    return PACKAGES.get(method_of(settings), "")
