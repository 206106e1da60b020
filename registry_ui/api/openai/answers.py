"""OpenAI's requests answered by way of the gateway: as one object, or as chunks while the model writes."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from redis.exceptions import RedisError

from flavor.chat import PROTOCOLS, Protocol
from flavor.chat_requests import Asked, in_words_of
from flavor.results import RowResult
from flavor.tasks import InvalidInput, Row
from flavor.tasks._checking import check_params, check_rows

from ...accounts.models import User
from ...predictions import gateway
from ...predictions.outcomes import Code, EventKind, Outcome, PredictionFailed, UnknownPrediction
from ...predictions.wire import pack_rows
from . import errors, models

DONE = "[DONE]"


@dataclass(frozen=True)
class Question:
    """A checked request, and the model that it is for."""

    body: Row
    protocol: Protocol
    target: gateway.Target
    asked: Asked
    params: Row
    caller: User

    @property
    def about(self) -> Row:
        """What every answer says of itself; the model's name is that of the version that answered."""
        return {"created": int(time.time()), "model": f"{self.target.name}/{self.target.version}"}


def read(body: Any, protocol_name: str, caller: User) -> Question:
    """Return what is asked. Raises InvalidInput naming the field as the request has it, ModelNotFound and its kin."""
    if not isinstance(body, dict):
        raise InvalidInput("", "The body must be a JSON object.")
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise InvalidInput("model", "model must be the name of a registered model: `name`, `name@alias` or `name/version`.")
    version = models.find(name)
    target, protocol = gateway.target_of(version), PROTOCOLS[protocol_name]
    if not models.does(target.task, protocol_name):
        wanted = ", ".join(models.tasks_for(protocol_name))
        raise InvalidInput("model", f"{name} does {target.task.name}; here models are asked that do {wanted}.")
    with in_words_of(body):
        asked = protocol.read(body)
        check_rows(target.task, pack_rows(target.task, asked.rows, caller))
        params = check_params(target.task, protocol.params(asked, is_pooled=models.is_pooled(version)))
    return Question(body, protocol, target, asked, params, caller)


def answer(question: Question) -> Row:
    """Ask the model and return the response. Raises InvalidInput in the request's words, PredictionFailed."""
    with in_words_of(question.body):
        try:
            outcome = gateway.predict(question.target, question.asked.rows, question.params, caller=question.caller)
        except PredictionFailed as error:
            raise _failure(error.to_json()) from error
        assert isinstance(outcome, Outcome)  # nothing was said of not waiting
        results = _results(outcome)
    return question.protocol.response(question.asked, results, question.about)


def stream(question: Question) -> Iterator[str]:
    """Ask the model and return its answer as server-sent events, once there is a first piece of it.

    Raises what `answer` raises for what is wrong until then; later errors are events.
    """
    with in_words_of(question.body):
        question.protocol.check_stream(question.asked)
        request_id = gateway.start_stream(question.target, question.asked.rows[0], question.params, caller=question.caller)
        pieces = _pieces(request_id)
        begun = chain([next(pieces)], pieces)
    # What is content and what a call of a tool is told apart by the tokenizer, when the whole is there.
    chunks = question.protocol.chunks(begun, question.asked, question.about, is_read_at_the_end="tools" in question.params)
    return _events(chunks, request_id)


def _pieces(request_id: str) -> Iterator[str | RowResult]:
    for event in gateway.read_stream(request_id):
        if event.kind is EventKind.TOKEN:
            yield event.data["text"]
        elif event.kind is EventKind.ERROR:
            raise _failure(event.data)
        elif event.kind is EventKind.RESULT:
            yield from _results(Outcome.from_answer(event.data))
            return
    raise PredictionFailed(Code.TIMEOUT, "The model did not answer before the deadline.")


def _events(chunks: Iterator[Row], request_id: str) -> Iterator[str]:
    """Write chunks as events; a client that goes away is not written for any longer."""
    try:
        for chunk in chunks:
            yield _event(chunk)
    except GeneratorExit:
        gateway.cancel(request_id)
        raise
    except (InvalidInput, PredictionFailed, UnknownPrediction, RedisError) as error:
        problem = errors.problem_of(error)
        yield _event(errors.error_json(problem)) if problem else ""
        return
    yield f"data: {DONE}\n\n"


def _event(content: Row) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _results(outcome: Outcome) -> list[RowResult]:
    failed = next((each["error"] for each in outcome.results if each.get("error")), None)
    if failed:
        raise _failure(failed)
    return [RowResult(each.get("records") or [], usage=each.get("usage") or {}) for each in outcome.results]


def _failure(error: Row) -> Exception:
    """The exception for an error of the model: a field at fault is one of the request's."""
    code, detail, field = error.get("code") or Code.INTERNAL_ERROR, error.get("detail") or "", error.get("field")
    return InvalidInput(field, detail) if code == Code.INVALID_INPUT and field else PredictionFailed(code, detail, field)
