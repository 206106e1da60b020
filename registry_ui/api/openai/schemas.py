"""What the OpenAPI document says of OpenAI's interface: of the fields, which are OpenAI's own, those that every client sends."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from ..negotiation import EVENT_STREAM

Json = dict[str, Any]

_MODEL = {"type": "string", "description": "`name` (its latest version), `name@alias` or `name/version`."}
_STREAM = {"type": "boolean", "description": "Answer chunk by chunk, as events that end with `[DONE]`."}
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_SAMPLED = {
    "stream": _STREAM,
    "temperature": {"type": "number"},
    "top_p": {"type": "number"},
    "max_tokens": {"type": "integer"},
    "stop": _TEXTS,
    "n": {"type": "integer"},
    "seed": {"type": "integer"},
    "frequency_penalty": {"type": "number"},
    "presence_penalty": {"type": "number"},
}
_ID = {"id": {"type": "string"}, "object": {"type": "string"}, "created": {"type": "integer"}, "model": {"type": "string"}}
_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


class OpenAiModel(serializers.Serializer):
    """A model that OpenAI's clients may ask."""

    id = serializers.CharField(help_text="`name`, `name@alias` or `name/version`.")
    object = serializers.ChoiceField(["model"])
    created = serializers.IntegerField()
    owned_by = serializers.CharField(help_text="The version that answers: `models:/name/version`.")
    task = serializers.CharField()


class OpenAiModelList(serializers.Serializer):
    """All of them."""

    object = serializers.ChoiceField(["list"])
    data = OpenAiModel(many=True)  # type: ignore[assignment]  # a field


def operation(key: str, described: Json, example: Json) -> Json:
    """Return the schema of a request with the field `key` that is answered by an object or a stream."""
    properties = {"model": _MODEL, key: described, **(_SAMPLED if key != "input" else {"dimensions": {"type": "integer"}})}
    content = "data" if key == "input" else "choices"
    answered = {
        "type": "object",
        "properties": {**_ID, content: {"type": "array", "items": {"type": "object"}}, "usage": _COUNTS},
        "required": ["object", content, "usage"],
    }
    streamed = {} if key == "input" else {(200, EVENT_STREAM): OpenApiTypes.STR}
    return {
        "request": {"application/json": {"type": "object", "properties": properties, "required": ["model", key]}},
        "responses": {(200, "application/json"): answered, **streamed},
        "examples": [OpenApiExample("A request", example, request_only=True, media_type="application/json")],
        "tags": ["OpenAI"],
    }


MESSAGES = {"type": "array", "items": {"type": "object"}, "description": "The chat to answer: `role` and `content` of each."}
PROMPT = {**_TEXTS, "description": "The text to continue, or several."}
INPUT = {**_TEXTS, "description": "The text to make a vector of, or several."}
ERROR = {
    "type": "object",
    "description": "An error as OpenAI's clients read it.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The field of the request that is at fault."},
                "code": {"type": "string"},
            },
            "required": ["message", "type", "param", "code"],
        }
    },
    "required": ["error"],
}
