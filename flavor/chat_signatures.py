"""MLflow signatures of OpenAI's requests: stock's columns, and those of its fields that stock has not.

Messages are of any shape, since stock's own schema refuses parts of messages and tool calls whose content is null. All else
that a request may hold is named, because MLflow leaves out of streams what a signature does not name.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

_SAMPLED = {
    "temperature": "double",
    "max_tokens": "long",
    "max_completion_tokens": "long",
    "n": "long",
    "top_p": "double",
    "top_k": "long",
    "min_p": "double",
    "seed": "long",
    "frequency_penalty": "double",
    "presence_penalty": "double",
    "repetition_penalty": "double",
    "stop": "any",
    "stream": "boolean",
    "stream_options": "options",
    "user": "string",
    "logit_bias": "any",
    "custom_inputs": "any",
}
_COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "llm/v1/chat": (
        "messages",
        {
            **_SAMPLED,
            "logprobs": "boolean",
            "top_logprobs": "long",
            "tools": "any",
            "tool_choice": "any",
            "response_format": "any",
            "continue_final_message": "boolean",
        },
    ),
    "llm/v1/completions": (
        "prompt",
        {**_SAMPLED, "logprobs": "any", "echo": "boolean", "suffix": "string", "best_of": "long", "prompt_variables": "any"},
    ),
    "llm/v1/embeddings": (
        "input",
        {
            "encoding_format": "string",
            "dimensions": "long",
            "pooling": "string",
            "normalize": "boolean",
            "prompt_name": "string",
            "user": "string",
        },
    ),
}
_OUTPUTS = {
    "llm/v1/chat": "CHAT_MODEL_OUTPUT_SCHEMA",
    "llm/v1/completions": "COMPLETIONS_MODEL_OUTPUT_SCHEMA",
    "llm/v1/embeddings": "EMBEDDING_MODEL_OUTPUT_SCHEMA",
}


def signature_of_requests(name: str) -> "ModelSignature":
    """Return the signature of the protocol called `name`."""
    from mlflow.models import ModelSignature  # heavy
    from mlflow.types import Schema, llm

    key, columns = _COLUMNS[name]
    inputs = [
        _column(key, "list" if key == "messages" else "any", is_required=True),
        *(_column(each, kind) for each, kind in columns.items()),
    ]
    signature = ModelSignature(inputs=Schema(inputs), outputs=getattr(llm, _OUTPUTS[name]))
    signature._is_signature_from_type_hint = True  # requests are handed on as they are, see `signatures`
    return signature


def _column(name: str, kind: str, *, is_required: bool = False) -> Any:
    """One column. Without a list or an object among its columns MLflow would take a request for the columns of a frame."""
    from mlflow.types import ColSpec  # heavy
    from mlflow.types.schema import AnyType, Array, DataType, Object, Property

    types: dict[str, Any] = {
        "any": AnyType(),
        "list": Array(AnyType()),
        "options": Object([Property("include_usage", DataType.boolean, required=False)]),
    }
    return ColSpec(types.get(kind, kind), name=name, required=is_required)
