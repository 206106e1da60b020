"""Exceptions as RFC 9457 problem documents: one table, used by every answer of REST that is not a success."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from flavor.tasks import InvalidInput

from ..catalog.artifact_folder import FileRefused
from ..catalog.mlflow_client import MlflowUnavailable
from ..catalog.selectors import AliasNotFound, ModelNotFound, NotFound, VersionNotFound
from ..jobs.failures import IdempotencyConflict
from ..jobs.models import Job
from ..predictions.outcomes import PredictionFailed, UnknownPrediction
from .problem_types import PROBLEM_TYPES, find_problem_type

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """One value at fault: a JSON pointer into the body, or the name of a query parameter or header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    code: str = "invalid"

    def to_json(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one request; `code` is a key of `PROBLEM_TYPES`."""

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the document's members that do not depend on the request."""
        kind = PROBLEM_TYPES[self.code]
        document: dict[str, Any] = {
            "type": reverse("api:problem-type", args=[self.code]),
            "title": kind.title,
            "status": self.status or kind.status,
            "code": self.code,
            "detail": self.detail,
            "hint": kind.way_out,
        }
        if self.errors:
            document["errors"] = [error.to_json() for error in self.errors]
        return document


class ProblemError(Exception):
    """A problem that a view found itself."""

    def __init__(self, code: str, detail: str, *errors: FieldError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.problem = Problem(code, detail, errors, headers or {})


def invalid(*errors: FieldError) -> ProblemError:
    """Return the 422 that names every value at fault."""
    more = f" ({len(errors) - 1} more below)" if len(errors) > 1 else ""
    return ProblemError("validation", f"{errors[0].detail}{more}", *errors)


def pointer_to(*parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) to a place in the body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Answer an exception that left a view, whatever it is."""
    problem = problem_of(error)
    if problem is None:
        logger.exception("A request to %s failed", context["request"].path, exc_info=error)
        problem = Problem("internal-error", "An error of ours; the server's log has it under the request_id.")
    elif PROBLEM_TYPES[problem.code].status >= status.HTTP_500_INTERNAL_SERVER_ERROR:
        logger.warning("%s: %s: %s", context["request"].path, type(error).__name__, error)
    return problem_response(context["request"], problem)


def problem_response(request: Request, problem: Problem) -> Response:
    """Return the problem document as an answer to this request."""
    document = {**problem.to_json(), "instance": request.path, "request_id": getattr(request, "request_id", None)}
    return Response(document, status=document["status"], headers=dict(problem.headers), content_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an exception means; None when it is a fault of ours."""
    for kinds, make in _TABLE:
        if isinstance(error, kinds):
            return make(error)
    return None


def problem_with(code: str, detail: str, *errors: FieldError, retry_after_s: float | None = None) -> Problem:
    """Return the problem for a code of a job or a model; one that nobody knows is the model's own."""
    kind = find_problem_type(code)
    headers = {} if retry_after_s is None else {"Retry-After": str(math.ceil(retry_after_s))}
    return Problem(kind.code if kind else "prediction-failed", detail, errors, headers)


def _of_input(error: InvalidInput) -> Problem:
    return invalid(FieldError(str(error), pointer_to(*error.field.split(".")))).problem


def _of_prediction(error: PredictionFailed) -> Problem:
    errors = [FieldError(error.detail, pointer_to(*error.field.split(".")))] if error.field else []
    return problem_with(error.code, error.detail, *errors, retry_after_s=error.retry_after_s)


def _of_size(error: RequestDataTooBig) -> Problem:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20
    return Problem("body-too-large", f"The body is larger than the {limit:.0f} MiB that are taken.")


def _of_validation(error: exceptions.ValidationError) -> Problem:
    return invalid(*_field_errors(error.detail)).problem


def _field_errors(detail: Any, *path: str | int) -> list[FieldError]:
    """Flatten what serializers say: lists of texts, by field, nested."""
    if isinstance(detail, dict):
        own = "non_field_errors"
        return [error for name, each in detail.items() for error in _field_errors(each, *path, *([] if name == own else [name]))]
    if isinstance(detail, list) and any(isinstance(each, dict) for each in detail):
        return [error for number, each in enumerate(detail) if each for error in _field_errors(each, *path, number)]
    said = detail if isinstance(detail, list) else [detail]
    place = ".".join(str(part) for part in path)
    return [FieldError(f"{place}: {each}" if place else str(each), pointer_to(*path), code=each.code) for each in said]


def _of_rest_framework(error: exceptions.APIException) -> Problem:
    """The framework's own errors: each class has its code in `_FRAMEWORK`; an unknown one keeps its status."""
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    code = next((code for kind, code in _FRAMEWORK if isinstance(error, kind)), None)
    if code is None:
        code = "malformed-request" if status.is_client_error(error.status_code) else "internal-error"
        return Problem(code, str(error.detail), headers=headers, status=error.status_code)
    return Problem(code, str(error.detail), headers=headers)


_FRAMEWORK: tuple[tuple[type[exceptions.APIException], str], ...] = (
    (exceptions.ParseError, "malformed-request"),
    (exceptions.NotAuthenticated, "not-authenticated"),
    (exceptions.AuthenticationFailed, "not-authenticated"),
    (exceptions.PermissionDenied, "forbidden"),
    (exceptions.NotFound, "not-found"),
    (exceptions.MethodNotAllowed, "method-not-allowed"),
    (exceptions.UnsupportedMediaType, "media-type-not-supported"),
    (exceptions.Throttled, "queue-full"),
)


def _as(code: str, detail: str | None = None) -> Callable[[Any], Problem]:
    """Return a maker of problems of one code; the detail is what the exception says, unless given."""
    return lambda error: Problem(code, detail or str(error))


# The first line that fits counts.
_TABLE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], Problem]], ...] = (
    (ProblemError, lambda error: error.problem),
    (exceptions.ValidationError, _of_validation),
    (exceptions.APIException, _of_rest_framework),
    (InvalidInput, _of_input),
    (PredictionFailed, _of_prediction),
    (IdempotencyConflict, _as("idempotency-key-reused")),
    (ModelNotFound, _as("model-not-found")),
    (VersionNotFound, _as("version-not-found")),
    (AliasNotFound, _as("alias-not-found")),
    (NotFound, _as("not-found")),
    (UnknownPrediction, _as("prediction-not-found")),
    (Job.DoesNotExist, _as("not-found", "There is no job of this id (any more).")),
    (Http404, _as("not-found")),
    (PermissionDenied, _as("forbidden")),
    (RequestDataTooBig, _of_size),
    (SuspiciousOperation, _as("malformed-request")),
    (FileRefused, _as("not-found")),
    (MlflowUnavailable, _as("unavailable")),
    ((RedisError, BrokerError), _as("unavailable", "Redis cannot be reached.")),
    ((OperationalError, InterfaceError), _as("unavailable", "The database cannot be reached, or is too busy.")),
)
