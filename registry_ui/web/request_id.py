"""The id of the request that is being answered, for responses, pages and log lines."""

import logging
import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id of the request being answered; empty outside of one."""
    return _current.get()


def begin(offered: str | None) -> str:
    """Take the caller's id when it is a plain one, else make one; return it."""
    request_id = offered if offered and _ACCEPTED.fullmatch(offered) else uuid.uuid4().hex
    _current.set(request_id)
    return request_id


class RequestIdFilter(logging.Filter):
    """Gives every log record `request_id`, a dash outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current() or "-"
        return True
