"""MLflow as the index asks it: the only file here that calls MlflowClient. Records come out, one error class too.

Importing mlflow costs seconds, so it happens inside these functions, on the first question.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings

from .records import LoggedModelRecord, RegisteredModelRecord, RunRecord, VersionRecord

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

PAGE = 1000
IDS_PER_QUESTION = 200
_NOT_THERE = frozenset({"RESOURCE_DOES_NOT_EXIST", "ENDPOINT_NOT_FOUND", "NOT_FOUND"})


class MlflowUnavailable(Exception):
    """MLflow did not answer, or not usefully; the message is one sentence for people."""


def list_registered_models(*, newest: int | None = None) -> list[RegisteredModelRecord]:
    """Return every registered model (prompts are none), or the `newest` changed ones, latest change first."""
    order = ["last_updated_timestamp DESC"] if newest else ["name ASC"]

    def page(token: str | None) -> Any:
        return _client().search_registered_models(max_results=min(newest or PAGE, PAGE), order_by=order, page_token=token)

    with _reading("its registered models"):
        return [_registered_model(each) for each in islice(_pages(page), newest)]


def find_registered_model(name: str) -> RegisteredModelRecord | None:
    """Return the registered model, None when there is none (any more)."""
    with _reading(f"the registered model {name!r}"):
        found = _or_none(lambda: _client().get_registered_model(name))
        return _registered_model(found) if found else None


def list_versions(name: str | None = None) -> list[VersionRecord]:
    """Return the versions of the model `name`, or all there are."""
    condition = name_filter(name) if name is not None else None

    def page(token: str | None) -> Any:
        return _client().search_model_versions(condition, max_results=10 * PAGE, page_token=token)

    with _reading("its model versions"):
        return [_version(each) for each in _pages(page) if name is None or each.name == name]


def find_version(name: str, version: int) -> VersionRecord | None:
    """Return the model version, None when there is none (any more)."""
    with _reading(f"{name!r} version {version}"):
        found = _or_none(lambda: _client().get_model_version(name, str(version)))
        return _version(found) if found else None


def artifact_uri_of(name: str, version: int) -> str:
    """Return where the version's files lie; this stays when its LoggedModel is deleted."""
    with _reading(f"where the files of {name!r} version {version} lie"):
        return _client().get_model_version_download_uri(name, str(version))


def list_experiment_ids() -> list[str]:
    """Return the ids of all experiments that are not deleted."""

    def page(token: str | None) -> Any:
        return _client().search_experiments(max_results=PAGE, page_token=token)

    with _reading("its experiments"):
        return [each.experiment_id for each in _pages(page)]


def find_runs(run_ids: Iterable[str], experiment_ids: Sequence[str]) -> dict[str, RunRecord]:
    """Return the runs by id; those that are gone are left out."""
    found: dict[str, RunRecord] = {}
    if not experiment_ids:
        return found
    with _reading("its runs"):
        for ids in _portions(run_ids):
            runs = _client().search_runs(list(experiment_ids), f"attributes.run_id IN ({_quoted(ids)})", max_results=PAGE)
            found |= {run.info.run_id: _run(run) for run in runs}
    return found


def list_logged_models(experiment_ids: Sequence[str], *, newest: int) -> list[LoggedModelRecord]:
    """Return the `newest` LoggedModels, latest first."""
    if not experiment_ids:
        return []

    def page(token: str | None) -> Any:
        return _client().search_logged_models(list(experiment_ids), max_results=min(newest, PAGE), page_token=token)

    with _reading("its logged models"):
        return [_logged_model(each) for each in islice(_pages(page), newest)]


def find_logged_models(model_ids: Iterable[str], experiment_ids: Sequence[str]) -> dict[str, LoggedModelRecord]:
    """Return the LoggedModels by id; those that are gone are left out."""
    found: dict[str, LoggedModelRecord] = {}
    if not experiment_ids:
        return found
    with _reading("its logged models"):
        for ids in _portions(model_ids):
            condition = f"model_id IN ({_quoted(ids)})"
            models = _client().search_logged_models(list(experiment_ids), condition, max_results=PAGE)
            found |= {model.model_id: _logged_model(model) for model in models}
    return found


