"""Tokens as they come, as server-sent events that hold HTML: stage, token, result. An error is the result too."""

import time
from collections.abc import Iterator
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils.html import escape
from django.views.decorators.http import require_GET

from .. import gateway
from ..asked import Asked, get_asked
from ..outcomes import EventKind, Outcome, StreamEvent, UnknownPrediction
from ..responses import shown, to_html
from ..stages import stage_from

PING_S = 10.0


@require_GET
def stream(request: HttpRequest, prediction_id: UUID) -> StreamingHttpResponse:
    """Send the events after Last-Event-ID; 404 when there is no such stream (any more)."""
    after = request.headers.get("Last-Event-ID") or "0"
    try:
        asked = get_asked(str(prediction_id))
        first = gateway.read_stream(str(prediction_id), _checked(after), until=time.time() + PING_S)
    except UnknownPrediction as error:
        raise Http404(str(error)) from error
    return StreamingHttpResponse(
        _lines(request, asked, first, _checked(after)),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _lines(request: HttpRequest, asked: Asked, events: Iterator[StreamEvent], after: str) -> Iterator[str]:
    """Write events; a comment now and then shows that the connection lives, and finds out when it does not."""
    yield "retry: 1000\n\n"
    while True:
        for event in events:
            after = event.id
            yield _line(request, asked, event)
            if event.kind.is_terminal:
                return
        yield ": ping\n\n"
        events = gateway.read_stream(asked.id, after, until=time.time() + PING_S)


def _line(request: HttpRequest, asked: Asked, event: StreamEvent) -> str:
    if event.kind is EventKind.TOKEN:
        return _event("token", escape(event.data["text"]), event.id)
    if event.kind is EventKind.STATE:
        state = "warm" if event.data["state"] == "running" else event.data["state"]
        stage = stage_from(state, event.data.get("done_bytes"), event.data.get("total_bytes"), event.data.get("reason"))
        return _event("stage", render_to_string("predictions/_stage.html", {"stage": stage}), event.id)
    is_error = event.kind is EventKind.ERROR
    outcome = Outcome(asked.id, error=event.data) if is_error else Outcome.from_answer(event.data)
    return _event("result", to_html(request, shown(asked, outcome, is_live="live" in request.GET)), event.id)


def _event(name: str, html: str, event_id: str) -> str:
    data = "\n".join(f"data: {line}" for line in html.split("\n"))
    return f"id: {event_id}\nevent: {name}\n{data}\n\n"


def _checked(event_id: str) -> str:
    """Return the id to go on after; a foreign one begins anew rather than breaking the stream."""
    number, _, place = event_id.partition("-")
    return event_id if number.isascii() and number.isdigit() and (not place or (place.isascii() and place.isdigit())) else "0"
