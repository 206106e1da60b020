"""What repairs the jobs of workers that died: one leader among the workers looks every JOB_SWEEP_S."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from . import leases
from .clock import in_seconds, now
from .models import Job
from .states import State
from .tasks import ring

logger = logging.getLogger(__name__)

DUTY = "jobs.sweeper"
AT_ONCE = 200
# What a worker gets beyond the deadline or a cancel to end its child by itself.
GRACE_S = 15


@dataclass(frozen=True)
class SweepReport:
    """How many jobs a sweep touched."""

    lost: int = 0
    timed_out: int = 0
    cancelled: int = 0
    rung: int = 0


def sweep(*, owner: str, on_failed: Callable[[Job], None] = lambda job: None) -> SweepReport | None:
    """Repair what workers left behind; None when another worker has this duty.

    `on_failed` is told of each job that ended here rather than in a worker, to remove what it left outside.
    """
    if not leases.hold(DUTY, owner=owner, seconds=3 * settings.JOB_SWEEP_S):
        return None
    return SweepReport(
        lost=_take_from_the_dead(on_failed),
        timed_out=_end_late_jobs(on_failed),
        cancelled=_end_deaf_jobs(on_failed),
        rung=_ring_again(),
    )


def _take_from_the_dead(on_failed: Callable[[Job], None]) -> int:
    lost = 0
    for job in Job.objects.filter(state=State.RUNNING, lease_until__lt=now())[:AT_ONCE]:
        if not job.lose():
            continue
        lost += 1
        logger.warning("Job %s lost its worker %s; now %s", job.id, job.worker, job.state)
        if job.is_terminal:
            on_failed(job)
    return lost


def _end_late_jobs(on_failed: Callable[[Job], None]) -> int:
    late = Job.objects.filter(state=State.RUNNING, deadline__lt=in_seconds(-GRACE_S))[:AT_ONCE]
    return _end(late, Job.time_out, on_failed)


def _end_deaf_jobs(on_failed: Callable[[Job], None]) -> int:
    deaf = Job.objects.filter(state=State.RUNNING, cancel_requested_at__lt=in_seconds(-GRACE_S))[:AT_ONCE]
    return _end(deaf, Job.end_cancelled, on_failed)


def _end(jobs: Iterable[Job], end: Callable[[Job], bool], on_failed: Callable[[Job], None]) -> int:
    ended = [job for job in jobs if end(job)]
    for job in ended:
        on_failed(job)
    return len(ended)


def _ring_again() -> int:
    """Ring for what waits although its bell should have been heard; a requeued job has not been rung for yet."""
    unheard = Q(dispatched_at=None) | Q(dispatched_at__lt=in_seconds(-settings.JOB_RING_AGAIN_S))
    due = Q(not_before=None) | Q(not_before__lte=now())
    waiting = Job.objects.filter(unheard, due, state=State.QUEUED).order_by("created_at")
    ids = list(waiting.values_list("id", flat=True)[:AT_ONCE])
    Job.objects.filter(pk__in=ids, state=State.QUEUED).update(dispatched_at=now())
    for job_id in ids:
        ring(job_id)
    return len(ids)
