"""The index: what MLflow holds, as rows of our own, so that no page waits for MLflow."""

from django.db import models

from flavor.artifact_files import parsed_yaml
from flavor.flavor_config import FlavorConfig
from flavor.plain_data import as_dict
from flavor.tasks import Task, find_task
from flavor.tasks._adapters import ADAPTER, with_adapters

from .figures import Figure, main_figure

OUR_TAGS = "registry_ui."  # what log jobs write to find their own traces again: no news for people


def tags_for_people(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags without those that jobs keep for themselves."""
    return {name: value for name, value in tags.items() if not name.startswith(OUR_TAGS)}


class RegisteredModel(models.Model):
    """A registered model of MLflow."""

    name = models.CharField(max_length=300, unique=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    latest_version = models.PositiveIntegerField(null=True)
    task = models.CharField(max_length=100, blank=True, db_index=True)  # of the latest version
    seen_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    # Filled by the selectors' prefetch: the latest version, or nothing.
    latest_versions: "list[ModelVersion]"

    class Meta:
        ordering = ("name",)

    @property
    def shown_tags(self) -> dict[str, str]:
        """The tags that people set."""
        return tags_for_people(self.tags)

    @property
    def latest(self) -> "ModelVersion | None":
        """The latest version, as prefetched by the selectors."""
        return next(iter(self.latest_versions), None)


class ModelVersion(models.Model):
    """A model version and the facts read from its logged model's files."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    source = models.CharField(max_length=1000)  # "models:/m-…" or an artifact URI
    artifact_uri = models.TextField(blank=True)  # where the files lie; found when the facts are read
    logged_model_id = models.CharField(max_length=100, blank=True, db_index=True)  # "m-…"
    run_id = models.CharField(max_length=64, blank=True, db_index=True)
    run_name = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)

    task = models.CharField(max_length=100, blank=True, db_index=True)
    architecture = models.CharField(max_length=200, blank=True)
    parameter_count = models.BigIntegerField(null=True)
    dtype = models.CharField(max_length=40, blank=True)
    size_bytes = models.BigIntegerField(null=True)
    license = models.CharField(max_length=100, blank=True)
    base_model = models.CharField(max_length=500, blank=True)
    transformers_version = models.CharField(max_length=40, blank=True)
    card = models.TextField(blank=True)  # Markdown without its front matter
    card_data = models.JSONField(default=dict)
    signature = models.JSONField(null=True)  # {"inputs": [...], "outputs": [...], "params": [...]}
    input_example = models.JSONField(null=True)
    prompt_template = models.TextField(blank=True)
    chat_template = models.TextField(blank=True)
    model_config = models.JSONField(default=dict)
    mlmodel = models.TextField(blank=True)  # the MLmodel file
    files = models.JSONField(default=list)  # [{"path", "size_bytes"}]
    problem = models.TextField(blank=True)  # why the facts could not be read, or why it cannot be tried
    facts_read_at = models.DateTimeField(null=True)
    facts_retry_at = models.DateTimeField(null=True)  # not before, when reading them failed
    seen_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=("model", "version"), name="one_row_per_version"),)

    @property
    def shown_tags(self) -> dict[str, str]:
        """The tags that people set."""
        return tags_for_people(self.tags)

    @property
    def uri(self) -> str:
        """The address by which workers load this version."""
        return f"models:/{self.model.name}/{self.version}"

    @property
    def known_task(self) -> Task | None:
        """The description of its task, None when that is not known here."""
        return find_task(self.task)

    @property
    def own_task(self) -> Task | None:
        """The same with what this version's model adds to it: the choice among its adapters."""
        task = self.known_task
        names = [each.get("name") for each in (self.signature or {}).get("params") or []]
        if task is None or ADAPTER not in names:
            return task
        said = FlavorConfig.read(as_dict(parsed_yaml(self.mlmodel, "MLmodel")))
        return with_adapters(task, said.adapters, said.active_adapter, base_answers=said.base_answers)

    @property
    def figure(self) -> Figure | None:
        """The metric to show where there is room for one."""
        return main_figure(self.metrics)

    @property
    def is_read(self) -> bool:
        """Whether its files have been looked at, with whatever outcome."""
        return self.facts_read_at is not None or bool(self.problem)


class Alias(models.Model):
    """An alias of a registered model."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=255)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("model", "name"), name="one_version_per_alias"),)


class LoggedModel(models.Model):
    """A LoggedModel of MLflow that no version points to (yet)."""

    model_id = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=300)
    status = models.CharField(max_length=40)
    experiment_id = models.CharField(max_length=64)
    run_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)


class SyncState(models.Model):
    """One row: how fresh the index is."""

    last_started_at = models.DateTimeField(null=True)
    last_succeeded_at = models.DateTimeField(null=True)
    last_reconciled_at = models.DateTimeField(null=True)
    changed_until = models.DateTimeField(null=True)  # changes of MLflow up to here are in the index
    walked_until = models.CharField(max_length=300, blank=True)  # the rolling reconcile stands after this name
    problem = models.TextField(blank=True)
