"""Shared by the tasks whose models read media and texts and write: their parameters, their rows, media put into chats."""

from typing import Any

from ._base import InvalidInput, Param, Row
from ._generation import GENERATION_PARAMS, PROMPT_PARAMS

_PASSED_ON = ("continue_final_message", "tools", "documents")  # to the chat template

SEEING_PARAMS = (
    *GENERATION_PARAMS,
    Param(
        "return_full_text",
        bool,
        None,
        "Repeat the prompt in front of the answer. Left out, only where no prompt template is set; never in a chat.",
    ),
    Param(
        "continue_final_message",
        bool,
        None,
        "Continue the last message of a chat; left out, when it is the assistant's.",
        advanced=True,
    ),
    Param("tools", list, None, "Tools shown to the chat template, as JSON schemas.", advanced=True, items=dict),
    Param("documents", list, None, "Documents shown to the chat template.", advanced=True, items=dict),
    Param(
        "processor_kwargs",
        dict,
        None,
        "Passed on to the model's processor, such as the most pixels of an image.",
        advanced=True,
    ),
    *PROMPT_PARAMS,
)


def seeing_preprocess_params(params: Row) -> Row:
    """What `preprocess` is told of the effective params."""
    found = {name: params[name] for name in _PASSED_ON if params.get(name) is not None}
    more = dict(params.get("processor_kwargs") or {})
    more.pop("return_tensors", None)
    return {**found, "processor_kwargs": more} if more else found


def put_into_chat(messages: list[Row], parts: list[Row]) -> list[Row]:
    """A copy of messages with media in front of what the user said first, where they stay when the chat goes on."""
    if not parts:
        return messages
    first = next((place for place, each in enumerate(messages) if each["role"] == "user"), None)
    if first is None:
        raise InvalidInput("messages", "no message is the user's, so that there is none to put the media into.")
    content = messages[first].get("content")
    told = [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])
    return [*messages[:first], {**messages[first], "content": [*parts, *told]}, *messages[first + 1 :]]


def rows_of_writings(raw: list[Any], names: tuple[str, ...]) -> list[list[Row]]:
    """N lists of written sequences to N lists of rows with these fields, one row per sequence."""
    return [[{name: one[name] for name in names if one.get(name) is not None} for one in found] for found in raw]


def last_text(row: Row) -> str:
    """What is asked: the prompt, or the texts of the last message."""
    if not row.get("messages"):
        return row.get("text") or ""
    content = row["messages"][-1].get("content")
    parts = content if isinstance(content, list) else []
    return content if isinstance(content, str) else " ".join(part["text"] for part in parts if part.get("text"))
