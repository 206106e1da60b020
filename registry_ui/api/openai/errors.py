"""Problems in the form of OpenAI's errors, with the statuses that its clients make their exceptions of."""

from typing import Any

from rest_framework import status
from rest_framework.response import Response

from flavor.tasks import InvalidInput

from .. import problems
from ..problem_types import PROBLEM_TYPES
from ..problems import Problem

_TYPES = {
    status.HTTP_401_UNAUTHORIZED: "authentication_error",
    status.HTTP_403_FORBIDDEN: "permission_error",
    status.HTTP_404_NOT_FOUND: "not_found_error",
    status.HTTP_429_TOO_MANY_REQUESTS: "rate_limit_error",
}
_WORTH_ASKING_AGAIN = (status.HTTP_429_TOO_MANY_REQUESTS, status.HTTP_503_SERVICE_UNAVAILABLE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Answer an exception that left a view, whatever it is."""
    problem = problem_of(error)
    response = problems.exception_handler(error, context)
    said = status_of(problem) if problem else response.status_code
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    headers["X-Should-Retry"] = "true" if said in _WORTH_ASKING_AGAIN else "false"  # its clients ask, and else repeat any 409
    return Response(error_json(problem or Problem("internal-error", response.data["detail"])), said, headers=headers)


def problem_of(error: Exception) -> Problem | None:
    """Return the problem that an exception means; a field of the request keeps the name that the request has for it."""
    if isinstance(error, InvalidInput):
        return problems.invalid(problems.FieldError(str(error), error.field)).problem
    return problems.problem_of(error)


def error_json(problem: Problem) -> dict[str, Any]:
    """Return the body of an error."""
    return {
        "error": {
            "message": problem.detail,
            "type": _type(status_of(problem)),
            "param": next((each.pointer.strip("/") for each in problem.errors if each.pointer), None),
            "code": problem.code.replace("-", "_"),
        }
    }


def status_of(problem: Problem) -> int:
    """Return the status of the answer: OpenAI says 400 where we say 422."""
    said = problem.status or PROBLEM_TYPES[problem.code].status
    return status.HTTP_400_BAD_REQUEST if said == status.HTTP_422_UNPROCESSABLE_ENTITY else said


def _type(said: int) -> str:
    return _TYPES.get(said, "server_error" if status.is_server_error(said) else "invalid_request_error")
