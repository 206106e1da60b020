"""A single value of a row or record as templates show it: a text, a number, a medium, or JSON."""

import base64
import json
import re
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

from django.urls import reverse

from flavor.tasks import Field, InvalidInput, Kind

from ..assets import services as assets

LONGEST_BASE64 = 200
ONE_LINE = 80
LONGEST_LIST = 64
FIRST = 8  # of a list that is longer
_NUMBERS = re.compile(r"\[\s*((?:-?[\d.eE+-]+,?\s+)+)\]")
MEDIA = frozenset({Kind.IMAGE, Kind.AUDIO, Kind.VIDEO})


@dataclass(frozen=True)
class Medium:
    """An image, a sound, a film or another file, wherever its bytes lie; `url` is empty when they are gone."""

    kind: Kind | None  # None: a file that browsers neither draw nor play
    url: str
    source: Any

    @property
    def is_image(self) -> bool:
        return self.kind is Kind.IMAGE

    @property
    def is_audio(self) -> bool:
        return self.kind is Kind.AUDIO

    @property
    def is_video(self) -> bool:
        return self.kind is Kind.VIDEO

    @property
    def about(self) -> str:
        """What is said about a file: its type, and the shape of an array."""
        said = self.source if isinstance(self.source, dict) else {}
        shape = " by ".join(str(each) for each in said.get("shape") or ())
        return ", ".join(each for each in (str(said.get("media_type") or ""), shape, str(said.get("dtype") or "")) if each)

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height of an image as it is shown, None when it cannot be read."""
        try:
            return assets.upright_size(BytesIO(self._bytes()))
        except (InvalidInput, ValueError):
            return None

    def _bytes(self) -> bytes:
        if isinstance(self.source, dict) and "asset" in self.source:
            return assets.read(self.source["asset"])
        return base64.b64decode(self.url.partition(",")[2])


@dataclass(frozen=True)
class Shown:
    """One named value; exactly one of the others is not None."""

    name: str
    help: str = ""
    text: str | None = None
    number: int | float | None = None
    medium: Medium | None = None
    json: str | None = None


def shown(field: Field, value: Any) -> Shown:
    """Return the value of a field as templates show it."""
    if (medium := medium_of(value, field.kind)) is not None:
        return Shown(field.name, field.help, medium=medium)
    if isinstance(value, str):
        return Shown(field.name, field.help, text=value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Shown(field.name, field.help, number=value)
    line = json.dumps(_readable(value), ensure_ascii=False, default=_foreign)
    return Shown(field.name, field.help, json=line if len(line) <= ONE_LINE else as_json(value))


def medium_of(value: Any, kind: Kind = Kind.IMAGE) -> Medium | None:
    """Return the medium in a value: an asset, bytes, or what answers hold (`media_type` and `base64`); None in any other."""
    if isinstance(value, bytes) and kind in MEDIA:
        media_type = assets.sniff(value) or "application/octet-stream"
        return Medium(kind, f"data:{media_type};base64,{base64.b64encode(value).decode()}", value)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("base64"), str) and isinstance(value.get("media_type"), str):
        return Medium(_kind_of(value["media_type"]), f"data:{value['media_type']};base64,{value['base64']}", value)
    said = value.get("media_type")
    if isinstance(value.get("asset"), str) and (isinstance(said, str) or (set(value) == {"asset"} and kind in MEDIA)):
        url = reverse("assets:asset", args=[value["asset"]]) if assets.is_kept(value["asset"]) else ""
        return Medium(_kind_of(said) if isinstance(said, str) else kind, url, value)
    return None


def as_json(value: Any) -> str:
    """Return a value as JSON for people: bytes, long base64 and the rest of long lists are named, not written out."""
    text = json.dumps(_readable(value), ensure_ascii=False, indent=2, default=_foreign)
    return _NUMBERS.sub(lambda found: "[" + " ".join(found[1].split()) + "]", text)


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _readable(each) if name != "base64" else _shortened(each) for name, each in value.items()}
    if not isinstance(value, list | tuple):
        return value
    shown = [_readable(each) for each in (value[:FIRST] if _is_long(value) else value)]
    return [*shown, f"… {len(value) - FIRST:,} more"] if _is_long(value) else shown


def _is_long(value: list | tuple) -> bool:
    """Whether a list is an array: numbers, or lists of numbers, too many to read."""
    return len(value) > LONGEST_LIST and not isinstance(value[0], dict | str)


def _shortened(value: Any) -> Any:
    return f"{len(value):,} characters" if isinstance(value, str) and len(value) > LONGEST_BASE64 else value


def _foreign(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _kind_of(media_type: str) -> Kind | None:
    return next((kind for kind in MEDIA if media_type.startswith(f"{kind}/")), None)
