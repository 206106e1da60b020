"""Why running work must stop: asked to, lease lost, or the worker is leaving; and the list of what runs here."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID

from redis.exceptions import RedisError

from ..web.redis import client, key

logger = logging.getLogger(__name__)

CONTROL_CHANNEL = key("control")
CANCEL_JOB = "cancel-job"


class Reason(StrEnum):
    CANCELLED = "cancelled"
    LOST = "lost"
    RELEASED = "released"


class Interruption:
    """A flag that the work of one attempt looks at. The first reason stays, but a lost lease overrules."""

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        return self.reason is not None

    def set(self, reason: Reason) -> None:
        """Tell the work to stop."""
        with self._lock:
            if self.reason is None or reason is Reason.LOST:
                self.reason = reason


class Running:
    """The attempts that run in this process; two of one job when an older one has not noticed yet that it lost its lease."""

    def __init__(self) -> None:
        self._jobs: dict[Interruption, UUID] = {}
        self._lock = threading.Lock()
        self.is_closing = False

    @contextmanager
    def entered(self, job_id: UUID) -> Iterator[Interruption]:
        """List the attempt while its work runs."""
        interruption = Interruption()
        with self._lock:
            self._jobs[interruption] = job_id
            if self.is_closing:
                interruption.set(Reason.RELEASED)
        try:
            yield interruption
        finally:
            with self._lock:
                del self._jobs[interruption]

    def cancel(self, job_id: UUID) -> None:
        """Interrupt the job if it runs here."""
        with self._lock:
            for interruption, running_id in self._jobs.items():
                if running_id == job_id:
                    interruption.set(Reason.CANCELLED)

    def release_all(self) -> None:
        """Interrupt everything and take no more: the worker is leaving."""
        with self._lock:
            self.is_closing = True
            for interruption in self._jobs:
                interruption.set(Reason.RELEASED)

    def ids(self) -> list[str]:
        """Return the ids of the jobs that run here."""
        with self._lock:
            return [str(job_id) for job_id in self._jobs.values()]


running = Running()


def ask_to_stop(job_id: UUID) -> None:
    """Tell all workers at once; the one that runs the job would else see it at its next heartbeat."""
    try:
        client().publish(CONTROL_CHANNEL, f"{CANCEL_JOB} {job_id}")
    except RedisError as error:
        logger.warning("Job %s will be cancelled at its next heartbeat only: %s", job_id, error)
