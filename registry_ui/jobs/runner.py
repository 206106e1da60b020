"""The life of one attempt in a worker, and the one place where errors become the end of a job."""

import logging
import socket
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings

from flavor.errors import FlavorError
from flavor.tasks import InvalidInput

from .events import JobEvents
from .failures import JobFailed, JobInterrupted, JobTimedOut, RetryLater
from .heartbeat import Heartbeat
from .interruption import Interruption, Reason, running
from .models import Job
from .payloads import from_json
from .states import Kind

logger = logging.getLogger(__name__)

Handler = Callable[[Any, JobEvents], dict[str, Any]]

# Set by the worker when it starts; a test or a shell has the host's name.
worker_name = socket.gethostname()


def run(job_id: UUID) -> bool:
    """Claim the job and carry it out. False when it is not there to be claimed: somebody else has it, or it ended."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or running.is_closing:
        return False
    owner = f"{worker_name}/{uuid.uuid4().hex[:12]}"
    if not job.claim(owner, lease_s=settings.JOB_LEASE_S, timeout_s=settings.JOB_TIMEOUT_S):
        return False
    with running.entered(job.id) as interruption:
        events = JobEvents(job, is_cancelled=interruption)
        with Heartbeat(job, interruption, events):
            _carry_out(job, events, interruption)
    return True


def handler_for(kind: str) -> Handler:
    """Return the function that does this kind of job; only workers can import it."""
    module, _, name = Kind(kind).handler.partition(":")
    return getattr(import_module(module), name)


def _carry_out(job: Job, events: JobEvents, interruption: Interruption) -> None:
    try:
        result = handler_for(job.kind)(from_json(job.kind, job.payload), events)
    except JobInterrupted:
        _stop(job, events, interruption.reason)
    except JobTimedOut:
        events.flush()
        job.time_out()
    except RetryLater as error:
        _retry_or_fail(job, events, error)
    except (JobFailed, FlavorError, InvalidInput) as error:  # its owner can mend it
        _fail(job, events, error.code, getattr(error, "detail", str(error)), getattr(error, "field", None))
    except Exception as error:  # we must mend it
        logger.exception("Job %s crashed", job.id)
        detail = f"{type(error).__name__}; the log of worker {worker_name!r} has the details of job {job.id}."
        _fail(job, events, "internal-error", detail, None)
    else:
        events.flush()
        job.succeed(result)


def _stop(job: Job, events: JobEvents, reason: Reason | None) -> None:
    if reason is Reason.LOST:
        logger.warning("Job %s, attempt %s, lost its lease and was stopped", job.id, job.attempt)
        return
    events.flush()
    if reason is Reason.RELEASED:
        job.release()
    else:
        job.end_cancelled()


def _retry_or_fail(job: Job, events: JobEvents, error: RetryLater) -> None:
    if job.attempt >= job.max_attempts:
        _fail(job, events, "unavailable", f"{error} (tried {job.attempt} times)", None)
        return
    events.line(f"{error} Trying again in {error.after_s:.0f} s.")
    events.flush()
    job.try_again(after_s=error.after_s)


def _fail(job: Job, events: JobEvents, code: str, detail: str, field: str | None) -> None:
    events.line(f"failed: {detail}")
    events.flush()
    job.fail(code=code, detail=detail, field=field)
