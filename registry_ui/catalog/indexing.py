"""Records of MLflow into rows of the index: one transaction a registered model, nothing written when nothing changed.

Two may do this at once (the sync and a job that shows its own version): what was read earlier never overwrites or deletes
what was seen later, and unique constraints settle who made a row.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import models, transaction

from .models import Alias, LoggedModel, ModelVersion, RegisteredModel
from .records import LoggedModelRecord, RegisteredModelRecord, RunRecord, VersionRecord

# A model deleted and made anew under its old name has other files behind the same version number.
_UNREAD: dict[str, Any] = {"artifact_uri": "", "facts_read_at": None, "facts_retry_at": None}


@dataclass(frozen=True)
class Measured:
    """Runs and LoggedModels by id: what was measured, and under which name."""

    runs: Mapping[str, RunRecord] = field(default_factory=dict)
    logged_models: Mapping[str, LoggedModelRecord] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """A registered model with versions, as read together at `read_at`; `is_whole` when no version is left out."""

    record: RegisteredModelRecord
    versions: Sequence[VersionRecord]
    measured: Measured
    read_at: datetime
    is_whole: bool = True

    @property
    def content_hash(self) -> str:
        """Changes with anything a row holds of MLflow."""
        return _hash([asdict(self.record), [_version_values(each, self.measured) for each in self._sorted()]])

    def _sorted(self) -> list[VersionRecord]:
        return sorted(self.versions, key=lambda each: each.version)


def known_hashes(names: Iterable[str] | None = None) -> dict[str, str]:
    """Return the hash of each indexed model, by name."""
    rows = RegisteredModel.objects.all() if names is None else RegisteredModel.objects.filter(name__in=list(names))
    return dict(rows.values_list("name", "content_hash"))


def index(bundle: Bundle) -> None:
    """Make the rows of one registered model what MLflow holds."""
    content_hash = bundle.content_hash if bundle.is_whole else ""
    with transaction.atomic():
        row, is_new = RegisteredModel.objects.select_for_update().get_or_create(
            name=bundle.record.name, defaults=_model_values(bundle, content_hash)
        )
        if not is_new:
            if row.seen_at > bundle.read_at:
                return
            RegisteredModel.objects.filter(pk=row.pk).update(**_model_values(bundle, content_hash))
        _index_versions(row, bundle)
        _index_aliases(row, bundle)
        refresh_latest(row.pk)


def forget_models(names: Iterable[str], *, read_at: datetime) -> int:
    """Delete models that MLflow did not have at `read_at`; return how many."""
    gone = RegisteredModel.objects.filter(name__in=list(names), seen_at__lte=read_at)
    count = gone.count()
    if count:
        gone.delete()
    return count


def forget_version(name: str, version: int) -> None:
    """Delete a version that MLflow does not have."""
    with transaction.atomic():
        ModelVersion.objects.filter(model__name=name, version=version).delete()
        for row in RegisteredModel.objects.filter(name=name):
            refresh_latest(row.pk)


def refresh_latest(model_id: int) -> None:
    """Carry the number and the task of the latest version over to its model."""
    latest = ModelVersion.objects.filter(model=model_id).order_by("-version").values("version", "task").first()
    values = {"latest_version": latest and latest["version"], "task": latest["task"] if latest else ""}
    RegisteredModel.objects.filter(pk=model_id).exclude(**values).update(**values)


def index_logged_models(records: Sequence[LoggedModelRecord], *, is_whole: bool, read_at: datetime) -> None:
    """Keep rows of the LoggedModels that no version points to; `is_whole` when no newer one is left out of `records`."""
    registered = set(ModelVersion.objects.exclude(logged_model_id="").values_list("logged_model_id", flat=True))
    wanted = {record.model_id: _logged_model_values(record) for record in records if record.model_id not in registered}
    known: dict[str, dict[str, object]] = {row["model_id"]: dict(row) for row in LoggedModel.objects.values()}
    for model_id, values in wanted.items():
        earlier = known.get(model_id)
        if earlier is None or any(earlier[name] != value for name, value in values.items()):
            LoggedModel.objects.update_or_create(model_id=model_id, defaults={**values, "seen_at": read_at})
    gone = set(known) & registered
    if is_whole:
        gone |= set(known) - set(wanted)
    if gone:
        LoggedModel.objects.filter(model_id__in=gone, seen_at__lte=read_at).delete()


def json_safe(value: Any) -> Any:
    """Return JSON that every database takes: NaN and infinities as their names, no NUL."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, Mapping):
        return {json_safe(str(name)): json_safe(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(each) for each in value]
    return value


def fitting(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as the model's columns take them: texts cut to their length, JSON made safe."""
    fitted = {}
    for name, value in values.items():
        length = getattr(model._meta.get_field(name), "max_length", None)
        safe = value if isinstance(value, datetime) else json_safe(value)
        fitted[name] = safe[:length] if length and isinstance(safe, str) else safe
    return fitted


def _index_versions(row: RegisteredModel, bundle: Bundle) -> None:
    known = {each["version"]: each for each in row.versions.values("version", "source", "content_hash")}
    for record in bundle.versions:
        values = _version_values(record, bundle.measured)
        content_hash = _hash(values)
        earlier = known.get(record.version)
        if earlier is None or earlier["content_hash"] != content_hash:
            defaults = {**values, "content_hash": content_hash, "seen_at": bundle.read_at}
            if earlier and earlier["source"] != values["source"]:
                defaults |= _UNREAD
            ModelVersion.objects.update_or_create(model=row, version=record.version, defaults=defaults)
    if bundle.is_whole:
        listed = [record.version for record in bundle.versions]
        row.versions.exclude(version__in=listed).filter(seen_at__lte=bundle.read_at).delete()


def _index_aliases(row: RegisteredModel, bundle: Bundle) -> None:
    ids = dict(row.versions.values_list("version", "pk"))
    known = dict(row.aliases.values_list("name", "version_id"))
    for name, version in bundle.record.aliases.items():
        if version in ids and known.get(name) != ids[version]:
            Alias.objects.update_or_create(model=row, name=name, defaults={"version_id": ids[version]})
    gone = set(known) - set(bundle.record.aliases)
    if gone:
        row.aliases.filter(name__in=gone).delete()


def _model_values(bundle: Bundle, content_hash: str) -> dict[str, Any]:
    record = bundle.record
    values = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in {"name", "aliases"}}
    return {**fitting(RegisteredModel, values), "content_hash": content_hash, "seen_at": bundle.read_at}


def _version_values(record: VersionRecord, measured: Measured) -> dict[str, Any]:
    """Return the columns that come from MLflow itself. A LoggedModel's figures win: they are of this very model."""
    run = measured.runs.get(record.run_id) or RunRecord(record.run_id)
    logged = measured.logged_models.get(record.logged_model_id) or LoggedModelRecord(record.logged_model_id)
    values = {each.name: getattr(record, each.name) for each in fields(record) if each.name not in {"name", "version"}}
    values |= {
        "run_name": run.name,
        "params": {**run.params, **logged.params},
        "metrics": {**run.metrics, **logged.metrics},
    }
    return fitting(ModelVersion, values)


def _logged_model_values(record: LoggedModelRecord) -> dict[str, Any]:
    names = ("name", "status", "experiment_id", "run_id", "created_at")
    return fitting(LoggedModel, {name: getattr(record, name) for name in names})


def _hash(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
