"""Functions by dotted name: "package.module:function"."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def resolve(dotted: str) -> Callable[..., Any]:
    """Return the function. Raises ImportError, AttributeError when it is not there."""
    module, _, name = dotted.partition(":")
    return getattr(import_module(module), name)
