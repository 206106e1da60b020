"""The thread that keeps a running job's lease, and notices when it is lost or when the job shall end."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from .interruption import Interruption, Reason
from .models import Job

logger = logging.getLogger(__name__)


class Heartbeat:
    """Renews the lease of one attempt every JOB_HEARTBEAT_S; interrupts its work when the lease is gone."""

    def __init__(self, job: Job, interruption: Interruption) -> None:
        self._job = job
        self._interruption = interruption
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        renewed_at = time.monotonic()
        try:
            self._look_for_cancel()
            while not self._ended.wait(settings.JOB_HEARTBEAT_S):
                renewed_at = self._beat(renewed_at)
        finally:
            connection.close()

    def _beat(self, renewed_at: float) -> float:
        """Renew once; return when the lease was last known to be ours."""
        try:
            if not self._job.renew(lease_s=settings.JOB_LEASE_S):
                self._interruption.set(Reason.LOST)
                return renewed_at
            self._look_for_cancel()
        except DatabaseError as error:
            logger.warning("Heartbeat of job %s failed: %s", self._job.id, error)
            if time.monotonic() - renewed_at > settings.JOB_LEASE_S:
                self._interruption.set(Reason.LOST)
            return renewed_at
        return time.monotonic()

    def _look_for_cancel(self) -> None:
        if self._job.is_cancel_requested():
            self._interruption.set(Reason.CANCELLED)
