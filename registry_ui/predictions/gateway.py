"""The one door to predictions for pages and REST: ask, stream, collect, cancel; and what the workers hold."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from redis.exceptions import RedisError

from flavor.tasks import Row, Task

from ..accounts.models import User
from ..jobs.interruption import CONTROL_CHANNEL
from ..web.redis import SLICE_S, client
from . import dispatch, history, streams
from .dispatch import Promise, identities, is_lost, living_workers, presence
from .lanes import Lane, Lanes
from .outcomes import (
    Code,
    EventKind,
    ModelStateView,
    Outcome,
    Pending,
    PredictionFailed,
    StreamEvent,
    UnknownPrediction,
    WorkerView,
)
from .presence import state_of, states_of
from .wire import CANCEL_PREDICTION, Message, Request, cancelled_key, pack_rows, reply_key

if TYPE_CHECKING:
    from ..catalog.models import ModelVersion

__all__ = [
    "Outcome",
    "Pending",
    "PredictionFailed",
    "StreamEvent",
    "Target",
    "UnknownPrediction",
    "cancel",
    "collect",
    "model_state",
    "model_states",
    "predict",
    "read_stream",
    "start_stream",
    "target_of",
    "workers",
]

# How long the worker may take to say "too late" before we say it.
GRACE_S = 2.0
# The history row follows its answer within this time; a permalink asked for in between waits for it.
ROW_FOLLOWS_S = 1.0

_lanes = Lanes()


@dataclass(frozen=True)
class Target:
    """What is asked: a model version and the task it does."""

    uri: str
    name: str
    version: str
    task: Task


def target_of(version: "ModelVersion") -> Target:
    """Return the target of an indexed version. Raises PredictionFailed when it cannot be tried, with the reason."""
    task = version.own_task
    if task is None:
        reason = version.problem or f"task {version.task or 'unknown'!r} cannot be run here"
        detail = f"{version.model.name} version {version.version} cannot be tried: {reason}."
        raise PredictionFailed(Code.MODEL_NOT_LOADABLE, detail.replace("..", "."))
    return Target(version.uri, version.model.name, str(version.version), task)


def predict(
    target: Target,
    rows: list[Row],
    params: Row | None = None,
    *,
    caller: User | None = None,
    timeout_s: float | None = None,
    wait_s: float | None = None,
    overlong: str | None = None,
) -> Outcome | Pending:
    """Ask the model and wait for the answer, or only `wait_s` seconds and return a promise.

    `overlong` "refuse" refuses a text over the model's length, which else is cut, and said so.
    Raises InvalidInput for media that are not what they claim, PredictionFailed for everything else.
    """
    known = identities(living_workers())
    started = time.time()
    request = replace(_request(target, rows, params, caller, timeout_s), overlong=overlong)
    until = request.deadline + GRACE_S if wait_s is None else min(request.deadline, started + wait_s)
    lane = _lanes.lane(target.uri, partial(_send, target))
    lane.join(request)
    answer = None
    try:
        answer = _await_answer(lane, request, known, until)
    except RedisError as error:
        raise PredictionFailed(Code.NO_WORKER, "Redis stopped answering before the model did.", retry_after_s=5) from error
    finally:
        unsent, message = lane.leave(request.id)
    if answer is None and wait_s is None:
        raise PredictionFailed(Code.TIMEOUT, _too_late(target.uri, request.deadline - started))
    if answer is None:
        return _promise(target, request, message if unsent is None else None, known)
    outcome = Outcome.from_answer(answer).raise_for_error()
    return replace(outcome, timing_ms={**outcome.timing_ms, "total": round((time.time() - started) * 1000, 2)})


def collect(request_id: str) -> Outcome | Pending:
    """Return what became of a request: its outcome, errors included, or a promise still.

    Raises UnknownPrediction.
    """
    request_id = checked_id(request_id)
    answer: Any = client().lpop(reply_key(request_id))
    if answer is not None:
        return Outcome.from_answer(json.loads(answer))
    row = history.find(request_id)
    if row is not None:
        return history.outcome_of(row)
    if streams.exists(request_id):
        return _so_far(request_id)
    promise = Promise.find(request_id)
    if promise is not None:
        return _keep(promise)
    return _row_that_follows(request_id)


def start_stream(
    target: Target,
    row: Row,
    params: Row | None = None,
    *,
    caller: User | None = None,
    timeout_s: float | None = None,
    overlong: str | None = None,
) -> str:
    """Ask for an answer token by token; return the id under which `read_stream` finds it."""
    living_workers()
    request = replace(_request(target, [row], params, caller, timeout_s), is_stream=True, overlong=overlong)
    message = _message(target, [request])
    opening = {"state": "queued", "uri": target.uri, "deadline": request.deadline}
    Promise(message, []).save(seconds=settings.PREDICT_RESULT_KEPT_S)  # what was asked, for its permalink
    streams.publish(request.id, EventKind.STATE, opening)
    dispatch.send(message)
    return request.id


def read_stream(request_id: str, after: str = "0", until: float | None = None) -> Iterator[StreamEvent]:
    """Yield the events after the id `after` as they come; ends after a result or an error, or at time.time() `until`.

    Raises UnknownPrediction before the first event.
    """
    opened = streams.first(checked_id(request_id))
    if opened is None:
        raise UnknownPrediction(f"There is no stream {request_id} (any more).")
    return _events(request_id, opened, after, until or opened.data["deadline"] + 2 * GRACE_S)


def cancel(request_id: str) -> None:
    """Say that nobody wants the answer any more: unread it is dropped, running it stops at the next token."""
    with client().pipeline(transaction=False) as pipeline:
        pipeline.set(cancelled_key(request_id), "1", ex=settings.PREDICT_RESULT_KEPT_S)
        pipeline.publish(CONTROL_CHANNEL, f"{CANCEL_PREDICTION} {request_id}")
        pipeline.execute()


def model_state(uri: str) -> ModelStateView:
    """Return where the model is; cold when no worker says anything about it."""
    return state_of(uri, workers())


def model_states() -> list[ModelStateView]:
    """Return every model that a worker says something about."""
    return states_of(workers())


def workers() -> list[WorkerView]:
    """Return the workers that are alive; none when Redis cannot be asked."""
    try:
        return presence.workers()
    except RedisError:
        return []


def _request(target: Target, rows: list[Row], params: Row | None, caller: User | None, timeout_s: float | None) -> Request:
    user = caller if caller is not None and caller.pk else None
    return Request(
        id=str(uuid.uuid4()),
        rows=pack_rows(target.task, rows, user),
        params=params or {},
        deadline=time.time() + (timeout_s or settings.PREDICT_TIMEOUT_S),
        caller_id=user.pk if user else None,
    )


def _send(target: Target, requests: list[Request]) -> Message:
    return dispatch.send(_message(target, requests))


def _message(target: Target, requests: list[Request]) -> Message:
    return Message(uri=target.uri, name=target.name, version=target.version, task=target.task.name, requests=requests)


def _await_answer(lane: Lane, request: Request, known: frozenset[str], until: float) -> dict[str, Any] | None:
    """Block for the answer; every two seconds look whether the worker that has the request still lives."""
    while (left := until - time.time()) > 0:
        popped = client().blpop([reply_key(request.id)], timeout=max(0.01, min(left, SLICE_S)))
        if popped is not None:
            return json.loads(popped[1])
        message = lane.message_of(request.id)
        if message is not None and is_lost(message, known):
            known = identities(presence.workers())
            lane.send_again(request)
    return None


def _promise(target: Target, request: Request, message: Message | None, known: frozenset[str]) -> Pending:
    """Note the request for `collect`; one that was never sent goes now."""
    if message is None:
        message = _send(target, [request])
    promise = Promise(replace(message, requests=[request]), sorted(known))
    promise.save(seconds=settings.PREDICT_RESULT_KEPT_S)
    return Pending(request.id, model_state(target.uri))


def _keep(promise: Promise) -> Outcome | Pending:
    request, message = promise.request, promise.message
    if time.time() > request.deadline + GRACE_S:
        return Outcome(request.id, error=PredictionFailed(Code.TIMEOUT, _too_late(message.uri, None)).to_json())
    if is_lost(message, frozenset(promise.workers)):
        again = Promise(replace(message, id=uuid.uuid4().hex), sorted(identities(presence.workers())))
        dispatch.send(again.message)
        again.save(seconds=settings.PREDICT_RESULT_KEPT_S)
    return Pending(request.id, model_state(message.uri))


def _so_far(request_id: str) -> Outcome | Pending:
    """Return the end of a stream, a promise while it flows."""
    seen = streams.read(request_id, "0", block_s=0.001)
    end = next((event for event in reversed(seen) if event.kind.is_terminal), None)
    if end is None:
        return Pending(request_id, model_state(seen[0].data.get("uri", "")))
    if end.kind is EventKind.ERROR:
        return Outcome(request_id, error=end.data)
    return Outcome.from_answer(end.data)


def _row_that_follows(request_id: str) -> Outcome:
    """Wait a moment for the row of an answer that has just been given."""
    until = time.monotonic() + ROW_FOLLOWS_S
    while (row := history.find(request_id)) is None:
        if time.monotonic() > until:
            raise UnknownPrediction(f"There is no prediction {request_id} (any more).")
        time.sleep(0.05)
    return history.outcome_of(row)


def _events(request_id: str, opened: StreamEvent, after: str, until: float) -> Iterator[StreamEvent]:
    uri, deadline, told = opened.data["uri"], opened.data["deadline"], None
    worker = streams.worker_of(request_id) if after != "0" else None
    while (left := until - time.time()) > 0:
        events = streams.read(request_id, after, block_s=min(left, 0.5 if worker is None else SLICE_S))
        for event in events:
            after, worker = event.id, event.data.get("worker", worker)
            yield event
            if event.kind.is_terminal:
                return
        if not events and (failure := _silence(worker, deadline, uri)) is not None:
            yield StreamEvent(after, EventKind.ERROR, failure.to_json())
            return
        if not events and (state := model_state(uri)) != told:
            told = state
            yield StreamEvent(after, EventKind.STATE, {"state": state.state, **_progress(state)})


def _silence(worker: str | None, deadline: float, uri: str) -> PredictionFailed | None:
    """Return why nothing will come any more, None while something may."""
    if time.time() > deadline + GRACE_S:
        return PredictionFailed(Code.TIMEOUT, _too_late(uri, None))
    if worker is not None and worker not in identities(workers()):
        return PredictionFailed(Code.RUNNER_CRASHED, f"Worker {worker!r} died before the answer was complete; ask again.")
    return None


def _progress(state: ModelStateView) -> dict[str, Any]:
    return {"done_bytes": state.done_bytes, "total_bytes": state.total_bytes, "reason": state.reason}


def _too_late(uri: str, waited_s: float | None) -> str:
    state = model_state(uri)
    waited = "before the deadline" if waited_s is None else f"within {waited_s:g} s"
    return f"The model did not answer {waited}; it is {state.state}. Allow more time, or warm it first with a load job."


def checked_id(request_id: str) -> str:
    """Return the id as it is stored. Raises UnknownPrediction when it is none."""
    try:
        return str(uuid.UUID(str(request_id)))
    except ValueError as error:
        raise UnknownPrediction(f"{request_id!r} is not the id of a prediction.") from error
