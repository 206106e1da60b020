"""The field of a chat: a composer of turns, with media where the task reads them in messages."""

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from flavor.tasks import Field, InvalidInput, Kind
from flavor.tasks._checking import ROLES

from ...accounts.models import User
from ...assets import services as assets
from ...assets.models import Asset
from .base import InputField, json_from, with_plain_line_ends

BLANK_KEY = "new"


@dataclass(frozen=True)
class Turn:
    """A message in the composer; `form` says whether its content is a text, or the whole message as JSON."""

    role: str
    content: str = ""
    form: str = "text"
    key: str = BLANK_KEY  # under which its files come
    kept: tuple[Asset, ...] = ()
    files: tuple[UploadedFile, ...] = ()

    @property
    def is_json(self) -> bool:
        return self.form == "json"

    @property
    def is_blank(self) -> bool:
        return not (self.content.strip() or self.kept or self.files)

    @property
    def placeholder(self) -> str:
        return "How the model should behave (optional)" if self.role in ("system", "developer") else "Write a message"


class MessagesWidget(forms.Widget):
    """Reads `<name>.role`, `.content`, `.form` and `.key`, one of each a turn; `.file.<key>` and `.asset.<key>`, any number."""

    def value_from_datadict(self, data: Any, files: MultiValueDict, name: str) -> list[Turn]:
        roles, contents = data.getlist(f"{name}.role"), data.getlist(f"{name}.content")
        forms_ = _padded(data.getlist(f"{name}.form"), len(roles), "text")
        keys = _padded(data.getlist(f"{name}.key"), len(roles), BLANK_KEY)
        return [
            Turn(role, content, form, key, _kept(data.getlist(f"{name}.asset.{key}")), tuple(files.getlist(f"{name}.file.{key}")))
            for role, content, form, key in zip(roles, contents, forms_, keys, strict=False)
        ]


class MessagesField(InputField):
    """A chat; turns without content are left out."""

    template = "inputs/_messages.html"
    widget = MessagesWidget
    keeps_cleaned = True
    roles = ROLES
    blank = Turn("user")

    def __init__(self, described: Field, *, media: tuple[Kind, ...] = (), user: User | None = None) -> None:
        super().__init__(described)
        self.media = media
        self.user = user
        if media:
            self.widget.needs_multipart_form = True

    @property
    def accept(self) -> str:
        """What the chooser of files offers."""
        return ",".join(f"{kind}/*" for kind in self.media)

    def clean(self, value: list[Turn]) -> Any:
        return [self._message(turn) for turn in value if not turn.is_blank] or None

    def shown(self, value: Any) -> list[Turn]:
        """Return the turns; the last one is the user's, and the first the system's."""
        turns = [each if isinstance(each, Turn) else _turn_of(each, str(place)) for place, each in enumerate(value or [])]
        if not turns or turns[0].role not in ("system", "developer"):
            turns = [Turn("system", key="system"), *turns]
        return turns if turns[-1].role == "user" else [*turns, Turn("user", key="next")]

    def _message(self, turn: Turn) -> Any:
        if turn.is_json:
            return json_from(turn.content, self.name)
        text = with_plain_line_ends(turn.content)
        media = [*turn.kept, *(self._stored(file) for file in turn.files)]
        if not media:
            return {"role": turn.role, "content": text}
        parts: list[dict[str, str]] = [{"type": self._kind_of(asset), "asset": str(asset.id)} for asset in media]
        return {"role": turn.role, "content": [*parts, *([{"type": "text", "text": text}] if text.strip() else [])]}

    def _stored(self, file: UploadedFile) -> Asset:
        try:
            return assets.store(file.read(), file.content_type or "", file.name or "", self.user, field=self.name)
        except InvalidInput as error:
            raise ValidationError(str(error)) from error

    def _kind_of(self, asset: Asset) -> str:
        kind = asset.media_type.partition("/")[0]
        if kind not in self.media:
            known = ", ".join(self.media) or "texts only"
            raise ValidationError(f"{self.name}: {asset.name or 'the file'} is {asset.media_type}; this chat takes {known}.")
        return kind


def _turn_of(message: Any, key: str) -> Turn:
    if not isinstance(message, dict):
        return Turn("user", json.dumps(message, ensure_ascii=False, indent=2), "json", key)
    role, content = str(message.get("role", "user")), message.get("content")
    if set(message) == {"role", "content"} and isinstance(content, str):
        return Turn(role, content, key=key)
    if set(message) == {"role", "content"} and isinstance(content, list) and (turn := _turn_of_parts(role, content, key)):
        return turn
    return Turn(role, json.dumps(message, ensure_ascii=False, indent=2), "json", key)


def _turn_of_parts(role: str, parts: list[Any], key: str) -> Turn | None:
    """Return the turn of a message of kept media and at most one text after them; None for any other."""
    texts = [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]
    media = [part["asset"] for part in parts if isinstance(part, dict) and isinstance(part.get("asset"), str)]
    kept = _kept(media)
    is_plain = len(texts) <= 1 and len(texts) + len(kept) == len(parts) and (not texts or parts[-1].get("text") is not None)
    return Turn(role, "".join(texts), key=key, kept=kept) if is_plain else None


def _kept(ids: list[str]) -> tuple[Asset, ...]:
    found = []
    for asset_id in ids:
        try:
            found.append(assets.find(asset_id))
        except InvalidInput:  # its time is over: the turn comes without it
            continue
    return tuple(found)


def _padded(values: list[str], length: int, filler: str) -> list[str]:
    return [*values, *[filler] * (length - len(values))]
