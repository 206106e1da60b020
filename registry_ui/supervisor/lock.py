"""One supervisor for one var folder: a lock that ends with the processes that hold it, so a crash leaves nothing to clear."""

import fcntl
import os
import time
from pathlib import Path

import psutil

from .errors import CannotStart


class VarLock:
    """An flock on `var/up.lock`, whose content is the pid. The undertaker shares it until it has buried the children."""

    def __init__(self, var_dir: Path, *, patience_s: float = 30) -> None:
        self.path = var_dir / "up.lock"
        self._patience_s = patience_s
        self._file = -1

    @property
    def fileno(self) -> int:
        return self._file

    def acquire(self) -> None:
        """Take the lock; waits only for what a killed supervisor left to be stopped. Raises CannotStart naming the pid."""
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_up = time.monotonic() + self._patience_s
        while not self._try():
            pid = self._holder()
            if pid is not None and psutil.pid_exists(pid):
                raise CannotStart(
                    f"The registry in {self.path.parent} is already running, as pid {pid}. "
                    f"Stop it with Ctrl-C or `kill {pid}`, or give this one a folder of its own: REGISTRY_VAR_DIR=..."
                )
            if time.monotonic() > give_up:
                raise CannotStart(f"What a killed supervisor started in {self.path.parent} has still not ended; try again soon.")
            time.sleep(0.1)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._file)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int | None:
        content = os.pread(self._file, 32, 0).strip()
        return int(content) if content.isdigit() else None
