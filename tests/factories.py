"""Rows of the index as tests need them, without an MLflow behind them."""

import hashlib
from typing import Any

from django.utils import timezone

from registry_ui.catalog.models import Alias, ModelVersion, RegisteredModel


def make_version(
    name: str = "sentiment",
    version: int = 1,
    task: str = "text-classification",
    aliases: tuple[str, ...] = (),
    **facts: Any,
) -> ModelVersion:
    """Return an indexed model version; its model is made when it is new, aliases are moved to it."""
    now = timezone.now()
    model, _ = RegisteredModel.objects.get_or_create(
        name=name, defaults={"created_at": now, "updated_at": now, "seen_at": now, "content_hash": _hash(name)}
    )
    row = ModelVersion.objects.create(
        model=model,
        version=version,
        task=task,
        **{
            "source": f"models:/m-{_hash(name, version)[:32]}",
            "logged_model_id": f"m-{_hash(name, version)[:32]}",
            "status": "READY",
            "created_at": now,
            "updated_at": now,
            "facts_read_at": now,
            "seen_at": now,
            "content_hash": _hash(name, version),
            **facts,
        },
    )
    if model.latest_version is None or version >= model.latest_version:
        model.latest_version, model.task = version, task
        model.save(update_fields=["latest_version", "task"])
    for alias in aliases:
        Alias.objects.update_or_create(model=model, name=alias, defaults={"version": row})
    return row


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
