"""Server-sent events: how they are written, and the answer that carries them."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from .problems import FieldError, ProblemError

PING_S = 15.0
RETRY_MS = 2000
# A ping is a comment, so no client has to know it.
PING = ": ping\n\n"
BEGINNING = "0"
STREAM_TYPE = "text/event-stream; charset=utf-8"
# Nothing on the way may keep, join or compress events.
STREAM_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}

LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", str, OpenApiParameter.HEADER, description="The id of the last event that was seen; what follows is sent."
)

_ID = re.compile(r"\d{1,20}(-\d{1,20})?", re.ASCII)


def event(name: str, data: Any, event_id: str | None = None) -> str:
    """Write one event; `event_id` is what the client sends back as Last-Event-ID to go on after it."""
    lines = [*([f"id: {event_id}"] if event_id else []), f"event: {name}", f"data: {json.dumps(data, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n\n"


def event_stream(events: Iterable[str]) -> StreamingHttpResponse:
    """Answer with events as they come."""
    return StreamingHttpResponse(_opened(events), content_type=STREAM_TYPE, headers=STREAM_HEADERS)


def _opened(events: Iterable[str]) -> Iterator[bytes]:
    """Say at once how soon to come back after a broken connection; this also makes proxies send the headers."""
    yield f"retry: {RETRY_MS}\n\n".encode()
    for each in events:
        yield each.encode()


def last_event_id(request: Request) -> str:
    """Return the id after which the client wants to read on; the beginning when it names none."""
    said = request.headers.get("Last-Event-ID") or BEGINNING
    if not _ID.fullmatch(said):
        detail = f"Last-Event-ID {said!r} is not the id of an event."
        raise ProblemError("malformed-request", detail, FieldError(detail, header="Last-Event-ID"))
    return said
