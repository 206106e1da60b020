"""The field of a chat: a composer of turns."""

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from flavor.tasks._checking import ROLES

from .base import InputField, json_from, with_plain_line_ends


class MessagesWidget(forms.Widget):
    """Reads `<name>.role`, `<name>.content` and `<name>.form` (text, or json for all else), one of each a turn."""

    def value_from_datadict(self, data: Any, files: MultiValueDict, name: str) -> list[tuple[str, str, str]]:
        roles, contents, forms_ = (data.getlist(f"{name}.{part}") for part in ("role", "content", "form"))
        return list(zip(roles, contents, [*forms_, *["text"] * (len(roles) - len(forms_))], strict=False))


@dataclass(frozen=True)
class Turn:
    """A message in the composer; `form` says whether its content is a text, or the whole message as JSON."""

    role: str
    content: str
    form: str = "text"

    @property
    def is_json(self) -> bool:
        return self.form == "json"

    @property
    def placeholder(self) -> str:
        return "How the model should behave (optional)" if self.role in ("system", "developer") else "Write a message"


class MessagesField(InputField):
    """A chat; turns without content are left out."""

    template = "inputs/_messages.html"
    widget = MessagesWidget
    roles = ROLES
    blank = Turn("user", "")

    def clean(self, value: list[tuple[str, str, str]]) -> Any:
        turns = [Turn(*each) for each in value if each[1].strip()]
        return [self._message(turn) for turn in turns] or None

    def shown(self, value: Any) -> list[Turn]:
        """Return the turns; the last one is the user's, and the first the system's."""
        turns = [Turn(*each) if isinstance(each, tuple) else _turn_of(each) for each in value or []]
        if not turns or turns[0].role not in ("system", "developer"):
            turns = [Turn("system", ""), *turns]
        return turns if turns[-1].role == "user" else [*turns, Turn("user", "")]

    def _message(self, turn: Turn) -> Any:
        if turn.is_json:
            return json_from(turn.content, self.name)
        return {"role": turn.role, "content": with_plain_line_ends(turn.content)}


def _turn_of(message: Any) -> Turn:
    if isinstance(message, dict) and set(message) == {"role", "content"} and isinstance(message["content"], str):
        return Turn(message["role"], message["content"])
    role = message.get("role", "user") if isinstance(message, dict) else "user"
    return Turn(role, json.dumps(message, ensure_ascii=False, indent=2), "json")
