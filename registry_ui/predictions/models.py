"""The history of predictions, written after the answer."""

import uuid

from django.conf import settings
from django.db import models


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
