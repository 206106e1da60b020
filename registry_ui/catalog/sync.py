"""MLflow → index: everything each turn while the registry is small, else what changed and a slice of the rest.

`last_updated` of MLflow moves with new versions and descriptions only; tags, aliases, metrics and deletions are found by
comparing, model by model.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from . import facts, indexing, mlflow_client
from .indexing import Bundle, Measured
from .mlflow_client import MlflowUnavailable
from .models import ModelVersion, RegisteredModel, SyncState
from .records import LoggedModelRecord, RegisteredModelRecord, VersionRecord

# Up to this many registered models all of them are compared each turn.
WHOLE_UP_TO = 500
MODELS_PER_SLICE = 25
NEWEST_CHANGED = 200
NEWEST_LOGGED_MODELS = 1000
NEWEST_LOGGED_MODELS_IN_SLICE = 100
FACTS_BUDGET_S = 20.0
# Clocks differ, and transactions of MLflow end later than their timestamps say.
OVERLAP = timedelta(seconds=60)


@dataclass(frozen=True)
class SyncReport:
    """What one turn did; `problem` is one sentence when MLflow could not be asked."""

    indexed: int = 0
    forgotten: int = 0
    facts_read: int = 0
    duration_s: float = 0.0
    problem: str = ""


def sync_once() -> SyncReport:
    """Take one turn. MLflow being away is noted in SyncState and in the report, and raises nothing."""
    started_at, started = timezone.now(), time.monotonic()
    state, _ = SyncState.objects.get_or_create(pk=1)
    try:
        indexed, forgotten = _whole(state, started_at) if _is_small() else _changes_and_slice(state, started_at)
    except MlflowUnavailable as error:
        SyncState.objects.filter(pk=1).update(last_started_at=started_at, problem=str(error))
        return SyncReport(problem=str(error), duration_s=time.monotonic() - started)
    facts_read = facts.read_due(budget_s=FACTS_BUDGET_S)
    state.last_started_at, state.last_succeeded_at, state.problem = started_at, timezone.now(), ""
    state.save()
    return SyncReport(indexed, forgotten, facts_read, time.monotonic() - started)


def refresh_version(name: str, version: str | int) -> None:
    """Bring one version up to date now. Raises MlflowUnavailable."""
    read_at = timezone.now()
    number = int(version)
    record = mlflow_client.find_registered_model(name)
    if record is None:
        indexing.forget_models([name], read_at=read_at)
        return
    found = mlflow_client.find_version(name, number)
    if found is None:
        indexing.forget_version(name, number)
        return
    measured = _measured([found], mlflow_client.list_experiment_ids())
    indexing.index(Bundle(record, [found], measured, read_at, is_whole=False))
    row = ModelVersion.objects.select_related("model").filter(model__name=name, version=number).first()
    if row is not None and (row.facts_read_at is None or row.problem):
        facts.read(row)


def _is_small() -> bool:
    return RegisteredModel.objects.count() <= WHOLE_UP_TO


def _whole(state: SyncState, read_at: datetime) -> tuple[int, int]:
    """Compare everything."""
    records = mlflow_client.list_registered_models()
    versions = _by_name(mlflow_client.list_versions())
    experiments = mlflow_client.list_experiment_ids()
    logged = mlflow_client.list_logged_models(experiments, newest=NEWEST_LOGGED_MODELS)
    measured = _measured([each for group in versions.values() for each in group], experiments, logged)
    bundles = [Bundle(record, versions[record.name], measured, read_at) for record in records]
    indexed = _index_changed(bundles, indexing.known_hashes())
    forgotten = indexing.forget_models(indexing.known_hashes().keys() - {each.name for each in records}, read_at=read_at)
    indexing.index_logged_models(logged, is_whole=True, read_at=read_at)
    state.last_reconciled_at = read_at
    state.changed_until = _latest_change(records, state.changed_until)
    return indexed, forgotten


def _changes_and_slice(state: SyncState, read_at: datetime) -> tuple[int, int]:
    """Compare what changed lately and the next slice by name."""
    changed = mlflow_client.list_registered_models(newest=NEWEST_CHANGED)
    since = state.changed_until - OVERLAP if state.changed_until else None
    names = [each.name for each in changed if since is None or each.updated_at is None or each.updated_at >= since]
    slice_names = _next_slice(state, read_at)
    indexed, forgotten = _compare([*dict.fromkeys([*names, *slice_names])], read_at)
    state.changed_until = _latest_change(changed, state.changed_until)
    return indexed, forgotten


def _next_slice(state: SyncState, read_at: datetime) -> list[str]:
    """Return the names that are next; after the last, all of MLflow's that the index lacks, and the walk begins anew."""
    rest = RegisteredModel.objects.filter(name__gt=state.walked_until).order_by("name")
    names = list(rest.values_list("name", flat=True)[:MODELS_PER_SLICE])
    if len(names) == MODELS_PER_SLICE:
        state.walked_until = names[-1]
        return names
    state.walked_until, state.last_reconciled_at = "", read_at
    known = indexing.known_hashes()
    return names + [each.name for each in mlflow_client.list_registered_models() if each.name not in known]


def _compare(names: Sequence[str], read_at: datetime) -> tuple[int, int]:
    experiments = mlflow_client.list_experiment_ids()
    records = {name: mlflow_client.find_registered_model(name) for name in names}
    versions = {name: mlflow_client.list_versions(name) for name, record in records.items() if record}
    measured = _measured([each for group in versions.values() for each in group], experiments)
    bundles = [Bundle(record, versions[name], measured, read_at) for name, record in records.items() if record]
    indexed = _index_changed(bundles, indexing.known_hashes(names))
    forgotten = indexing.forget_models([name for name, record in records.items() if record is None], read_at=read_at)
    logged = mlflow_client.list_logged_models(experiments, newest=NEWEST_LOGGED_MODELS_IN_SLICE)
    indexing.index_logged_models(logged, is_whole=False, read_at=read_at)
    return indexed, forgotten


def _index_changed(bundles: Sequence[Bundle], known: dict[str, str]) -> int:
    changed = [bundle for bundle in bundles if known.get(bundle.record.name) != bundle.content_hash]
    for bundle in changed:
        indexing.index(bundle)
    return len(changed)


def _measured(
    versions: Sequence[VersionRecord], experiments: Sequence[str], logged: Sequence[LoggedModelRecord] = ()
) -> Measured:
    """Ask for the runs and LoggedModels of the versions, but for those that are known already."""
    known = {each.model_id: each for each in logged}
    missing = [each.logged_model_id for each in versions if each.logged_model_id and each.logged_model_id not in known]
    return Measured(
        runs=mlflow_client.find_runs([each.run_id for each in versions if each.run_id], experiments),
        logged_models=known | mlflow_client.find_logged_models(missing, experiments),
    )


def _by_name(versions: Sequence[VersionRecord]) -> dict[str, list[VersionRecord]]:
    grouped: dict[str, list[VersionRecord]] = defaultdict(list)
    for version in versions:
        grouped[version.name].append(version)
    return grouped


def _latest_change(records: Sequence[RegisteredModelRecord], known: datetime | None) -> datetime | None:
    return max([each.updated_at for each in records if each.updated_at] + ([known] if known else []), default=None)
