"""Addresses that more than one page needs."""

from django.urls import reverse

from .models import ModelVersion


def files_url(version: ModelVersion) -> str:
    """Return the folder below which the version's files are served."""
    return reverse("catalog:file", args=(version.model.name, version.version, "-"))[:-1]
