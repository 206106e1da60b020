"""Tokens on their way to a page: a Redis stream per request, written by the worker, read and resumed by anybody."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from ..web.redis import client
from .outcomes import EventKind, StreamEvent
from .wire import stream_key

STREAM_LENGTH = 4096
COALESCED_S = 0.015
COALESCED_TOKENS = 8


def publish(request_id: str, kind: EventKind, data: dict[str, Any]) -> None:
    """Add an event to the stream of a request; the stream lives on for PREDICT_RESULT_KEPT_S."""
    name = stream_key(request_id)
    with client().pipeline(transaction=False) as pipeline:
        pipeline.xadd(name, {"kind": kind, "data": json.dumps(data)}, maxlen=STREAM_LENGTH, approximate=True)
        pipeline.expire(name, settings.PREDICT_RESULT_KEPT_S)
        pipeline.execute()


def exists(request_id: str) -> bool:
    """Whether the stream was opened and has not been forgotten."""
    return bool(client().exists(stream_key(request_id)))


def first(request_id: str) -> StreamEvent | None:
    """Return the event that opened the stream."""
    entries: Any = client().xrange(stream_key(request_id), count=1)
    return next((_event(entry) for entry in entries), None)


def worker_of(request_id: str) -> str | None:
    """Return the worker that took the request, which one of the first events says; None when none did (yet)."""
    entries: Any = client().xrange(stream_key(request_id), count=8)
    return next((worker for entry in entries if (worker := _event(entry).data.get("worker"))), None)


def read(request_id: str, after: str, *, block_s: float) -> list[StreamEvent]:
    """Return the events after the id `after`, waiting up to `block_s` for the first."""
    streams: Any = client().xread({stream_key(request_id): after}, block=max(1, int(block_s * 1000)))
    return [_event(entry) for _, entries in streams for entry in entries]


class TokenWriter:
    """Writes tokens: the first at once, then at most every 15 ms or 8 tokens, whichever comes first."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self._lock = threading.Lock()
        self._held: list[str] = []
        self._written_at = 0.0

    def __call__(self, text: str) -> None:
        """Take one token's text."""
        with self._lock:
            self._held.append(text)
            is_due = time.monotonic() - self._written_at >= COALESCED_S
            if is_due or len(self._held) >= COALESCED_TOKENS:
                self._write()

    def end(self, answer: dict[str, Any]) -> None:
        """Write what is held, then the terminal event."""
        with self._lock:
            self._write()
        error = answer.get("error")
        publish(self._request_id, EventKind.ERROR if error else EventKind.RESULT, error or answer)

    def _write(self) -> None:
        if self._held:
            publish(self._request_id, EventKind.TOKEN, {"text": "".join(self._held)})
            self._held = []
            self._written_at = time.monotonic()


def _event(entry: tuple[str, dict[str, str]]) -> StreamEvent:
    entry_id, fields = entry
    return StreamEvent(entry_id, EventKind(fields["kind"]), json.loads(fields["data"]))


def texts(events: Iterator[StreamEvent]) -> Iterator[str]:
    """Return the token texts of a stream."""
    return (event.data["text"] for event in events if event.kind is EventKind.TOKEN)
