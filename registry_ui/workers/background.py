"""Threads of a worker that do one thing again and again until the worker leaves."""

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)


class Repeating:
    """Does `work` every `every_s` seconds, and sooner when nudged; a failure is logged and the next turn comes."""

    def __init__(self, name: str, work: Callable[[], None], *, every_s: float) -> None:
        self._work = work
        self._every_s = every_s
        self._wake = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Do the first turn at once."""
        self._thread.start()

    def nudge(self) -> None:
        """Do the next turn now."""
        self._wake.set()

    def close(self) -> None:
        """End after the turn that runs."""
        self._is_ending = True
        self._wake.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._is_ending:
            close_old_connections()
            try:
                self._work()
            except Exception:  # border: a turn that fails must not end the thread
                logger.exception("%s failed and is tried again in %g s", self._thread.name, self._every_s)
            self._wake.wait(self._every_s)
            self._wake.clear()
        connection.close()
