"""Coalescing: while one batch of a model is in flight, the others wait here and go together as the next message."""

import logging
import threading
from collections.abc import Callable

from django.conf import settings

from .outcomes import Code, PredictionFailed
from .wire import Message, Request

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1.0


class Lane:
    """The requests of one model in this web process.

    Nobody waits for a timer: who comes first sends at once, who is answered last sends what came meanwhile.
    """

    def __init__(self, send: Callable[[list[Request]], Message]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waiting: dict[str, Request] = {}
        self._in_flight: dict[str, Message | None] = {}

    def join(self, request: Request) -> None:
        """Send the request, or let it wait for the batch in flight. Raises PredictionFailed when too many wait."""
        with self._lock:
            if len(self._waiting) >= settings.PREDICT_MAX_WAITING:
                detail = f"{len(self._waiting)} requests wait for this model already; try again in a moment."
                raise PredictionFailed(Code.QUEUE_FULL, detail, retry_after_s=RETRY_AFTER_S)
            self._waiting[request.id] = request
            batch = self._next_batch()
        self._send_batch(batch)

    def leave(self, request_id: str) -> tuple[Request | None, Message | None]:
        """Take the request out, answered or given up; return it when it was never sent, else the message it went in."""
        with self._lock:
            unsent = self._waiting.pop(request_id, None)
            message = self._in_flight.pop(request_id, None)
            batch = self._next_batch()
        self._send_batch(batch)
        return unsent, message

    def message_of(self, request_id: str) -> Message | None:
        """Return the message in which the request went, None while it waits."""
        with self._lock:
            return self._in_flight.get(request_id)

    def send_again(self, request: Request) -> None:
        """Send a request alone, because the worker that had it died."""
        message = self._send([request])
        with self._lock:
            self._in_flight[request.id] = message

    def _next_batch(self) -> list[Request]:
        if self._in_flight or not self._waiting:
            return []
        batch = list(self._waiting.values())
        self._in_flight = dict.fromkeys(self._waiting)
        self._waiting = {}
        return batch

    def _send_batch(self, batch: list[Request]) -> None:
        if not batch:
            return
        message = self._send(batch)
        with self._lock:
            for request in batch:
                if request.id in self._in_flight:
                    self._in_flight[request.id] = message


class Lanes:
    """One lane for each model that was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, Lane] = {}

    def lane(self, uri: str, send: Callable[[list[Request]], Message]) -> Lane:
        """Return the model's lane, made on first use."""
        with self._lock:
            if uri not in self._lanes:
                self._lanes[uri] = Lane(send)
            return self._lanes[uri]
