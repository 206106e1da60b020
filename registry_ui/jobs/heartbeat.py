"""The thread that keeps a running job's lease, and notices when it is lost or when the job shall end."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from .events import JobEvents
from .interruption import Interruption, Reason
from .models import Job

logger = logging.getLogger(__name__)


FLUSH_EVERY_S = 1.0


class Heartbeat:
    """Renews the lease of one attempt every JOB_HEARTBEAT_S; interrupts its work when the lease is gone.

    In between it writes to the row what the attempt said and nobody wrote yet.
    """

    def __init__(self, job: Job, interruption: Interruption, events: JobEvents) -> None:
        self._job = job
        self._interruption = interruption
        self._events = events
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        beat_at = renewed_at = time.monotonic()
        try:
            self._look_for_cancel()
            while not self._ended.wait(min(FLUSH_EVERY_S, settings.JOB_HEARTBEAT_S)):
                self._flush()
                if time.monotonic() - beat_at < settings.JOB_HEARTBEAT_S:
                    continue
                beat_at = time.monotonic()
                if self._beat():
                    renewed_at = beat_at
                elif beat_at - renewed_at > settings.JOB_LEASE_S:
                    self._interruption.set(Reason.LOST)
        finally:
            connection.close()

    def _beat(self) -> bool:
        """Renew once. False when it is not known whether the lease is still ours."""
        try:
            if not self._job.renew(lease_s=settings.JOB_LEASE_S):
                self._interruption.set(Reason.LOST)
                return False
            self._look_for_cancel()
        except DatabaseError as error:
            logger.warning("Heartbeat of job %s failed: %s", self._job.id, error)
            return False
        return True

    def _flush(self) -> None:
        try:
            self._events.flush()
        except DatabaseError as error:
            logger.warning("Progress of job %s is written late: %s", self._job.id, error)

    def _look_for_cancel(self) -> None:
        if self._job.is_cancel_requested():
            self._interruption.set(Reason.CANCELLED)
