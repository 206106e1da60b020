"""The parts of OpenAI's responses: choices and chunks made of the records of our tasks, usage, vectors."""

import base64
import json
import struct
import uuid

from .results import RowResult
from .tasks._base import Row

_FINISHES = {"time": "length", "cancelled": "length"}  # OpenAI has no words of its own for these


def chat_choice(index: int, record: Row) -> Row:
    """One answer in a chat."""
    message = dict(record["message"])
    reason = finish_reason(record)
    if message.get("tool_calls"):
        message = {
            **message,
            "content": message.get("content"),
            "tool_calls": [_tool_call(each) for each in message["tool_calls"]],
        }
        reason = "tool_calls"
    choice = {"index": index, "message": message, "finish_reason": reason}
    return {**choice, "logprobs": {"content": record["logprobs"]}} if record.get("logprobs") else choice


def unsaid(message: Row, *, is_content_said: bool) -> Row:
    """What of a message the chunks before have not brought; clients put the calls of tools together by their `index`."""
    said = ("role", "content") if is_content_said else ("role",)
    rest = {name: value for name, value in message.items() if name not in said}
    if rest.get("tool_calls"):
        rest["tool_calls"] = [{"index": index, **call} for index, call in enumerate(rest["tool_calls"])]
    return rest


def _tool_call(call: Row) -> Row:
    function = call.get("function") or {}
    arguments = function.get("arguments", {})
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {
        "id": call.get("id") or new_id("call"),
        "type": "function",
        "function": {"name": function.get("name"), "arguments": text},
    }


def text_choice(index: int, record: Row) -> Row:
    """One continuation of a text."""
    choice = {"index": index, "text": record["generated_text"], "finish_reason": finish_reason(record)}
    if not record.get("logprobs"):
        return choice
    tokens = record["logprobs"]
    places = [sum(len(each["token"]) for each in tokens[:place]) for place in range(len(tokens))]
    others = [{each["token"]: each["logprob"] for each in token["top_logprobs"]} for token in tokens]
    return {
        **choice,
        "logprobs": {
            "tokens": [each["token"] for each in tokens],
            "token_logprobs": [each["logprob"] for each in tokens],
            "top_logprobs": others,
            "text_offset": places,
        },
    }


def chunk(head: Row, delta: Row, finish_reason: str | None = None) -> Row:
    """One piece of an answer in a chat."""
    return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def finish_reason(record: Row) -> str:
    """Why a text ended, in OpenAI's word."""
    return str(_FINISHES.get(record["finish_reason"], record["finish_reason"]))


def usage_of(results: list[RowResult]) -> Row:
    """The tokens that were read and written for all rows of a request."""
    read, written = (sum(int(each.usage.get(name, 0)) for each in results) for name in ("input_tokens", "output_tokens"))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def encoded(vector: list[float]) -> str:
    """Little-endian float32, as OpenAI's clients decode it."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")


def new_id(prefix: str) -> str:
    """An id as OpenAI writes them."""
    return f"{prefix}-{uuid.uuid4().hex}"
