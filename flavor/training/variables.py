"""The environment variables by which transformers configures its MLflow callback, read with the same meaning."""

import json
import os
from dataclasses import dataclass, field
from typing import Any

from ..tasks._base import InvalidInput

_TRUE = ("1", "ON", "YES", "TRUE")  # transformers.utils.ENV_VARS_TRUE_VALUES


@dataclass(frozen=True)
class Variables:
    """What the environment says. MLFLOW_TRACKING_URI and MLFLOW_RUN_ID are MLflow's own, which reads them itself."""

    experiment_name: str | None = None  # MLFLOW_EXPERIMENT_NAME
    tags: dict[str, str] = field(default_factory=dict)  # MLFLOW_TAGS
    is_nested: bool = False  # MLFLOW_NESTED_RUN
    run_id: str | None = None  # MLFLOW_RUN_ID
    flattens: bool = False  # MLFLOW_FLATTEN_PARAMS
    max_params: int | None = None  # MLFLOW_MAX_LOG_PARAMS
    logs_artifacts: bool = False  # HF_MLFLOW_LOG_ARTIFACTS


def read() -> Variables:
    """Return what the environment says now. Raises InvalidInput naming a variable that cannot be understood."""
    most = os.environ.get("MLFLOW_MAX_LOG_PARAMS", "")
    return Variables(
        experiment_name=os.environ.get("MLFLOW_EXPERIMENT_NAME") or None,
        tags=_tags(os.environ.get("MLFLOW_TAGS", "")),
        is_nested=_is_true("MLFLOW_NESTED_RUN"),
        run_id=os.environ.get("MLFLOW_RUN_ID") or None,
        flattens=_is_true("MLFLOW_FLATTEN_PARAMS"),
        max_params=int(most) if most.isdigit() else None,
        logs_artifacts=_is_true("HF_MLFLOW_LOG_ARTIFACTS"),
    )


def checked_tags(given: Any, name: str) -> dict[str, str]:
    """Return tags as MLflow keeps them. Raises InvalidInput naming the tag that it would refuse."""
    if not isinstance(given, dict):
        raise InvalidInput(name, f'{name} must be a JSON object such as {{"team": "search"}}, got {given!r:.100}.')
    for key, value in given.items():
        if not isinstance(key, str) or not key or len(key) > 250:
            raise InvalidInput(name, f"{name} has the key {key!r:.100}; keys are texts of 1 to 250 signs.")
        if not isinstance(value, str | int | float):
            raise InvalidInput(
                name, f"{name}[{key!r}] must be a text, a number or true or false, got {value!r:.100}; write it as a text."
            )
        if len(str(value)) > 8000:
            raise InvalidInput(name, f"{name}[{key!r}] has {len(str(value))} signs and MLflow keeps 8000; log it as an artifact.")
    return {key: str(value) for key, value in given.items()}


def _tags(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            "MLFLOW_TAGS",
            f'The environment variable MLFLOW_TAGS is no JSON ({error}): {text!r:.100}; set it to an object such as {{"team": '
            '"search"}, or unset it.',
        ) from error
    return checked_tags(given, "MLFLOW_TAGS")


def _is_true(name: str) -> bool:
    return os.environ.get(name, "").upper() in _TRUE
