"""Submit, cancel, retry and await jobs: what pages, REST and other jobs call."""

import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from redis.exceptions import RedisError

from flavor.tasks import get_task
from flavor.tasks._protocols import task_behind

from ..accounts.models import User
from . import events
from .clock import now
from .failures import IdempotencyConflict
from .interruption import ask_to_stop
from .models import Job
from .names import check_alias, check_model_name, check_prompt_template, check_source
from .payloads import LoadPayload, LogPayload, Payload, TrainPayload, hash_of, to_json
from .states import Kind, State
from .tasks import ring

__all__ = ["IdempotencyConflict", "cancel", "list_jobs", "retry", "submit_load", "submit_log", "submit_train", "wait"]

logger = logging.getLogger(__name__)

LONGEST_KEY = 255


def submit_log(*, created_by: User | None = None, idempotency_key: str | None = None, **asked: Any) -> Job:
    """Ask for a checkpoint, Hub model or artifact to be logged; `asked` are the fields of `LogPayload`.

    Raises InvalidInput naming the field, IdempotencyConflict.
    """
    payload = LogPayload(**asked)
    check_source(payload.source)
    if payload.task is not None:
        get_task(task_behind(payload.task))
    check_model_name(payload.registered_model)
    check_alias(payload.alias, registered_model=payload.registered_model)
    check_prompt_template(payload.prompt_template, task=payload.task)
    return _submit(Kind.LOG, payload, created_by, idempotency_key)


def submit_load(*, model_uri: str, created_by: User | None = None, idempotency_key: str | None = None) -> Job:
    """Ask for a model to be warmed on a worker."""
    return _submit(Kind.LOAD, LoadPayload(model_uri=model_uri), created_by, idempotency_key)


def submit_train(*, demo: str, created_by: User | None = None, idempotency_key: str | None = None) -> Job:
    """Ask for a demo model to be trained and logged."""
    return _submit(Kind.TRAIN, TrainPayload(demo=demo), created_by, idempotency_key)


def cancel(job: Job) -> Job:
    """End a queued job at once; ask a running one to stop, which its worker does within seconds."""
    job.cancel()
    job.refresh_from_db()
    if job.state == State.RUNNING:
        ask_to_stop(job.id)
    return job


def retry(job: Job) -> Job:
    """Queue a job again that failed, timed out or was cancelled; another job stays as it is."""
    if job.retry(attempts=settings.JOB_MAX_ATTEMPTS):
        transaction.on_commit(partial(ring, job.id))
    job.refresh_from_db()
    return job


def wait(job_id: UUID | str, *, seconds: float) -> Job:
    """Return the job when it has ended, or as it is after `seconds`.

    Raises Job.DoesNotExist.
    """
    until = time.time() + seconds
    while True:
        seen = _newest_event(job_id)
        job = Job.objects.get(pk=job_id)
        if job.is_terminal or time.time() >= until:
            return job
        _wait_for_event(job.id, seen, until)


def list_jobs(*, state: str | Iterable[str] | None = None, kind: str | None = None, target: str | None = None) -> QuerySet[Job]:
    """Return jobs, newest first; `target` finds itself and what lies below it, a model's name thus all its versions."""
    jobs = Job.objects.select_related("created_by")
    if state:
        jobs = jobs.filter(state__in=[state] if isinstance(state, str) else list(state))
    if kind:
        jobs = jobs.filter(kind=kind)
    if target:
        jobs = jobs.filter(Q(target=target) | Q(target__startswith=f"{target.rstrip('/')}/"))
    return jobs


def _submit(kind: Kind, payload: Payload, created_by: User | None, idempotency_key: str | None) -> Job:
    data = to_json(payload)
    job = Job(
        kind=kind,
        payload=data,
        payload_hash=hash_of(kind, data),
        target=payload.target[:500],
        created_by=created_by,
        idempotency_key=_key(created_by, idempotency_key),
        max_attempts=settings.JOB_MAX_ATTEMPTS,
        dispatched_at=now(),
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            transaction.on_commit(partial(ring, job.id))
    except IntegrityError:
        return _same_request(job)
    job.refresh_from_db()
    return job


def _same_request(job: Job) -> Job:
    """Return the job that the idempotency key already stands for."""
    earlier = Job.objects.get(idempotency_key=job.idempotency_key)
    if earlier.payload_hash != job.payload_hash:
        raise IdempotencyConflict(
            f"Idempotency key {earlier.principal_key!r} was used for another request (job {earlier.id}); send a new key."
        )
    earlier.is_replay = True
    return earlier


def _key(created_by: User | None, idempotency_key: str | None) -> str | None:
    if idempotency_key is None:
        return None
    if not 0 < len(idempotency_key) <= LONGEST_KEY:
        raise IdempotencyConflict(f"An idempotency key has 1 to {LONGEST_KEY} characters, this one {len(idempotency_key)}.")
    return f"{created_by.pk if created_by else '-'}:{idempotency_key}"


def _newest_event(job_id: UUID | str) -> str:
    try:
        return events.last_id(UUID(str(job_id)))
    except RedisError:
        return "0"


def _wait_for_event(job_id: UUID, after: str, until: float) -> None:
    """Block until the job says something; at most two seconds, so that a lost event costs no more."""
    slice_end = min(until, time.time() + 2)
    try:
        next((event for event in events.read(job_id, after, until=slice_end) if event.kind is events.EventKind.STATE), None)
    except RedisError as error:
        logger.warning("Cannot wait on Redis, asking the database instead: %s", error)
        time.sleep(0.5)
