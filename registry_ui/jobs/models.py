"""The Job row: the one truth about a piece of work."""

import uuid

from django.conf import settings
from django.db import models

from .states import Kind, State


class Job(models.Model):
    """A piece of work. Every change of state is one UPDATE guarded by the old state and, for workers, by the fence.

        queued ──claim──▶ running ──▶ succeeded | failed | timed_out | cancelled
           ▲                 │
           └── lease lost ───┘   (attempt < max_attempts, else failed)

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
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)  # {"code", "detail", "field"}
    log = models.TextField(blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=("-created_at", "-id"), name="job_newest"),
            models.Index(fields=("state", "lease_until"), name="job_state_lease"),
            models.Index(fields=("target", "-created_at"), name="job_target"),
        )
