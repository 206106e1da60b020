"""The Job row: the one truth about a piece of work."""

import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from . import events
from .clock import in_seconds, now
from .leases import Lease
from .states import ACTIVE, TERMINAL, Kind, State

__all__ = ["Job", "Lease"]


class Job(models.Model):
    """A piece of work. Every change of state is one UPDATE guarded by the old state and, for workers, by the fence.

        queued ──claim──▶ running ──▶ succeeded | failed | timed_out | cancelled
         ▲  │                │              │ retry (failed, timed_out, cancelled)
         │  └─cancel─▶ cancelled            │
         ├── lease lost, released ──────────┤
         └──────────────────────────────────┘   (lease lost: attempt < max_attempts, else failed)

    A worker owns the row while `lease_until` lies ahead and its `fence` is the row's; every later write of a worker
    that lost its lease changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=20, choices=State, default=State.QUEUED)
    payload = models.JSONField(default=dict)
    target = models.CharField(max_length=500, blank=True)  # what it is about, for people: "models:/sentiment/3"
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="jobs")
    idempotency_key = models.CharField(max_length=300, null=True, unique=True)
    payload_hash = models.CharField(max_length=64, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    fence = models.PositiveBigIntegerField(default=0)
    owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    deadline = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    stage = models.CharField(max_length=100, blank=True)  # "copying weights"
    progress_done = models.BigIntegerField(null=True)
    progress_total = models.BigIntegerField(null=True)
    progress_unit = models.CharField(max_length=20, blank=True)  # "bytes", "steps"
    stages = models.JSONField(default=list)  # of this attempt: [{"name", "started_at", "done", "total", "unit"}]
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)  # {"code", "detail", "field"}
    log = models.TextField(blank=True)

    # Whether this object answers a request that was made before, with the same idempotency key; not kept in the row.
    is_replay = False

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="job_newest"),
            models.Index(fields=("state", "lease_until"), name="job_state_lease"),
            models.Index(fields=("target", "-created_at"), name="job_target"),
        )

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen unless somebody retries it."""
        return self.state in TERMINAL

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE

    @property
    def principal_key(self) -> str | None:
        """The idempotency key as its sender gave it."""
        return self.idempotency_key.partition(":")[2] if self.idempotency_key else None

    def claim(self, owner: str, *, lease_s: float, timeout_s: float) -> bool:
        """Queued to running, owned by `owner`, a name never used before.

        False when another worker was first, the job was cancelled, or its time has not come.
        """
        due = Q(not_before=None) | Q(not_before__lte=now())
        moved = self._move(
            State.RUNNING,
            allowed={State.QUEUED},
            guard=due,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            owner=owner,
            lease_until=in_seconds(lease_s),
            deadline=in_seconds(timeout_s),
            started_at=now(),
            stage="",
            stages=[],
            progress_done=None,
            progress_total=None,
            progress_unit="",
        )
        return moved and self.owner == owner

    def renew(self, *, lease_s: float) -> bool:
        """Lengthen the lease. False when it is lost: stop at once and write nothing more."""
        return bool(self._mine().update(lease_until=in_seconds(lease_s)))

    def record(self, **changes: Any) -> bool:
        """Write progress or log of the running attempt. False when the lease is lost."""
        return bool(self._mine().update(**changes))

    def is_cancel_requested(self) -> bool:
        """Ask the database whether somebody wants this job to end."""
        return Job.objects.filter(pk=self.pk, cancel_requested_at__isnull=False).exists()

    def succeed(self, result: dict[str, Any]) -> bool:
        """Running to succeeded, by the worker that holds the fence; from now on the job is about what it made."""
        target = str(result.get("model_uri") or self.target)[:500]
        return self._finish(State.SUCCEEDED, result=result, error=None, target=target)

    def fail(self, *, code: str, detail: str, field: str | None = None) -> bool:
        """Running to failed with one sentence for people, by the worker that holds the fence."""
        return self._finish(State.FAILED, error=error_of(code, detail, field))

    def time_out(self) -> bool:
        """Running to timed out."""
        return self._finish(State.TIMED_OUT, error=error_of("timeout", "The job took longer than it may and was stopped."))

    def end_cancelled(self) -> bool:
        """Running to cancelled, once its work has stopped."""
        return self._finish(State.CANCELLED)

    def cancel(self) -> bool:
        """Queued to cancelled at once; a running job is asked to stop. False when neither."""
        if self._move(State.CANCELLED, allowed={State.QUEUED}, cancel_requested_at=now(), finished_at=now()):
            return True
        waiting = Job.objects.filter(pk=self.pk, state=State.RUNNING, cancel_requested_at=None)
        return bool(waiting.update(cancel_requested_at=now()))

    def release(self) -> bool:
        """Running back to queued without costing an attempt: its worker stops and nobody is to blame."""
        return self._requeue(attempt=F("attempt") - 1, not_before=None)

    def try_again(self, *, after_s: float) -> bool:
        """Running back to queued, to be claimed no earlier than in `after_s` seconds."""
        return self._requeue(not_before=in_seconds(after_s))

    def lose(self) -> bool:
        """Take the job from a worker whose lease ended: back to queued, or failed when its attempts are spent."""
        if self.cancel_requested_at:
            return self._finish(State.CANCELLED, guard=Q(lease_until__lt=now()), fence=F("fence") + 1)
        if self.attempt < self.max_attempts:
            return self._requeue(guard=Q(lease_until__lt=now()), not_before=None)
        detail = f"Its worker stopped answering, {self.attempt} times in all; the log of worker {self.worker!r} may say why."
        error = error_of("worker-lost", detail)
        return self._finish(State.FAILED, guard=Q(lease_until__lt=now()), fence=F("fence") + 1, error=error)

    def retry(self, *, attempts: int) -> bool:
        """Ended without success to queued, with `attempts` more attempts. False when there is nothing to retry."""
        return self._move(
            State.QUEUED,
            allowed=TERMINAL - {State.SUCCEEDED},
            max_attempts=F("attempt") + attempts,
            fence=F("fence") + 1,
            not_before=None,
            dispatched_at=now(),
            cancel_requested_at=None,
            finished_at=None,
            deadline=None,
            error=None,
            stage="",
        )

    @property
    def worker(self) -> str:
        """The name of the worker that has, or had, the job."""
        return self.owner.rpartition("/")[0]

    def _mine(self) -> "models.QuerySet[Job]":
        return Job.objects.filter(pk=self.pk, fence=self.fence, state=State.RUNNING)

    def _finish(self, state: State, *, guard: Q | None = None, **changes: Any) -> bool:
        return self._move(
            state,
            allowed={State.RUNNING},
            guard=Q(fence=self.fence) & (guard or Q()),
            finished_at=now(),
            lease_until=None,
            **changes,
        )

    def _requeue(self, *, guard: Q | None = None, **changes: Any) -> bool:
        return self._move(
            State.QUEUED,
            allowed={State.RUNNING},
            guard=Q(fence=self.fence) & (guard or Q()),
            fence=F("fence") + 1,
            lease_until=None,
            deadline=None,
            dispatched_at=None,
            **changes,
        )

    def _move(self, state: State, *, allowed: Collection[State], guard: Q | None = None, **changes: Any) -> bool:
        """Change state in one UPDATE guarded by the old state, so that two workers cannot both win.

        The loser's object stays as it was: refreshed, it would carry the winner's fence.
        """
        moved = Job.objects.filter(guard or Q(), pk=self.pk, state__in=allowed).update(state=state, **changes)
        if moved:
            self.refresh_from_db()
            events.announce(self)
        return bool(moved)


def error_of(code: str, detail: str, field: str | None = None) -> dict[str, str | None]:
    """Return the JSON of `Job.error`."""
    return {"code": code, "detail": detail, "field": field}
