"""How far the demo models are: each is a training job, which submits the log job that registers it."""

from dataclasses import dataclass

from demo import DEMOS, Demo, get_demo

from ..accounts import administrator
from .models import Job
from .services import submit_train
from .states import Kind, State


@dataclass(frozen=True)
class DemoProgress:
    """The two jobs of one demo, as far as there are any."""

    demo: Demo
    training: Job | None
    logging: Job | None

    @property
    def is_registered(self) -> bool:
        return self.logging is not None and self.logging.state == State.SUCCEEDED

    @property
    def failed(self) -> Job | None:
        """The job that ended without success."""
        jobs = (self.training, self.logging)
        return next((job for job in jobs if job and job.is_terminal and job.state != State.SUCCEEDED), None)

    @property
    def is_over(self) -> bool:
        return self.is_registered or self.failed is not None


def list_progress() -> list[DemoProgress]:
    """Return how far each demo is, in their order."""
    return [_progress(demo) for demo in DEMOS]


def submit_demo(demo: Demo, *, again: bool = False) -> Job:
    """Ask for the demo to be trained; one job however often it is asked, unless `again`."""
    return submit_train(demo=demo.name, created_by=administrator.find(), idempotency_key=None if again else f"demo:{demo.name}")


def base_of(demo: Demo) -> Demo | None:
    """Return the demo that must be registered first."""
    return get_demo(demo.base) if demo.base else None


def _progress(demo: Demo) -> DemoProgress:
    training = Job.objects.filter(kind=Kind.TRAIN, payload__demo=demo.name).first()
    if training is None:
        return DemoProgress(demo, None, None)
    log_job = (training.result or {}).get("log_job")
    return DemoProgress(demo, training, Job.objects.get(pk=log_job) if log_job else None)
