"""The states a job can be in and the kinds of job there are."""

from django.db import models


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


ACTIVE = frozenset({State.QUEUED, State.RUNNING})
TERMINAL = frozenset(State) - ACTIVE


class Kind(models.TextChoices):
    """What a job does. `handler` is the dotted name that a worker resolves on first use."""

    LOG = "log", "Log a model"
    LOAD = "load", "Load a model"
    TRAIN = "train", "Train a demo model"

    @property
    def handler(self) -> str:
        return {
            Kind.LOG: "registry_ui.workers.log_model:run",
            Kind.LOAD: "registry_ui.workers.load_model:run",
            Kind.TRAIN: "registry_ui.workers.train_demo:run",
        }[self]

    @property
    def is_heavy(self) -> bool:
        """Whether it computes for long: few of these run beside each other on one worker."""
        return self is not Kind.LOAD
