"""The facts of a version: read from its files once, since they never change, and again later when that failed."""

import logging
import time
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from flavor.inspection import Facts, read_facts

from . import mlflow_client
from .artifact_folder import FileRefused, open_folder
from .indexing import fitting, refresh_latest
from .mlflow_client import MlflowUnavailable
from .models import ModelVersion

logger = logging.getLogger(__name__)

MODEL_FILE = "MLmodel"
READY = "READY"
# A version is looked at again after half its age, within these limits: a new one may still be written to.
SOONEST_RETRY = timedelta(seconds=10)
LATEST_RETRY = timedelta(minutes=10)


def read_due(*, budget_s: float) -> int:
    """Read the facts of versions that lack them, newest first, for about `budget_s` seconds; return how many."""
    until = time.monotonic() + budget_s
    count = 0
    for pk in _due().values_list("pk", flat=True):
        if time.monotonic() > until:
            break
        version = ModelVersion.objects.select_related("model").filter(pk=pk).first()
        if version is not None:
            read(version)
            count += 1
    return count


def read(version: ModelVersion) -> None:
    """Read and keep the facts of one version; what goes wrong becomes its `problem`."""
    values = _facts(version)
    with transaction.atomic():
        ModelVersion.objects.filter(pk=version.pk).update(**fitting(ModelVersion, values))
        refresh_latest(version.model_id)
    version.refresh_from_db()


def _due() -> Any:
    missing = Q(facts_read_at__isnull=True) | ~Q(problem="")
    is_time = Q(facts_retry_at__isnull=True) | Q(facts_retry_at__lte=timezone.now())
    return ModelVersion.objects.filter(missing & is_time).order_by(F("created_at").desc(nulls_last=True), "-pk")


def _facts(version: ModelVersion) -> dict[str, Any]:
    """Return the columns to write. Nothing that strangers' files do may stop the other versions from being read."""
    now = timezone.now()
    retry_at = now + _patience(version, now)
    artifact_uri = version.artifact_uri
    try:
        artifact_uri = artifact_uri or mlflow_client.artifact_uri_of(version.model.name, version.version)
        facts = _read_from(artifact_uri)
    except MlflowUnavailable as error:
        return {"problem": str(error), "artifact_uri": artifact_uri, "facts_retry_at": retry_at}
    except Exception as error:  # border: files of strangers
        logger.exception("The files of %s could not be read", version.uri)
        reason = f"Its files could not be read ({type(error).__name__}: {error})."
        return {"problem": reason[:500], "artifact_uri": artifact_uri, "facts_retry_at": retry_at}
    values = {each.name: getattr(facts, each.name) for each in fields(facts)}
    is_final = version.status in {"", READY}
    return {
        **values,
        "artifact_uri": artifact_uri,
        "facts_read_at": now if is_final else None,
        "facts_retry_at": retry_at if facts.problem or not is_final else None,
    }


def _read_from(artifact_uri: str) -> Facts:
    folder = open_folder(artifact_uri)
    files = folder.files()
    if all(entry.path != MODEL_FILE for entry in files):
        # Not a model, so not to be listed either: a source may be any folder at all.
        raise MlflowUnavailable(f"There is no {MODEL_FILE} file at {artifact_uri}, so this version holds no model.")

    def look(path: str, limit: int | None = None) -> bytes | None:
        try:
            return folder.read(path, limit)
        except FileRefused:
            return None

    return read_facts(files, look)


def _patience(version: ModelVersion, now: datetime) -> timedelta:
    age = now - version.created_at if version.created_at else LATEST_RETRY
    return min(max(age / 2, SOONEST_RETRY), LATEST_RETRY)
