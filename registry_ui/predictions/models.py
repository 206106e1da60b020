"""The history of predictions, written after the answer."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from flavor.tasks import Kind, Task, find_task


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
        """What was asked, in short; what was answered, where the question has no words."""
        task = find_task(self.task)
        if task is None or not self.rows:
            return self.task
        asked = task.result_title(self.rows[0])
        return asked if asked != task.title else self._answer(task) or asked

    @property
    def picture_id(self) -> str | None:
        """The asset of the first image that was asked about."""
        task = find_task(self.task)
        row = self.rows[0] if self.rows else {}
        names = [each.name for each in task.inputs if each.kind is Kind.IMAGE] if task is not None else []
        return next((row[name]["asset"] for name in names if isinstance(row.get(name), dict) and "asset" in row[name]), None)

    def _answer(self, task: Task) -> str:
        results = (self.outcome or {}).get("results") or [{}]
        record: dict[str, Any] = next(iter(results[0].get("records") or []), {})
        texts = [record.get(each.name) for each in task.outputs if each.kind is Kind.TEXT]
        return next((text for text in texts if isinstance(text, str)), "")
