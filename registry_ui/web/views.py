"""Probes and error pages."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from . import errors
from .redis import client

logger = logging.getLogger(__name__)


@login_not_required
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether pages can be served: the database and Redis answer."""
    checks = {"database": _database_answers(), "redis": _redis_answers()}
    ready = all(checks.values())
    words = {name: "ok" if answers else "unavailable" for name, answers in checks.items()}
    return JsonResponse({"status": "ok" if ready else "unavailable", "checks": words}, status=200 if ready else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return errors.answer(request, errors.BAD_REQUEST, text=_said(exception) if isinstance(exception, BadRequest) else "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return errors.answer(request, errors.FORBIDDEN, text=_said(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return errors.answer(request, errors.STALE_FORM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return errors.answer(request, errors.NOT_FOUND, text=_said(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    return errors.answer(request, errors.SERVER_ERROR)


def _said(exception: Exception) -> str:
    """Return the sentence that a view raised; what Django's resolver raises is no sentence for people."""
    first = exception.args[0] if exception.args else ""
    return first if isinstance(first, str) and not first.startswith("The path") else ""


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("The database does not answer.")
        return False
    return True


def _redis_answers() -> bool:
    try:
        return bool(client().ping())
    except RedisError:
        logger.exception("Redis does not answer.")
        return False
