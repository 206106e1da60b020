"""Media that people upload and models produce."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Asset(models.Model):
    """One stored medium. Its bytes lie in Django's default storage under `path`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, db_index=True)
    media_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    path = models.CharField(max_length=200)
    name = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    expires_at = models.DateTimeField(null=True)

    @property
    def is_kept(self) -> bool:
        """Whether its time is not over."""
        return self.expires_at is None or self.expires_at > timezone.now()
