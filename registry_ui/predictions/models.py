"""The history of predictions, written after the answer."""

import uuid

from django.conf import settings
from django.db import models

from flavor.tasks import Kind, find_task


class Prediction(models.Model):
    """One answered (or failed) prediction of one model, kept for its permalink and the history."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_uri = models.CharField(max_length=500, db_index=True)
    model_name = models.CharField(max_length=300, blank=True)
    model_version = models.CharField(max_length=50, blank=True)
    task = models.CharField(max_length=100)
    rows = models.JSONField()
    params = models.JSONField(default=dict)
    outcome = models.JSONField(null=True)  # the `Outcome` of predictions/outcomes.py as JSON
    error = models.JSONField(null=True)
    timing_ms = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    @property
    def title(self) -> str:
        """What was asked, in short."""
        task = find_task(self.task)
        return task.result_title(self.rows[0]) if task is not None and self.rows else self.task

    @property
    def picture_id(self) -> str | None:
        """The asset of the first image that was asked about."""
        task = find_task(self.task)
        row = self.rows[0] if self.rows else {}
        names = [each.name for each in task.inputs if each.kind is Kind.IMAGE] if task is not None else []
        return next((row[name]["asset"] for name in names if isinstance(row.get(name), dict) and "asset" in row[name]), None)
