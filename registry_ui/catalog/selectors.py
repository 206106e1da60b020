"""What pages and REST read: the index only, in a number of queries that does not grow with the rows."""

from dataclasses import dataclass

from django.db.models import Count, F, Prefetch, QuerySet
from django.http import Http404

from .models import Alias, LoggedModel, ModelVersion, RegisteredModel, SyncState
from .search import DEFAULT_SORT, ModelQuery

LATEST = "latest"
# Large texts that no list shows.
HEAVY = ("card", "mlmodel", "files", "chat_template", "prompt_template", "signature", "input_example", "card_data")


class NotFound(Http404, LookupError):
    """What was asked for is not in the index; the message is one sentence for people."""


class ModelNotFound(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is no registered model named “{name}” here.")


class VersionNotFound(NotFound):
    def __init__(self, name: str, version: str | int) -> None:
        super().__init__(f"Model “{name}” has no version {version}.")


class AliasNotFound(NotFound):
    def __init__(self, name: str, alias: str) -> None:
        super().__init__(f"Model “{name}” has no alias “{alias}”.")


@dataclass(frozen=True)
class TaskCount:
    """How many of the models that match do a task; the empty name is for those whose task is not known."""

    task: str
    models: int


def list_models(*, q: str = "", task: str = "", sort: str = DEFAULT_SORT) -> QuerySet[RegisteredModel]:
    """Return models with their latest version and aliases ready to be read."""
    return list_models_for(ModelQuery.of({"q": q, "task": task, "sort": sort}))


def list_models_for(query: ModelQuery) -> QuerySet[RegisteredModel]:
    """Return what the query asks for, with latest version and aliases ready to be read."""
    return query.in_order(query.of_task(query.matching())).prefetch_related(*_with_latest_and_aliases())


def count_tasks(query: ModelQuery) -> list[TaskCount]:
    """Return the tasks of all models that match the words, most frequent first."""
    counts = query.matching().values("task").annotate(models=Count("pk")).order_by("-models", "task")
    return [TaskCount(row["task"], row["models"]) for row in counts]


def get_model(name: str) -> RegisteredModel:
    """Return the model with aliases ready to be read. Raises ModelNotFound."""
    model = RegisteredModel.objects.filter(name=name).prefetch_related(*_with_latest_and_aliases()).first()
    if model is None:
        raise ModelNotFound(name)
    return model


def list_versions(model: RegisteredModel) -> QuerySet[ModelVersion]:
    """Return the model's versions, latest first, without what only their own page shows."""
    return model.versions.defer(*HEAVY).select_related("model").prefetch_related("aliases")


def get_model_version(name: str, version_or_alias: str | int) -> ModelVersion:
    """Return a version by number, alias (with or without `@`) or the word `latest`, with its model and aliases.

    Raises ModelNotFound, VersionNotFound or AliasNotFound.
    """
    asked = str(version_or_alias)
    found = _versions().filter(model__name=name)
    if _is_number(asked):
        version = found.filter(version=int(asked)).first()
        error: NotFound = VersionNotFound(name, asked)
    elif asked == LATEST:
        version = found.filter(version=F("model__latest_version")).first()
        error = VersionNotFound(name, "yet")
    else:
        version = found.filter(aliases__name=asked.removeprefix("@")).first()
        error = AliasNotFound(name, asked.removeprefix("@"))
    if version is None:
        raise error if RegisteredModel.objects.filter(name=name).exists() else ModelNotFound(name)
    return version


def find_by_uri(uri: str) -> ModelVersion | None:
    """Return the version behind `models:/name/3`, `models:/name@alias` or `models:/m-…`, None when it is none of ours."""
    address = uri.removeprefix("models:/").strip("/")
    if address == uri.strip("/"):
        return None
    if address.startswith("m-") and "/" not in address and "@" not in address:
        return _versions().filter(logged_model_id=address).first()
    name, _, asked = address.rpartition("@") if "@" in address and "/" not in address else address.rpartition("/")
    try:
        return get_model_version(name, asked)
    except NotFound:
        return None


def find_base(version: ModelVersion) -> ModelVersion | None:
    """Return the version that this one's base model is, None when it is none of ours."""
    base = version.base_model
    if not base or base == version.uri:
        return None
    if base.startswith("models:/"):
        return find_by_uri(base)
    return _versions().filter(model__name=base, version=F("model__latest_version")).exclude(model=version.model_id).first()


def find_card_version(model: RegisteredModel) -> ModelVersion | None:
    """Return the latest version that has a card, None when none has."""
    return model.versions.exclude(card="").select_related("model").order_by("-version").first()


def list_recent_versions(limit: int) -> list[ModelVersion]:
    """Return the versions made last, whichever their model."""
    recent = ModelVersion.objects.defer(*HEAVY).select_related("model").prefetch_related("aliases")
    return list(recent.order_by(F("created_at").desc(nulls_last=True), "-pk")[:limit])


def list_logged_models() -> QuerySet[LoggedModel]:
    """Return the LoggedModels that no version points to, latest first."""
    return LoggedModel.objects.order_by(F("created_at").desc(nulls_last=True), "-pk")


def sync_state() -> SyncState:
    """Return how fresh the index is."""
    return SyncState.objects.filter(pk=1).first() or SyncState()


def _versions() -> QuerySet[ModelVersion]:
    return ModelVersion.objects.select_related("model").prefetch_related("aliases")


def _with_latest_and_aliases() -> tuple[Prefetch, Prefetch]:
    latest = ModelVersion.objects.filter(version=F("model__latest_version")).defer(*HEAVY).select_related("model")
    return (
        Prefetch("versions", latest.prefetch_related("aliases"), to_attr="latest_versions"),
        Prefetch("aliases", Alias.objects.select_related("version").only("name", "model_id", "version__version")),
    )


def _is_number(text: str) -> bool:
    """Aliases cannot be numbers of a version; one too large for the column is no version either."""
    return text.isascii() and text.isdigit() and len(text) < 10
