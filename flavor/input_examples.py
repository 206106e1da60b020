"""Input examples: checked against the task before they are kept, and made into what JSON can hold."""

import base64
from pathlib import Path
from typing import Any

from .media import encode_image
from .pyfunc_input import rows_from
from .tasks import Task
from .tasks._base import InvalidInput
from .tasks._checking import check_params, check_rows

_SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
    b"ID3": "audio/mpeg",
    b"\x1aE\xdf\xa3": "video/webm",
}


def checked_example(task: Task, example: Any) -> Any:
    """Return an example as MLflow keeps it: pictures and files as data URIs, the rest as it was given.

    `example` is data, or `(data, params)`. Raises InvalidInput naming the field that the task would not take.
    """
    if example is None:
        return None
    data, params = example if has_params(example) else (example, None)
    kept = _kept(data)
    try:
        rows = rows_from(task, kept)
        check_rows(task, rows)
        check_params(task, params)
    except InvalidInput as error:
        raise InvalidInput("input_example", f"input_example does not fit {task.name}: {error}") from error
    return kept if params is None else (kept, params)


def has_params(example: Any) -> bool:
    """Whether an example is `(data, params)`."""
    return isinstance(example, tuple) and len(example) == 2 and isinstance(example[1], dict)


def _kept(value: Any) -> Any:
    if isinstance(value, Path):
        return _data_uri(value.read_bytes())
    if hasattr(value, "getbands"):  # a PIL image
        encoded = encode_image(value)
        return f"data:{encoded['media_type']};base64,{encoded['base64']}"
    if isinstance(value, bytes | bytearray):
        return _data_uri(bytes(value))
    if isinstance(value, dict):
        return {name: _kept(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(each) for each in value]
    return value


def _data_uri(content: bytes) -> str:
    return f"data:{_media_type(content)};base64,{base64.b64encode(content).decode()}"


def _media_type(content: bytes) -> str:
    for start, media_type in _SIGNATURES.items():
        if content.startswith(start):
            return media_type
    if content[4:8] == b"ftyp":
        return "video/mp4"
    if content.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12], "application/octet-stream")
    return "application/octet-stream"
