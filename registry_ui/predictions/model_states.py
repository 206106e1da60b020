"""Where one model version is, as its page shows it: what a worker says, and the load job that is on its way."""

from dataclasses import dataclass
from datetime import timedelta

from ..catalog.models import ModelVersion
from ..jobs.models import Job
from ..jobs.services import list_jobs
from ..jobs.states import ACTIVE, Kind
from . import gateway
from .outcomes import ModelPhase, ModelStateView
from .stages import Stage, stage_of

MOVING = frozenset({ModelPhase.FETCHING, ModelPhase.LOADING})


@dataclass(frozen=True)
class ModelState:
    """A version and where it is."""

    version: ModelVersion
    view: ModelStateView
    job: Job | None
    has_worker: bool

    @property
    def stage(self) -> Stage:
        return stage_of(self.view)

    @property
    def is_moving(self) -> bool:
        """Whether it will soon be elsewhere, so that a page asks again."""
        return self.view.state in MOVING or self.job is not None

    @property
    def is_warm(self) -> bool:
        return self.view.state == ModelPhase.WARM

    @property
    def is_failed(self) -> bool:
        return self.view.state == ModelPhase.FAILED

    @property
    def badge(self) -> str:
        """The state whose badge is shown: a job that no worker has begun is queued."""
        return "queued" if self.job is not None and self.view.state in {ModelPhase.COLD, ModelPhase.FAILED} else self.view.state

    @property
    def idle(self) -> timedelta | None:
        return timedelta(seconds=self.view.idle_s) if self.view.idle_s is not None else None


def state_of(version: ModelVersion) -> ModelState:
    """Return where the version is now."""
    workers = gateway.workers()
    view = gateway.model_state(version.uri)
    job = list_jobs(state=ACTIVE, kind=Kind.LOAD).filter(target=version.uri).first()
    return ModelState(version, view, None if view.state == ModelPhase.WARM else job, bool(workers))
