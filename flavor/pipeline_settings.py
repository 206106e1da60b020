"""What a pipeline was built to do unless a call says otherwise: `pipeline(..., top_k=2, batch_size=8)`."""

from enum import Enum
from typing import Any

from .flavor_config import OURS
from .plain_data import as_dict
from .tasks._base import InvalidInput, Row, Task
from .tasks._checking import check_params

KEY = "pipeline"  # in our block of the MLmodel file
# Where transformers keeps the arguments of a pipeline.
_KEPT = ("_generate_kwargs", "_preprocess_params", "_forward_params", "_postprocess_params")


def settings_of(task: Task, given: Any) -> Row:
    """Return the arguments with which a pipeline was built, by name: parameters of the task, and the batch size.

    What is as it would be anyway is left out; empty for anything that is no pipeline.
    """
    kept: Row = {}
    for name in _KEPT:
        kept |= getattr(given, name, None) or {}
    kept |= as_dict(kept.get("tokenizer_params"))
    if "return_type" in kept:  # what text generation makes of return_full_text
        kept["return_full_text"] = "FULL" in getattr(kept["return_type"], "name", "")
    found = {name: value for param in task.params if (name := param.name) in kept and (value := _plain(kept[name])) is not None}
    found = {name: value for name, value in found.items() if _is_taken(task, name, value)}
    defaults = {param.name: param.default for param in task.params}
    settings = {name: value for name, value in found.items() if value != defaults[name]}
    size = getattr(given, "_batch_size", None)
    return {**settings, **({"batch_size": size} if isinstance(size, int) and size > 1 else {})}


def saved_settings(mlmodel: dict[str, Any]) -> Row:
    """Return the arguments with which the pipeline was built that an MLmodel file describes."""
    return as_dict(as_dict(as_dict(mlmodel.get("flavors")).get(OURS)).get(KEY))


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Enum):
        value = value.value
    return value if isinstance(value, bool | int | float | str) else None


def _is_taken(task: Task, name: str, value: Any) -> bool:
    try:
        check_params(task, {name: value})
    except InvalidInput:
        return False
    return True
