"""How a model's weights are packed when it is loaded: read off a model, recorded, and done again; the package it needs.

An adapter that was trained on a quantised base answers as it did only on a base quantised the same way, and nothing in the
base's own folder says so.
"""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .devices import Placement
from .errors import MissingDependency, ModelNotLoadable
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


def check_known(settings: dict[str, Any]) -> None:
    """Raise InvalidInput when transformers does not know a quantisation's method."""
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING as KNOWN  # heavy

    method = method_of(settings)
    if method and not {method, f"{method}_4bit"} & set(KNOWN):
        raise InvalidInput(
            "quantization_config",
            f"quantization_config says {method!r}, which transformers does not know; it knows {', '.join(KNOWN)}.",
        )


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


def to_apply(settings: dict[str, Any]) -> Any:
    """Return recorded settings as the configuration that `from_pretrained` takes. Raises MissingDependency, ModelNotLoadable."""
    check_package(settings, "The model's base")
    from transformers.quantizers.auto import AutoQuantizationConfig  # heavy

    try:
        return AutoQuantizationConfig.from_dict(dict(settings))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelNotLoadable(
            f"The base was quantised by {method_of(settings)!r} with settings that transformers does not read: {error}"
        ) from error
    except ImportError as error:
        raise MissingDependency(f"Quantisation by {method_of(settings)}: {error}", package=package_of(settings)) from error


def placed(placement: Placement, settings: dict[str, Any], folder: Path) -> Placement:
    """Return where and how the weights in a folder are loaded: packed as asked, as stored, or as `settings` say.

    Raises MissingDependency when the package that it needs is not installed, ModelNotLoadable.
    """
    asked = placement.quantization_config
    if asked:
        check_package(recorded(asked), "The model")
        return _at_once(placement)
    stored = in_folder(folder)
    check_package(stored, f"The model in {folder}")
    wanted = None if asked is False or stored or not settings else to_apply(settings)
    found = replace(placement, quantization_config=wanted)
    return _at_once(found) if wanted or stored else found


def _at_once(placement: Placement) -> Placement:
    """Weights are packed on the device where they stay: some kinds cannot be moved afterwards."""
    if placement.device_map is not None:
        return placement
    return replace(placement, device=None, device_map={"": str(placement.settled_device())})


def check_package(settings: dict[str, Any], what: str) -> None:
    """Raise MissingDependency when the package of a quantisation is not installed; `what` begins the sentence."""
    package = package_of(settings)
    if not package:
        return
    try:
        version(package)
    except PackageNotFoundError as error:
        raise MissingDependency(
            f"{what} is quantised by {method_of(settings)}, which needs the package {package}; install it.", package=package
        ) from error


def dequantized(model: Any) -> Any:
    """Return a model whose weights are numbers again. Raises InvalidInput when its quantisation cannot be undone."""
    settings = recorded(model)
    if not settings:
        return model
    method = method_of(settings)
    try:
        found = model.dequantize()
    except (NotImplementedError, ValueError, AttributeError) as error:
        raise InvalidInput(
            "model",
            f"its base is quantised by {method}, which cannot be undone, so an adapter cannot be merged into it; "
            "serve the adapter as it is, or train it on the base as it was before.",
        ) from error
    return found if found is not None else model
