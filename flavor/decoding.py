"""Media of a row decoded by what they are: images, sounds, films, and those among the parts of a chat.

The decoders, `decode_<kind>(value, *, field, **settings)`, each check what is given against their limits before decoding:

image   flavor.media.decode_image    max_pixels, max_bytes                       -> an upright RGB image of PIL
audio   flavor.audio.decode_audio    sampling_rate (None keeps the file's own)   -> tasks.Sound, mono float32
video   flavor.video.decode_video    whatever the task's `decoding` says         -> an array (frames, height, width, 3) of bytes

A decoder whose package is not installed raises MissingDependency; its module is imported when a row needs it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .media import MAX_PIXELS
from .tasks._base import InvalidInput, Kind, Row, Sound, Task
from .tasks._messages import MEDIA, kind_of_part, value_of_part

Settings = Mapping[Kind, Row]


def settings_for(task: Task, pipeline: Any, params: Row, *, max_pixels: int = MAX_PIXELS) -> dict[Kind, Row]:
    """Return the decoders' settings: limits, the model's sampling rate, and over them what the task says of these params."""
    found: dict[Kind, Row] = {
        Kind.IMAGE: {"max_pixels": max_pixels},
        Kind.AUDIO: {"sampling_rate": sampling_rate_of(pipeline)},
        Kind.VIDEO: {},
    }
    for kind, more in task.decoding(pipeline, params).items():
        found[kind] = {**found[kind], **more}
    return found


def sampling_rate_of(pipeline: Any) -> int | None:
    """Return the samples per second that the model hears, None when nothing says so."""
    holders = (getattr(pipeline, "feature_extractor", None), getattr(pipeline, "processor", None))
    for holder in holders:
        rate = getattr(holder, "sampling_rate", None) or getattr(
            getattr(holder, "feature_extractor", None), "sampling_rate", None
        )
        if isinstance(rate, int):
            return rate
    return None


def decode_row(task: Task, row: Row, settings: Settings) -> Row:
    """Return a copy of a checked row with its media decoded.

    Raises InvalidInput naming the field, MissingDependency naming the package.
    """
    decoded = dict(row)
    for each in task.inputs:
        if each.name not in row:
            continue
        if each.kind in MEDIA:
            decoded[each.name] = decode(each.kind, row[each.name], settings, field=each.name)
        elif each.kind is Kind.MESSAGES:
            decoded[each.name] = [
                _decoded_message(task, message, settings, f"{each.name}[{number}]")
                for number, message in enumerate(row[each.name])
            ]
    return decoded


def decode(kind: Kind, value: Any, settings: Settings, *, field: str) -> Any:
    """Return one medium decoded."""
    return _decoder(kind)(value, field=field, **settings.get(kind, {}))


def usage_of(row: Row) -> dict[str, int | float]:
    """Return what media a decoded row holds: `images`, `audio_seconds`, `video_frames`; nothing where there are none."""
    media = [*row.values(), *(part for message in row.get("messages") or () for part in _media_in(message))]
    counts = {
        "images": sum(hasattr(each, "getbands") for each in media),
        "audio_seconds": round(sum(each.seconds for each in media if isinstance(each, Sound)), 3),
        "video_frames": sum(len(each) for each in media if getattr(each, "ndim", 0) == 4),
    }
    return {name: count for name, count in counts.items() if count}


def _media_in(message: Row) -> list[Any]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [part[str(kind)] for part in parts for kind in MEDIA if str(kind) in part]


def _decoded_message(task: Task, message: Row, settings: Settings, where: str) -> Row:
    """A message whose media are decoded; one of texts only becomes a text where the task reads nothing else."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [_decoded_part(task, part, settings, f"{where}.content[{place}]") for place, part in enumerate(content)]
    if not task.message_media:
        return {**message, "content": "".join(part["text"] for part in parts)}
    return {**message, "content": parts}


def _decoded_part(task: Task, part: Row, settings: Settings, where: str) -> Row:
    kind = kind_of_part(part)
    if kind is None:
        return _text_part(part, where)
    if kind not in task.message_media:
        raise InvalidInput("messages", f"{where} is of the kind {kind}; {task.name} reads {_readable(task)}.")
    try:
        return {"type": str(kind), str(kind): decode(kind, value_of_part(part), settings, field=where)}
    except InvalidInput as error:
        raise InvalidInput("messages", str(error)) from error


def _text_part(part: Row, where: str) -> Row:
    text = part.get("text")
    if not isinstance(text, str):
        raise InvalidInput("messages", f"{where} of type {part.get('type')!r} is neither a medium nor a text that is known here.")
    return {"type": "text", "text": text}


def _readable(task: Task) -> str:
    return ", ".join(["texts", *(f"{kind}s" for kind in task.message_media)])


def _decoder(kind: Kind) -> Callable[..., Any]:
    if kind is Kind.AUDIO:
        from .audio import decode_audio  # heavy

        return decode_audio
    if kind is Kind.VIDEO:
        from .video import decode_video  # heavy

        return decode_video
    from .media import decode_image  # heavy

    return decode_image
