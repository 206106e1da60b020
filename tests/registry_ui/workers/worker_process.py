"""A real Celery worker in a process of its own, on the database, Redis and MLflow of the test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from registry_ui.celery import app
from registry_ui.predictions import presence

REPOSITORY = Path(__file__).resolve().parents[3]
QUICK = {"JOB_LEASE_S": "2", "JOB_HEARTBEAT_S": "0.5", "JOB_SWEEP_S": "0.5", "JOB_RING_AGAIN_S": "1", "WORKER_HEARTBEAT_S": "0.5"}


class WorkerProcess:
    """One worker; `stop` ends it as an operator would, `kill` as a power cut would."""

    def __init__(
        self, name: str, log: Path, *, module: str = "registry_ui", queues: str = "jobs,predict", **environment: str
    ) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", "celery", "-A", module, "worker", "-P", "threads", "-c", "6", "-Q", queues]
        self._command += ["--without-gossip", "--without-mingle", "-n", name, "-l", "INFO"]
        self._environment = {**os.environ, **_where(), **QUICK, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **environment}
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and return when it advertises itself."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=REPOSITORY, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until(lambda: any(worker.name == self.name for worker in presence.read_workers()))

    @contextmanager
    def taking(self, queue: str) -> Iterator[None]:
        """Let it listen to one more queue while the block runs."""
        app.control.add_consumer(queue, destination=[self.name])
        try:
            yield
        finally:
            app.control.cancel_consumer(queue, destination=[self.name])

    def kill(self) -> None:
        """End it without warning; what it started must notice by itself."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as an operator does; return its exit status."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def wait_until(self, is_true, seconds: float = 120) -> None:
        """Wait for something that the worker does; show its log when it dies or takes too long."""
        give_up = time.monotonic() + seconds
        while not is_true():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError(f"worker {self.name}, exit {self.process.poll()}:\n{self.log.read_text()[-6000:]}")
            time.sleep(0.05)


def _where() -> dict[str, str]:
    database = connection.settings_dict["NAME"]
    return {
        "DJANGO_SETTINGS_MODULE": "registry_ui.settings",
        "DATABASE_URL": f"sqlite:///{database}",
        "REGISTRY_VAR_DIR": str(settings.VAR_DIR),
        "REDIS_URL": settings.REDIS_URL,
        "MLFLOW_TRACKING_URI": settings.MLFLOW_TRACKING_URI,
        "CHECKPOINT_ROOTS": ",".join(str(root) for root in settings.CHECKPOINT_ROOTS),
        "SECRET_KEY": "only-for-tests",
    }
