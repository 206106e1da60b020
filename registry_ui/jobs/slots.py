"""How many jobs one worker runs at a time, and what it does when one of them ends: look for the next."""

import threading
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Q, When

from . import runner
from .clock import now
from .models import Job
from .states import Kind, State

# Loading waits for disks and children, not for cores; still it may not take the last thread from predictions.
LIGHT_SLOTS = 4

HEAVY_KINDS = frozenset(kind for kind in Kind if kind.is_heavy)


def answer_bell(job_id: UUID) -> None:
    """Run the job that rang, then what waits beside it, until nothing does.

    Without a free slot the bell is not answered: the row stays queued, and whoever leaves a slot looks for it.
    """
    job = Job.objects.filter(pk=job_id).only("kind").first()
    if job is None:
        return
    is_heavy = Kind(job.kind).is_heavy
    slot = _slots()[is_heavy]
    waiting: UUID | None = job_id
    while waiting is not None and slot.acquire(blocking=False):
        try:
            ran = runner.run(waiting)
        finally:
            slot.release()
        waiting = next_waiting(is_heavy) if ran else None


def next_waiting(is_heavy: bool) -> UUID | None:
    """Return the oldest queued job of this weight that is due; what somebody waits for comes before the demo's training."""
    kinds = HEAVY_KINDS if is_heavy else frozenset(Kind) - HEAVY_KINDS
    due = Q(not_before=None) | Q(not_before__lte=now())
    queued = Job.objects.filter(due, state=State.QUEUED, kind__in=kinds)
    queued = queued.order_by(Case(When(kind=Kind.TRAIN, then=1), default=0), "created_at")
    return queued.values_list("id", flat=True).first()


@cache
def _slots() -> dict[bool, threading.Semaphore]:
    return {True: threading.Semaphore(settings.JOB_CONCURRENCY), False: threading.Semaphore(LIGHT_SLOTS)}
