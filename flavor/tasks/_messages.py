"""The parts of chat messages: a text, or a medium in our form or in OpenAI's. Standard library only."""

from typing import Any

from ._base import Kind, Row

MEDIA = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)

# OpenAI's names for parts, and under which names parts hold their medium.
_TYPES = {"image_url": Kind.IMAGE, "input_image": Kind.IMAGE, "input_audio": Kind.AUDIO, "video_url": Kind.VIDEO}
_VALUES = ("image", "audio", "video", "image_url", "input_audio", "video_url", "base64", "data", "url")
_WITHIN = ("url", "data", "base64")


def kind_of_part(part: Row) -> Kind | None:
    """Return the kind of medium that a part of a message holds, None for a text."""
    said = part.get("type")
    return next((kind for kind in MEDIA if said == kind), None) or _TYPES.get(str(said))


def value_of_part(part: Row) -> Any:
    """Return the medium of a part, in our form (`image`) or OpenAI's (`image_url: {"url": …}`); None when there is none."""
    found = next((part[name] for name in _VALUES if part.get(name) is not None), None)
    if isinstance(found, dict) and not {"array", "raw", "asset"} & set(found):
        return next((found[name] for name in _WITHIN if found.get(name) is not None), None)
    return found
