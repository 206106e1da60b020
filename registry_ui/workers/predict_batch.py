"""What a worker does with a message of predictions: hand each request to the pool, let its answer go out when it comes."""

import logging
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from flavor.errors import FlavorError
from flavor.runtime.pool import PredictRequest
from flavor.tasks import InvalidInput

from ..predictions import streams
from ..predictions.outcomes import Code, EventKind
from ..predictions.streams import TokenWriter
from ..predictions.wire import Message, Request, cancelled_key, taken_key, unpack_rows
from ..web.redis import client
from .replies import Reply
from .resources import Resources, current

logger = logging.getLogger(__name__)

TAKEN_KEPT_S = 3600


class _Refused(Exception):
    """The request is answered without asking the model."""

    def __init__(self, request: Request, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.answer = _error(request, code, detail, field)


def run(data: dict[str, Any]) -> None:
    """Hand the requests of a message to the model pool, together; returns before they are answered."""
    message, worker = Message.from_json(data), current()
    cancelled = _take(message, worker)
    asked: list[tuple[Request, PredictRequest, TokenWriter | None]] = []
    for request in message.requests:
        tokens = TokenWriter(request.id) if request.is_stream else None
        try:
            _check(request, cancelled)
            asked.append((request, _to_pool(request, tokens), tokens))
        except _Refused as refused:
            worker.replies.put(Reply(message, request, refused.answer, tokens))
    _submit(worker, message, asked)


def _take(message: Message, worker: Resources) -> set[str]:
    """Note who has the message; return the ids that nobody wants any more."""
    ids = [request.id for request in message.requests]
    with client().pipeline(transaction=False) as pipeline:
        pipeline.set(taken_key(message.id), worker.identity, ex=TAKEN_KEPT_S)
        pipeline.mget([cancelled_key(request_id) for request_id in ids])
        notes = pipeline.execute()[1]
    return {request_id for request_id, note in zip(ids, notes, strict=True) if note}


def _check(request: Request, cancelled: set[str]) -> None:
    if request.id in cancelled:
        raise _Refused(request, Code.CANCELLED, "The request was cancelled.")
    if time.time() > request.deadline:
        raise _Refused(request, Code.TIMEOUT, "The request reached the worker after its deadline and was dropped.")


def _to_pool(request: Request, tokens: TokenWriter | None) -> PredictRequest:
    try:
        rows = unpack_rows(request.rows)
    except InvalidInput as error:
        raise _Refused(request, error.code, str(error), error.field) from error
    return PredictRequest(
        id=request.id,
        rows=rows,
        params=request.params,
        deadline=request.deadline,
        overlong=request.overlong,
        on_token=tokens,
    )


def _submit(worker: Resources, message: Message, asked: list[tuple[Request, PredictRequest, TokenWriter | None]]) -> None:
    for request, _, tokens in asked:
        if tokens is not None:
            streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": worker.identity})
    pending = worker.pool.submit_all(message.uri, [to_pool for _, to_pool, _ in asked])
    for (request, _, tokens), future in zip(asked, pending, strict=True):
        future.add_done_callback(partial(_reply, worker, message, request, tokens))


def _reply(worker: Resources, message: Message, request: Request, tokens: TokenWriter | None, done: Future) -> None:
    worker.replies.put(Reply(message, request, _answer(request, done), tokens))


def _answer(request: Request, done: Any) -> dict[str, Any]:
    """Return the pool's answer, or the error that came instead of one."""
    try:
        return done.result()
    except (FlavorError, InvalidInput) as error:
        return _error(request, error.code, str(error), getattr(error, "field", None))
    except Exception as error:
        logger.exception("Prediction %s crashed", request.id)
        return _error(request, Code.INTERNAL_ERROR, f"{type(error).__name__}; the worker's log has the details.")


def _error(request: Request, code: str, detail: str, field: str | None = None) -> dict[str, Any]:
    return {"id": request.id, "error": {"code": code, "detail": detail, "field": field}}
