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
_NUMBERS = re.compile(r"\[\s*((?:-?[\d.eE+-]+,?\s+)+)\]")
MEDIA = frozenset({Kind.IMAGE, Kind.AUDIO, Kind.VIDEO})


@dataclass(frozen=True)
class Medium:
    """An image, a sound or a film, wherever its bytes lie; `url` is empty when they are gone."""

    kind: Kind
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
        return Medium(_kind_of(value["media_type"], kind), f"data:{value['media_type']};base64,{value['base64']}", value)
    if set(value) == {"asset"} and kind in MEDIA:
        return Medium(kind, reverse("assets:asset", args=[value["asset"]]) if assets.is_kept(value["asset"]) else "", value)
    return None


def as_json(value: Any) -> str:
    """Return a value as JSON for people: bytes and long base64 are named, not written out; short lists stay on one line."""
    text = json.dumps(_readable(value), ensure_ascii=False, indent=2, default=_foreign)
    return _NUMBERS.sub(lambda found: "[" + " ".join(found[1].split()) + "]", text)


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _readable(each) if name != "base64" else _shortened(each) for name, each in value.items()}
    return [_readable(each) for each in value] if isinstance(value, list | tuple) else value


def _shortened(value: Any) -> Any:
    return f"{len(value):,} characters" if isinstance(value, str) and len(value) > LONGEST_BASE64 else value


def _foreign(value: Any) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _kind_of(media_type: str, otherwise: Kind) -> Kind:
    return next((kind for kind in MEDIA if media_type.startswith(f"{kind}/")), otherwise)
