"""The workers as their page shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..catalog.models import ModelVersion
from ..catalog.selectors import find_by_uri
from ..jobs.models import Job
from . import gateway
from .outcomes import ModelStateView, WorkerView
from .stages import Stage, stage_of


@dataclass(frozen=True)
class HeldModel:
    """A model on a worker; `version` is None for one that the index does not know."""

    view: ModelStateView
    version: ModelVersion | None

    @property
    def stage(self) -> Stage:
        return stage_of(self.view)

    @property
    def idle(self) -> timedelta | None:
        return timedelta(seconds=self.view.idle_s) if self.view.idle_s is not None else None


@dataclass(frozen=True)
class WorkerPanel:
    """A worker, what it holds and what it does."""

    view: WorkerView
    models: list[HeldModel]
    jobs: list[Job]

    @property
    def started_at(self) -> datetime:
        return datetime.fromtimestamp(self.view.started_at, UTC)

    @property
    def models_bytes(self) -> int:
        """Memory of the models that it holds."""
        return sum(model.view.memory_bytes or 0 for model in self.models)


def list_panels() -> list[WorkerPanel]:
    """Return the workers that are alive, by name."""
    return [_panel(worker) for worker in gateway.workers()]


def _panel(worker: WorkerView) -> WorkerPanel:
    models = [HeldModel(model, find_by_uri(model.uri)) for model in worker.models]
    return WorkerPanel(worker, models, list(Job.objects.filter(pk__in=worker.jobs)))