def artifact_repository(artifact_uri: str) -> "ArtifactRepository":
    """Return MLflow's own reader of a remote folder of files."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with _reading(f"the files at {artifact_uri}"):
        _client()
        return get_artifact_repository(artifact_uri, tracking_uri=settings.MLFLOW_TRACKING_URI)


def address() -> str:
    """Return where MLflow is, as it may be shown: without a password."""
    scheme, _, rest = settings.MLFLOW_TRACKING_URI.rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Say in one sentence that MLflow could not be asked, whatever its stores and their drivers raise."""
    try:
        yield
    except MlflowUnavailable:
        raise
    except Exception as error:  # border: stores, SQL drivers and object stores each raise their own
        raise MlflowUnavailable(f"MLflow at {address()} {_failure(error, what)}") from error


def _client() -> "MlflowClient":
    return _client_of(settings.MLFLOW_TRACKING_URI)


@cache
def _client_of(tracking_uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    _bound_waiting()
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _bound_waiting() -> None:
    """MLflow waits two minutes, asks seven times and draws bars; a page cannot. What the environment says already stays."""
    from mlflow import environment_variables as mlflow_settings

    for variable, value in (
        (mlflow_settings.MLFLOW_HTTP_REQUEST_TIMEOUT, settings.MLFLOW_TIMEOUT_S),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_MAX_RETRIES, 1),
        (mlflow_settings.MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR, 1),
        (mlflow_settings.MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR, False),
    ):
        if not variable.is_set():
            variable.set(value)


def _or_none(ask: Callable[[], Any]) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return ask()
    except MlflowException as error:
        if error.error_code in _NOT_THERE:
            return None
        raise


def _pages(ask: Callable[[str | None], Any]) -> Iterator[Any]:
    token = None
    while True:
        page = ask(token)
        yield from page
        token = page.token
        if not token:
            return


def _portions(ids: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), IDS_PER_QUESTION):
        yield wanted[start : start + IDS_PER_QUESTION]


def name_filter(name: str) -> str:
    """MLflow's filters know no escape: names with both quotes are looked for by a pattern that finds a few more."""
    if "'" not in name:
        return f"name = '{name}'"
    if '"' not in name:
        return f'name = "{name}"'
    return "name LIKE '{}'".format(name.replace("'", "_"))


def _quoted(ids: Iterable[str]) -> str:
    return ",".join(f"'{each}'" for each in ids if "'" not in each)


def _failure(error: Exception, what: str) -> str:
    """Return what went wrong; that nothing listens there is said without the five lines of the HTTP library."""
    from requests import ConnectionError as NobodyListens
    from requests import Timeout

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NobodyListens | Timeout):
            return f"does not answer; it was asked for {what}."
        cause = cause.__cause__ or cause.__context__
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return f"did not give {what}: {first_line.replace(settings.MLFLOW_TRACKING_URI, address())}"


def _time(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _registered_model(found: Any) -> RegisteredModelRecord:
    return RegisteredModelRecord(
        name=found.name,
        description=found.description or "",
        tags=dict(found.tags),
        aliases={alias: int(version) for alias, version in found.aliases.items()},
        created_at=_time(found.creation_timestamp),
        updated_at=_time(found.last_updated_timestamp),
    )


def _version(found: Any) -> VersionRecord:
    source = found.source or ""
    return VersionRecord(
        name=found.name,
        version=int(found.version),
        source=source,
        logged_model_id=source.removeprefix("models:/") if source.startswith("models:/m-") else found.model_id or "",
        run_id=found.run_id or "",
        status=found.status or "",
        description=found.description or "",
        tags=dict(found.tags),
        created_at=_time(found.creation_timestamp),
        updated_at=_time(found.last_updated_timestamp),
    )


def _run(found: Any) -> RunRecord:
    return RunRecord(found.info.run_id, found.info.run_name or "", dict(found.data.params), dict(found.data.metrics))


def _logged_model(found: Any) -> LoggedModelRecord:
    return LoggedModelRecord(
        model_id=found.model_id,
        name=found.name or "",
        status=str(found.status),
        experiment_id=found.experiment_id,
        run_id=found.source_run_id or "",
        params=dict(found.params or {}),
        metrics={metric.key: metric.value for metric in found.metrics or []},
        created_at=_time(found.creation_timestamp),
    )
