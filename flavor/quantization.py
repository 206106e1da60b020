"""How a model's weights are packed when it is loaded: read off a model, recorded, and done again; the package it needs.

An adapter that was trained on a quantised base answers as it did only on a base quantised the same way, and nothing in the
base's own folder says so.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from .devices import Placement
from .errors import MissingDependency, ModelNotLoadable
from .packages import version_of
from .quantization_settings import in_folder, method_of, package_of, recorded
from .tasks._base import InvalidInput

__all__ = [
    "check_known",
    "check_package",
    "dequantized",
    "in_folder",
    "method_of",
    "package_of",
    "placed",
    "recorded",
    "to_apply",
]


def check_known(settings: dict[str, Any]) -> None:
    """Raise InvalidInput when transformers does not know a quantisation's method."""
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING as KNOWN  # heavy

    method = method_of(settings)
    if method and not {method, f"{method}_4bit"} & set(KNOWN):
        raise InvalidInput(
            "quantization_config",
            f"quantization_config says {method!r}, which transformers does not know; it knows {', '.join(KNOWN)}.",
        )


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
    if package and not version_of(package):
        raise MissingDependency(
            f"{what} is quantised by {method_of(settings)}, which needs the package {package}; install it.", package=package
        )


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
