"""Task to JSON Schema (draft 2020-12): what a request's inputs and parameters may be, and what the answer holds."""

import base64
from typing import Any

from flavor.tasks import Field, Kind, Param, Row, Task
from flavor.tasks._checking import MAX_TEXT_CHARACTERS, MEDIA, ROLES

Schema = dict[str, Any]

# A request is one message to a worker, and one answer.
MAX_ROWS = 1000
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string", list: "array", dict: "object"}


def inputs_schema(task: Task) -> Schema:
    """Describe `inputs`: one row, the bare value of its first field, or a list of these."""
    return {
        "$schema": DIALECT,
        "title": f"Inputs of {task.name}",
        "description": f"{task.summary} One input, or a list of them; the answer has the same shape.",
        "anyOf": [
            {"$ref": "#/$defs/one"},
            {"type": "array", "items": {"$ref": "#/$defs/one"}, "minItems": 1, "maxItems": MAX_ROWS},
        ],
        "$defs": {"row": row_schema(task), "one": {"anyOf": [{"$ref": "#/$defs/row"}, *_bare(task)]}},
        "examples": [example_inputs(task)],
    }


def row_schema(task: Task) -> Schema:
    """Describe one input row."""
    required = [each.name for each in task.inputs if each.required]
    schema: Schema = {
        "type": "object",
        "properties": {each.name: _input(each) for each in task.inputs},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    if task.one_of:
        schema["allOf"] = [{"oneOf": [_has(name) for name in group]} for group in task.one_of]
    return schema


def parameters_schema(task: Task) -> Schema:
    """Describe `parameters`; null means: not said."""
    return {
        "$schema": DIALECT,
        "title": f"Parameters of {task.name}",
        "type": "object",
        "properties": {each.name: _param(each) for each in task.params},
        "additionalProperties": False,
        "examples": [dict(task.example_params)],
    }


def outputs_schema(task: Task) -> Schema:
    """Describe `outputs`: the records of one input, or for a list of inputs one list of records, or an error, each."""
    return {
        "$schema": DIALECT,
        "title": f"Outputs of {task.name}",
        "anyOf": [
            {"$ref": "#/$defs/records"},
            {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/records"}, {"$ref": "#/$defs/failed"}]}},
        ],
        "$defs": {
            "records": {"type": "array", "items": _record(task), "description": "What was found in one input; may be empty."},
            "failed": {
                "type": "object",
                "properties": {"error": {"type": "object", "description": "A problem document."}},
                "required": ["error"],
                "additionalProperties": False,
            },
        },
    }


def example_inputs(task: Task) -> Row:
    """Return the task's example row as JSON: media as base64."""
    return {name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in task.example.items()}


def takes_bare_value(task: Task) -> bool:
    """Whether a text alone stands for the first field of a row."""
    return task.inputs[0].kind in {Kind.TEXT, *MEDIA}


def _bare(task: Task) -> list[Schema]:
    if not takes_bare_value(task):
        return []
    first = task.inputs[0]
    schema = _text_of_media(first.kind) if first.kind in MEDIA else _value(first.kind)
    return [{**schema, "description": f"Stands for {{{first.name!r}: …}}. {first.help}"}]


def _has(name: str) -> Schema:
    """A null is as good as absent, so that presence alone says nothing."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _input(field: Field) -> Schema:
    schema = {**_value(field.kind), "description": field.help}
    if field.required:
        return schema
    return {"anyOf": [schema, {"type": "null"}], "description": field.help}


def _value(kind: Kind) -> Schema:
    if kind in MEDIA:
        return _media(kind)
    plain: dict[Kind, Schema] = {
        Kind.TEXT: {"type": "string", "maxLength": MAX_TEXT_CHARACTERS},
        Kind.NUMBER: {"type": "number"},
        Kind.INTEGER: {"type": "integer"},
        Kind.BOOLEAN: {"type": "boolean"},
        Kind.LABELS: {"type": "array", "items": {"type": "string"}, "minItems": 1},
        Kind.TABLE: {"type": "object", "additionalProperties": {"type": "array"}, "minProperties": 1},
        Kind.MESSAGES: {"type": "array", "items": _message(), "minItems": 1},
    }
    return plain.get(kind, {})


def _media(kind: Kind) -> Schema:
    encoded = _text_of_media(kind)
    return {
        "anyOf": [
            encoded,
            _object_with("base64", encoded),
            _object_with("asset", {"type": "string", "format": "uuid", "description": "The id of an uploaded asset."}),
        ]
    }


def _text_of_media(kind: Kind) -> Schema:
    return {"type": "string", "minLength": 1, "contentEncoding": "base64", "contentMediaType": f"{kind}/*"}


def _object_with(name: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


def _message() -> Schema:
    part = {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]}
    return {
        "type": "object",
        "properties": {
            "role": {"enum": list(ROLES)},
            "content": {"anyOf": [{"type": "string"}, {"type": "array", "items": part}, {"type": "null"}]},
        },
        "required": ["role"],
    }


def _param(param: Param) -> Schema:
    schema: Schema = {"type": [*_types(param), "null"], "description": param.help}
    if param.choices:
        schema["enum"] = [*param.choices, *(said for said, _ in param.also), None]
    if param.type is list:
        schema["items"] = {"type": _TYPES[param.items]}
    if param.minimum is not None:
        schema["minimum"] = param.minimum
    if param.maximum is not None:
        schema["maximum"] = param.maximum
    if param.default is not None:
        schema["default"] = param.default
    return schema


def _types(param: Param) -> list[str]:
    """A single text is taken for a list of one, and an object's JSON text for the object."""
    also_text = param.type is dict or (param.type is list and param.items is str)
    also = {_TYPES[type(said)] for said, _ in param.also} | ({"string"} if also_text else set())
    return [_TYPES[param.type], *sorted(also)]


def _record(task: Task) -> Schema:
    return {
        "type": "object",
        "properties": {each.name: _output(each) for each in task.outputs},
        "required": [each.name for each in task.outputs if each.required],
    }


def _output(field: Field) -> Schema:
    """Numbers that JSON has not (NaN) are null; media and large arrays come as files."""
    if field.kind in MEDIA:
        return {**_file(), "description": field.help}
    value = _value(field.kind)
    if field.kind is Kind.TENSOR and value:
        value = {"anyOf": [value, _file()]}
    if not value:
        return {"description": field.help}
    may_be_null = not field.required or field.kind is Kind.NUMBER
    schema = {"anyOf": [value, {"type": "null"}]} if may_be_null else value
    return {**schema, "description": field.help}


def _file() -> Schema:
    """A file in an answer (flavor/results.py): an image as PNG, a sound as WAV, a large array in NumPy's format."""
    return {
        "type": "object",
        "properties": {
            "media_type": {"type": "string"},
            "base64": {"type": "string", "contentEncoding": "base64"},
            "shape": {"type": "array", "items": {"type": "integer"}, "description": "Of an array."},
            "dtype": {"type": "string", "description": "Of an array."},
        },
        "required": ["media_type", "base64"],
    }
