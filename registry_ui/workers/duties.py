"""What some worker must do now and then, whichever: sweep jobs, sync the index, forget what is old."""

import logging
import time

from django.conf import settings

from ..assets import services as assets
from ..catalog import sync
from ..jobs import leases, sweeper
from ..jobs.models import Job
from ..jobs.states import Kind
from ..predictions import history
from . import log_model
from .background import Repeating

logger = logging.getLogger(__name__)

SYNC_DUTY = "catalog.sync"
FORGET_DUTY = "forget"
FORGET_EVERY_S = 3600


class Duties:
    """The threads for them; of all workers one holds each duty at a time."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._threads = [
            Repeating("sweeper", self.sweep, every_s=settings.JOB_SWEEP_S),
            Repeating("catalog-sync", self.sync, every_s=settings.CATALOG_POLL_S),
            Repeating("forget", self.forget, every_s=FORGET_EVERY_S),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, and give the duties up, so that another worker has them at once."""
        for thread in self._threads:
            thread.close()
        for duty in (sweeper.DUTY, SYNC_DUTY, FORGET_DUTY):
            leases.let_go(duty, owner=self._owner)

    def sweep(self) -> None:
        """Repair the jobs of workers that died."""
        sweeper.sweep(owner=self._owner, on_failed=_clean_up)

    def sync(self) -> None:
        """Bring the index up to what MLflow holds; the lease outlives a slow turn."""
        if leases.hold(SYNC_DUTY, owner=self._owner, seconds=60 + 3 * settings.CATALOG_POLL_S):
            started = time.monotonic()
            sync.sync_once()
            logger.debug("Synced in %.2f s", time.monotonic() - started)

    def forget(self) -> None:
        """Delete old predictions and expired media."""
        if leases.hold(FORGET_DUTY, owner=self._owner, seconds=FORGET_EVERY_S / 2):
            history.purge()
            assets.purge_expired()


def _clean_up(job: Job) -> None:
    if job.kind == Kind.LOG:
        log_model.clean_up(job)
