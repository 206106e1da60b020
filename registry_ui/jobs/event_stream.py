"""A job's events as server-sent events: what happened so far, then what happens, until it ends."""

import json
import logging
import re
import time
from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError

from . import events
from .events import EventKind, JobEvent
from .models import Job
from .states import TERMINAL

logger = logging.getLogger(__name__)

PING_S = 15
# A browser that is sent away comes back with the last id it saw; no reader holds a thread for ever.
AT_MOST_S = 900
COME_BACK_MS = 2000
# What an ended job's stream holds is read at once.
DRAIN_S = 0.05
END = "end"

_ID = re.compile(r"\d+(-\d+)?")


def event_stream(request: HttpRequest, job: Job) -> HttpResponseBase:
    """Answer with the job's events after the id in `Last-Event-ID`, or all that are kept.

    204 tells a browser that has seen the end not to come back.
    """
    seen = request.headers.get("Last-Event-ID", "")
    if seen and job.is_terminal and not _has_more(job.pk, seen):
        return HttpResponse(status=204)
    response = StreamingHttpResponse(_lines(job.pk, _place(seen)), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


def _lines(job_id: UUID, after: str) -> Iterator[str]:
    yield f"retry: {COME_BACK_MS}\n\n"
    leave_at = time.monotonic() + AT_MOST_S
    while time.monotonic() < leave_at:
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            return
        try:
            for event in events.read(job_id, after, until=time.time() + (DRAIN_S if job.is_terminal else PING_S)):
                after = event.id
                yield _written(event)
                if _is_the_end(job_id, event):
                    return
        except RedisError as error:
            logger.warning("Events of job %s cannot be read: %s", job_id, error)
            return
        if job.is_terminal:
            yield _written(JobEvent(END, EventKind.STATE, {"state": job.state, "attempt": job.attempt, "error": job.error}))
            return
        yield ": still there\n\n"


def _is_the_end(job_id: UUID, event: JobEvent) -> bool:
    """Whether the job ended and stayed so: one that was retried has ended before."""
    return event.kind is EventKind.STATE and event.data.get("state") in TERMINAL and events.last_id(job_id) == event.id


def _has_more(job_id: UUID, seen: str) -> bool:
    if seen == END:
        return False
    try:
        return next(events.read(job_id, _place(seen), until=time.time() + DRAIN_S), None) is not None
    except RedisError:
        return False


def _place(seen: str) -> str:
    return seen if _ID.fullmatch(seen) else "0"


def _written(event: JobEvent) -> str:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
