"""Model cards: Markdown with YAML front matter, and the licence it names.

None is made up; where one comes from is in `card_sources.py`.
Standard library and YAML only, since the web process reads cards too.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from .artifact_files import Unreadable, parsed_yaml
from .plain_data import as_dict, as_text
from .tasks._base import InvalidInput

CARD = "model_card.md"
CARD_DATA = "model_card_data.yaml"

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def split(text: str, path: str = "the model card") -> tuple[dict[str, Any], str]:
    """Return the front matter of a card as data, and its body as Markdown. Raises Unreadable naming `path`."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    return as_dict(parsed_yaml(found[1] or "", f"The front matter of {path}")), text[found.end() :].lstrip("\r\n")


def card_text(card: Any) -> str:
    """Return a card given as text, as a path, or as huggingface_hub's ModelCard, as text with front matter."""
    if card is None:
        return ""
    text = card if isinstance(card, str) else _text_of(card)
    try:
        split(text)
    except Unreadable as error:
        raise InvalidInput("model_card", f"model_card cannot be read: {error} Mend the lines between the two ---.") from error
    return text


def license_of(card_data: dict[str, Any]) -> str:
    """Return the licence a card names, empty when it names none."""
    named = card_data.get("license")
    if isinstance(named, list):
        return ", ".join(as_text(each) for each in named)
    if named == "other":
        return as_text(card_data.get("license_name")) or "other"
    return as_text(named)


def base_model_of(card_data: dict[str, Any]) -> str:
    """Return the base model a card names; several are joined by commas."""
    named = card_data.get("base_model")
    return ", ".join(as_text(each) for each in named) if isinstance(named, list) else as_text(named)


def write(folder: Path, text: str) -> None:
    """Write a card as stock does: its body, and its front matter as YAML beside it. An empty text writes nothing."""
    if not text.strip():
        return
    data, body = split(text)
    (folder / CARD).write_text(body, encoding="utf-8")
    with (folder / CARD_DATA).open("w", encoding="utf-8") as file:
        yaml.safe_dump(data, file, default_flow_style=False, allow_unicode=True, sort_keys=False)


def read(folder: Path) -> str:
    """Return the card of an artifact as one text with its front matter, empty when it has none that can be read."""
    path, data = folder / CARD, folder / CARD_DATA
    if not path.is_file():
        return ""
    body = path.read_text(encoding="utf-8")
    try:
        said = as_dict(parsed_yaml(data.read_text(encoding="utf-8"), CARD_DATA)) if data.is_file() else {}
    except Unreadable:
        return body
    return joined(said, body)


def joined(data: dict[str, Any], body: str) -> str:
    """Return a card of front matter and body."""
    front = yaml.safe_dump(data, default_flow_style=False, allow_unicode=True, sort_keys=False) if data else ""
    return f"---\n{front}---\n\n{body}" if front else body


def _text_of(card: Any) -> str:
    if isinstance(card, Path):
        if not card.is_file():
            raise InvalidInput("model_card", f"There is no model card at {card}; give its text, or the path of a Markdown file.")
        return card.read_text(encoding="utf-8")
    content = getattr(card, "content", None)
    if isinstance(content, str):
        return content
    raise InvalidInput(
        "model_card", f"model_card must be a text, a path or huggingface_hub's ModelCard, got {type(card).__name__}."
    )
