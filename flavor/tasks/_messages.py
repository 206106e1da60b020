"""Chat messages: their parts, a text or a medium in our form or in OpenAI's; what their template shows. Standard library only."""

from typing import Any

from ._base import InvalidInput, Kind, Row

MEDIA = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)

# OpenAI's names for parts, and under which names parts hold their medium.
_TYPES = {"image_url": Kind.IMAGE, "input_image": Kind.IMAGE, "input_audio": Kind.AUDIO, "video_url": Kind.VIDEO}
_VALUES = ("image", "audio", "video", "image_url", "input_audio", "video_url", "base64", "data", "url")
_WITHIN = ("url", "data", "base64")
_SHOWN = ("tools", "documents")  # by the chat template, or by nothing


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


def check_shown(pipeline: Any, params: Row) -> None:
    """Raise InvalidInput naming a param whose value the model's chat template would leave out in silence."""
    holders = (getattr(pipeline, name, None) for name in ("processor", "tokenizer"))
    template = next((said for each in holders if (said := getattr(each, "chat_template", None))), None)
    unseen = [name for name in _SHOWN if params.get(name) and template and name not in str(template)]
    if unseen:
        raise InvalidInput(
            f"params.{unseen[0]}",
            f"params.{unseen[0]} cannot be shown to this model, whose chat template has no place for them; leave them out.",
        )
