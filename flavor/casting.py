"""A model in memory brought to another type before it is written, so that its files are as small as what is loaded of them."""

from copy import copy, deepcopy
from typing import Any

from .devices import torch_dtype
from .tasks._base import InvalidInput

FIELD = "cast_weights"


def cast(given: Any, dtype: Any) -> Any:
    """Return what is given to be logged with a copy of its model in `dtype`; the caller's own stays as it is.

    Raises InvalidInput where no type is said, and for folders and Hub ids, whose files are copied as they are.
    """
    if dtype in (None, "auto"):
        raise InvalidInput(FIELD, f"cast_weights needs to know the type; say it as torch_dtype, got {dtype!r}.")
    if isinstance(given, dict):
        return {**given, "model": _in_type(given.get("model"), dtype)}
    if hasattr(given, "model") and hasattr(given, "postprocess"):
        pipeline = copy(given)
        pipeline.model = _in_type(given.model, dtype)
        return pipeline
    return _in_type(given, dtype)


def _in_type(model: Any, dtype: Any) -> Any:
    if not hasattr(model, "save_pretrained") or not hasattr(model, "parameters"):
        raise InvalidInput(
            FIELD, "cast_weights is for models in memory; the files of a folder or a Hub id are copied as they are."
        )
    return deepcopy(model).to(torch_dtype(dtype))
