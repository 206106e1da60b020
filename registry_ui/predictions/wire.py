"""What travels between web process and worker: small JSON messages; media go as asset ids."""

import base64
import binascii
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from flavor.tasks import InvalidInput, Kind, Row, Task
from flavor.tasks._messages import kind_of_part, value_of_part

from ..accounts.models import User
from ..assets import services as assets
from ..web.redis import key

ASSET = "asset"
MEDIA = frozenset({Kind.IMAGE, Kind.AUDIO, Kind.VIDEO})

PREDICT_QUEUE = "predict"
CANCEL_PREDICTION = "cancel-prediction"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One caller's rows; they stay together and are answered under `id`."""

    id: str
    rows: list[Row]
    params: Row
    deadline: float  # time.time()
    is_stream: bool = False
    overlong: str | None = None  # what happens to a text over the model's length: "truncate", "refuse", or as the model says
    caller_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one Celery message carries: requests for one model."""

    uri: str
    name: str
    version: str
    task: str
    requests: list[Request]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def to_json(self) -> dict[str, Any]:
        """Return the message as Celery sends it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the message as it was sent."""
        return cls(**{**data, "requests": [Request(**request) for request in data["requests"]]})


def reply_key(request_id: str) -> str:
    """Name the list into which the worker pushes the one answer."""
    return key("reply", request_id)


def stream_key(request_id: str) -> str:
    """Name the stream into which the worker writes tokens and the terminal event."""
    return key("stream", request_id)


def promise_key(request_id: str) -> str:
    """Name the note about a request whose caller did not wait."""
    return key("promise", request_id)


def taken_key(message_id: str) -> str:
    """Name the note in which a worker says that it took a message."""
    return key("taken", message_id)


def cancelled_key(request_id: str) -> str:
    """Name the note that nobody wants this answer any more."""
    return key("cancelled", request_id)


def pack_rows(task: Task, rows: Iterable[Row], user: User | None) -> list[Row]:
    """Return the rows with media replaced by asset ids: bytes, base64 text and data URIs are stored, ids are checked.

    Media in the parts of messages are media too. Raises InvalidInput naming the field.
    """
    kinds = {each.name: each.kind for each in task.inputs}
    packed = [{name: _packed_value(name, kinds.get(name), value, user) for name, value in row.items()} for row in rows]
    _check_json(packed)
    return packed


def unpack_rows(rows: list[Row]) -> list[Row]:
    """Return the rows with asset ids replaced by the bytes they stand for. Raises InvalidInput naming the field."""
    return [{name: _unpacked(name, value) for name, value in row.items()} for row in rows]


def _packed_value(name: str, kind: Kind | None, value: Any, user: User | None) -> Any:
    if kind in MEDIA:
        return _packed(name, kind, value, user)
    if kind is Kind.MESSAGES and isinstance(value, list):
        return [_packed_message(name, each, user) for each in value]
    return value


def _packed_message(name: str, message: Any, user: User | None) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    return {**message, "content": [_packed_part(name, part, user) for part in content]}


def _packed_part(name: str, part: Any, user: User | None) -> Any:
    """A part that holds a medium, in our form or OpenAI's, becomes `{"type": kind, "asset": id}`."""
    kind = kind_of_part(part) if isinstance(part, dict) else None
    if kind is None:
        return part
    value = {ASSET: part[ASSET]} if ASSET in part else value_of_part(part)
    return {"type": str(kind), **_packed(name, kind, value, user)} if value is not None else part


def _packed(name: str, kind: Kind, value: Any, user: User | None) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(value.get(ASSET), str):
        return {ASSET: str(assets.find(value[ASSET], field=name).id)}
    data = _bytes_of(name, value)
    # What must be an image is checked as one: else a model would be loaded only to find that it is none.
    must_be = "image/*" if kind is Kind.IMAGE else ""
    return {ASSET: str(assets.store(data, must_be, name, user, field=name).id)}


def _bytes_of(name: str, value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        value = value["base64"]
    if not isinstance(value, str):
        raise InvalidInput(name, f'{name} must be base64 text, a data URI or {{"asset": id}}, got {type(value).__name__}.')
    encoded = value.partition(",")[2] if value.startswith("data:") else value
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(name, f"{name} is not base64: {error}; upload the medium and send its asset id.") from error


def _unpacked(name: str, value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {ASSET}:
        return assets.read(value[ASSET], field=name)
    if isinstance(value, list) and any(_holds_part(each) for each in value):
        return [_unpacked_message(name, each) for each in value]
    return value


def _holds_part(message: Any) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and any(isinstance(part, dict) and ASSET in part for part in content)


def _unpacked_message(name: str, message: Any) -> Any:
    if not _holds_part(message):
        return message
    parts = [
        {"type": part["type"], part["type"]: assets.read(part[ASSET], field=name)} if ASSET in part else part
        for part in message["content"]
    ]
    return {**message, "content": parts}


def _check_json(rows: list[Row]) -> None:
    for index, row in enumerate(rows):
        for name, value in row.items():
            try:
                json.dumps(value, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise InvalidInput(name, f"{name} cannot be sent as JSON: {error}.", row=index) from error
