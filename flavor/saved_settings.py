"""Settings of a saved model that are not in its flavor blocks: the signature's params, and what old MLflow kept in a file."""

import json
from pathlib import Path
from typing import Any

from .errors import ModelNotLoadable
from .plain_data import as_dict, as_list

LEGACY_CONFIG = "components/inference_config.txt"


def signature_params(mlmodel: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the params of the signature as MLflow writes them. Raises ModelNotLoadable when they are no JSON."""
    text = as_dict(mlmodel.get("signature")).get("params")
    if not isinstance(text, str):
        return as_list(text)
    try:
        return as_list(json.loads(text))
    except ValueError as error:
        raise ModelNotLoadable("The signature's params in MLmodel are no valid JSON; log the model again.") from error


def legacy_model_config(folder: Path) -> dict[str, Any]:
    """Return the file of MLflow 2.4 and 2.5 that stands above every other model config, empty when there is none."""
    path = folder / LEGACY_CONFIG
    if not path.is_file():
        return {}
    try:
        return as_dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ModelNotLoadable(f"{path} is no valid JSON; log the model again.") from error
