"""The stages of a job, one after the other: what was done, for how long, and where it stands or stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from django.utils import timezone

from .models import Job
from .progress import Progress
from .states import State


class StepState(StrEnum):
    """Where a step stands."""

    DONE = "done"
    CURRENT = "current"
    STOPPED = "stopped"  # the job ended here without success


@dataclass(frozen=True)
class Step:
    """One step of the timeline."""

    name: str
    state: StepState
    started_at: datetime
    took: timedelta
    progress: Progress | None = None


def steps_of(job: Job) -> list[Step]:
    """Return the wait in the queue and the stages of the latest attempt, oldest first."""
    now = timezone.now()
    if job.state == State.QUEUED:
        return [_wait(job, job.created_at, now, StepState.CURRENT)]
    if job.started_at is None:
        return [_wait(job, job.created_at, job.finished_at or now, StepState.STOPPED)]
    waited = [] if job.attempt > 1 else [_wait(job, job.created_at, job.started_at, StepState.DONE)]
    return [*waited, *_stages(job, job.finished_at or now)]


def _wait(job: Job, begin: datetime, end: datetime, state: StepState) -> Step:
    name = "waiting to try again" if job.attempt and job.state == State.QUEUED else "waiting for a worker"
    return Step(name, state, begin, _span(begin, end))


def _stages(job: Job, end: datetime) -> Iterator[Step]:
    starts = [datetime.fromisoformat(stage["started_at"]) for stage in job.stages]
    for stage, (begin, until) in zip(job.stages, pairwise([*starts, end]), strict=True):
        state = StepState.DONE if stage is not job.stages[-1] else _LAST.get(State(job.state), StepState.STOPPED)
        yield Step(stage["name"], state, begin, _span(begin, until), Progress.of(stage["done"], stage["total"], stage["unit"]))


_LAST = {State.RUNNING: StepState.CURRENT, State.SUCCEEDED: StepState.DONE}


def _span(begin: datetime, end: datetime) -> timedelta:
    """Never negative: a stage is timed by its worker's clock, the job by the database's."""
    return max(end - begin, timedelta())
