"""An answer token by token, as server-sent events: `state`, `token`, and at the end `result` or `error`."""

import time
from collections.abc import Iterator

from redis.exceptions import RedisError

from ..predictions import gateway
from ..predictions.outcomes import EventKind, Outcome, StreamEvent, UnknownPrediction
from . import streaming
from .predict_answer import Subject, answer_json, problem_in, problem_of_error
from .problems import Problem, problem_with


def stream_events(request_id: str, after: str, subject: Subject) -> Iterator[str]:
    """Write the events after the id `after` until the last one, in slices: a silent slice ends with a ping."""
    try:
        while True:
            for each in gateway.read_stream(request_id, after, until=time.time() + streaming.PING_S):
                after = each.id
                yield _written(each, request_id, subject)
                if each.kind.is_terminal:
                    return
            yield streaming.PING
    except UnknownPrediction as error:
        yield _error(problem_with("prediction-not-found", str(error)))
    except RedisError:
        yield _error(problem_with("unavailable", "Redis stopped answering; come back with Last-Event-ID to read on."))


def _written(event: StreamEvent, request_id: str, subject: Subject) -> str:
    """Write one event; a result has the envelope of any other answer."""
    if event.kind is EventKind.STATE:
        return streaming.event(event.kind, {"id": request_id, **event.data}, event.id)
    if event.kind is EventKind.TOKEN:
        return streaming.event(event.kind, event.data, event.id)
    if event.kind is EventKind.ERROR:
        return _error(problem_of_error(event.data, None, is_single=True), event.id)
    outcome = Outcome.from_answer(event.data)
    problem = problem_in(outcome, is_single=True)
    if problem is not None:
        return _error(problem, event.id)
    return streaming.event(event.kind, answer_json(outcome, subject, is_single=True), event.id)


def _error(problem: Problem, event_id: str | None = None) -> str:
    return streaming.event(EventKind.ERROR, problem.to_json(), event_id)
