"""OpenAI's requests for chats, completions and embeddings as rows and params of our tasks: every field is followed or refused.

Fields that cannot change an answer are taken and left alone; one that would, and cannot be followed, is refused by its name.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .tasks._base import InvalidInput, Row

# Field to param, where the names differ.
_RENAMED = {"max_tokens": "max_new_tokens", "max_completion_tokens": "max_new_tokens", "n": "num_return_sequences"}
_SAMPLING = (
    *("temperature", "top_p", "top_k", "min_p", "seed", "stop"),
    *("presence_penalty", "frequency_penalty", "repetition_penalty"),
)
# They say who asks, or how the answer is to be sent.
_LEFT_ALONE = frozenset(
    {"model", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"}
    | {"stream", "stream_options"}
)
# Fields that would change the answer, and the values with which they do not.
_NEUTRAL: dict[str, tuple] = {
    "custom_inputs": ({},),
    "logit_bias": ({},),
    "response_format": ({"type": "text"},),
    "tool_choice": ("auto", "none"),
    "functions": ([],),
    "modalities": (["text"],),
    "suffix": ("",),
    "best_of": (1,),
}


@dataclass(frozen=True)
class Asked:
    """One request: the rows to run, together, and with which params."""

    rows: list[Row]
    params: Row
    wants_usage: bool = False  # in a stream
    encoding: str = "float"  # of embeddings


def read_chat(request: Row) -> Asked:
    """Return what a request for a chat asks. Raises InvalidInput naming its field."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidInput("messages", "messages must be a list of one or more messages.")
    fields = (*_SAMPLING, *_RENAMED, "logprobs", "top_logprobs", "tools", "continue_final_message")
    params = _params(request, fields, known=("messages",))
    if request.get("tool_choice") == "none":
        params.pop("tools", None)
    return Asked([{"messages": [_message(each) for each in messages]}], params, _wants_usage(request))


def read_completion(request: Row) -> Asked:
    """Return what a request for a completion asks; several prompts are several rows. Raises InvalidInput naming its field."""
    fields = (*_SAMPLING, *_RENAMED, "prompt_variables")
    params = _params(request, fields, known=("prompt", "echo", "logprobs"))
    params["return_full_text"] = bool(request.get("echo"))
    alternatives = request.get("logprobs")
    if alternatives is not None and alternatives is not False:
        params |= {"logprobs": True, "top_logprobs": 0 if alternatives is True else alternatives}
    return Asked([{"text": text} for text in _texts(request, "prompt")], params, _wants_usage(request))


def read_embeddings(request: Row) -> Asked:
    """Return what a request for embeddings asks. Raises InvalidInput naming its field."""
    fields = ("dimensions", "pooling", "normalize", "prompt_name")
    params = _params(request, fields, known=("input", "encoding_format"))
    encoding = request.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise InvalidInput("encoding_format", f"encoding_format must be float or base64, got {encoding!r}.")
    return Asked([{"text": text} for text in _texts(request, "input")], params, encoding=encoding)


@contextmanager
def in_words_of(request: Row) -> Iterator[None]:
    """Let the error of a param name the field that the request has for it."""
    try:
        yield
    except InvalidInput as error:
        name = error.field.removeprefix("params.")
        said = next((field for field, param in _RENAMED.items() if param == name and request.get(field) is not None), name)
        if said == error.field:
            raise
        raise InvalidInput(said, str(error).replace(error.field, said), row=error.row) from error


def _params(request: Row, fields: tuple[str, ...], *, known: tuple[str, ...]) -> Row:
    params: Row = {}
    for name, value in request.items():
        if name in known or name in _LEFT_ALONE or value is None:
            continue
        if name in fields:
            params[_RENAMED.get(name, name)] = value
        elif name not in _NEUTRAL:
            accepted = ", ".join(sorted({*fields, *known}))
            raise InvalidInput(name, f"{name} is no field of this request; it takes {accepted}.")
        elif value not in _NEUTRAL[name]:
            allowed = " or ".join(json.dumps(each) for each in _NEUTRAL[name])
            raise InvalidInput(name, f"{name} cannot be followed here; leave it out, or send {allowed}.")
    return params


def _message(message: Any) -> Any:
    """A message without what is null, its tool calls as templates read them: with arguments as an object, not as text."""
    if not isinstance(message, dict):
        return message
    said = {name: value for name, value in message.items() if value is not None}
    if isinstance(said.get("tool_calls"), list):
        said["tool_calls"] = [_tool_call(each) for each in said["tool_calls"]]
    return said


def _tool_call(call: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
        return call
    try:
        arguments = json.loads(function["arguments"])
    except json.JSONDecodeError as error:
        raise InvalidInput(
            "messages", f"the arguments of the tool call {function.get('name')!r} are no JSON: {error}."
        ) from error
    return {**call, "function": {**function, "arguments": arguments}}


def _texts(request: Row, name: str) -> list[str]:
    value = request.get(name)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(each, str) for each in texts):
        raise InvalidInput(name, f"{name} must be a text, or a list of one or more texts; token ids are not read.")
    return texts


def _wants_usage(request: Row) -> bool:
    return bool((request.get("stream_options") or {}).get("include_usage"))


Read = Callable[[Row], Asked]
