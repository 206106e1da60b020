"""Shared by the pipelines whose models read media among words: prompts and chats as people write them, whole checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Messages = Any  # lists of dicts, which transformers says are dicts

# How inputs with media are called, and the medium of which a processor has a token.
_MEDIA = {"images": "image", "audio": "audio", "videos": "video"}


def read_prompt(processor: Any, read: Callable[[Any], Any], given: Any) -> Any:
    """Return what `read` makes of a prompt, with places for its media in front where it has none and the model needs them.

    transformers' own pipelines end in an error of the processor or of the model there.
    """
    places = _missing_places(processor, given) if isinstance(given, dict) else {}
    if not places:
        return read(given)
    try:
        found = read(given)
    except ValueError:
        found = {}
    if "input_ids" in found and all(_has_place(processor, medium, found) for medium in places):
        return found  # some processors make the places by themselves
    return read({**given, "text": "\n".join([*places.values(), given["text"]])})


def read_messages(processor: Any, messages: Messages) -> Messages:
    """Return messages whose texts are parts where the chat template looks at parts; it would read a text letter by letter."""
    template = getattr(processor, "chat_template", None) or ""
    return [_in_parts(message) if "type" in str(template) else dict(message) for message in messages]


def save_processor(processor: Any, folder: str | Path) -> None:
    """Write the processor beside what its pipeline writes, which leaves it out."""
    if processor is not None:
        processor.save_pretrained(folder)


def _missing_places(processor: Any, given: dict[str, Any]) -> dict[str, str]:
    """The text that stands for each medium, where a prompt has the medium and not the text."""
    found = {}
    for name, medium in _MEDIA.items():
        token = _begin_of_image(processor, medium) or getattr(processor, f"{medium}_token", None)
        if given.get(name) is not None and isinstance(token, str) and token not in given["text"]:
            found[medium] = token
    return found


def _begin_of_image(processor: Any, medium: str) -> str | None:
    """Gemma's processors look for the token that begins an image."""
    return getattr(processor, "boi_token", None) if medium == "image" else None


def _has_place(processor: Any, medium: str, found: Any) -> bool:
    token = getattr(processor, f"{medium}_token_id", None)
    return token is None or bool((found["input_ids"] == token).any())


def _in_parts(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    return {**message, "content": [{"type": "text", "text": content}]} if isinstance(content, str) else dict(message)
