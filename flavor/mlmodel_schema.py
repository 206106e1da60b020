"""Signature and input example of an MLmodel file, as plain data, without MLflow."""

import json
from typing import Any

from .artifact_files import ArtifactFiles, Unreadable
from .flavor_config import OURS
from .plain_data import TooMuch, as_dict, as_list, as_text, plain


def signature_of(mlmodel: dict[str, Any]) -> dict[str, Any] | None:
    """Return `{"inputs": [...], "outputs": [...], "params": [...]}`, None when there is no signature. Raises Unreadable.

    A column is `{"name", "type", "required"}`, a param `{"name", "type", "default", "shape"}`; names may be empty. Inputs that
    MLflow shall not check are in our own block.
    """
    signature = as_dict(mlmodel.get("signature"))
    if not signature:
        return None
    ours = as_dict(as_dict(mlmodel.get("flavors")).get(OURS))
    return {
        "inputs": [_column(each) for each in _entries(signature, "inputs") or as_list(ours.get("inputs"))],
        "outputs": [_column(each) for each in _entries(signature, "outputs")],
        "params": [_param(each) for each in _entries(signature, "params")],
    }


def example_of(mlmodel: dict[str, Any], files: ArtifactFiles) -> Any:
    """Return the input example as it was given, a DataFrame as a list of rows, params left out. Raises Unreadable."""
    info = as_dict(mlmodel.get("saved_input_example_info"))
    path = as_text(info.get("artifact_path"))
    example = files.json(path) if path else None
    if info.get("params") and isinstance(example, dict):
        example = example.get("inputs")
    if info.get("type") == "dataframe" and isinstance(example, dict):
        columns = as_list(example.get("columns"))
        rows = [as_list(row) for row in as_list(example.get("data"))]
        return [dict(zip(map(str, columns), row, strict=False)) for row in rows] if columns else rows
    return example


def type_name(entry: Any) -> str:
    """Return a column's type for people: `string`, `list of string`, `object {role: string}`, `tensor float32 (any, 3)`."""
    entry = as_dict(entry)
    kind = as_text(entry.get("type")) or "any"
    if kind == "array":
        return f"list of {type_name(entry.get('items'))}"
    if kind == "map":
        return f"map of {type_name(entry.get('values'))}"
    if kind == "object":
        properties = as_dict(entry.get("properties"))
        return "object {" + ", ".join(f"{name}: {type_name(each)}" for name, each in properties.items()) + "}"
    if kind == "tensor":
        spec = as_dict(entry.get("tensor-spec"))
        sides = ", ".join("any" if side == -1 else str(side) for side in as_list(spec.get("shape")))
        return f"tensor {as_text(spec.get('dtype'))} ({sides})"
    return kind


def shown_type(column: dict[str, Any]) -> str:
    """Return the type of a column or param of `signature_of` for people; a param may take several values."""
    name = as_text(column.get("type")) or "any"
    return f"list of {name}" if column.get("shape") else name


def _column(entry: Any) -> dict[str, Any]:
    entry = as_dict(entry)
    return {"name": as_text(entry.get("name")), "type": type_name(entry), "required": entry.get("required", True) is not False}


def _param(entry: Any) -> dict[str, Any]:
    entry = as_dict(entry)
    return {
        "name": as_text(entry.get("name")),
        "type": type_name(entry),
        "default": entry.get("default"),
        "shape": entry.get("shape"),
    }


def _entries(signature: dict[str, Any], part: str) -> list[Any]:
    """MLflow keeps each part as JSON text inside the YAML."""
    text = signature.get(part)
    if not text:
        return []
    if not isinstance(text, str):
        return as_list(text)
    try:
        return as_list(plain(json.loads(text)))
    except (ValueError, TooMuch, RecursionError) as error:
        raise Unreadable(f"The signature's {part} in MLmodel are no valid JSON.") from error
