"""`manage.py up` as a person starts it: a process with a terminal's worth of output, on ports and a folder of its own."""

import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import psutil
from django.conf import settings

PATIENCE_S = 90
ADDRESSES = ("REDIS_URL", "DATABASE_URL", "MLFLOW_TRACKING_URI", "DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS")


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stack:
    """A started `manage.py up --no-demo`; `lines` is what it has said so far. `environ` is what the caller's lacks."""

    def __init__(self, var_dir: Path, *, port: int | None = None, **environ: str) -> None:
        self.var_dir = var_dir
        self.port = port or free_port()
        self.mlflow_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.mlflow_url = f"http://127.0.0.1:{self.mlflow_port}"
        self.lines: list[str] = []
        self._news = threading.Condition()
        self.environ = {**_clean_environ(), "REGISTRY_VAR_DIR": str(var_dir), **environ}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo", f"--port={self.port}", f"--mlflow-port={self.mlflow_port}"],
            cwd=settings.BASE_DIR,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Return the first match in what is said from line `since` on; fails with everything said when it never comes."""
        with self._news:
            found = self._news.wait_for(lambda: self._find(pattern, since) or self._has_ended(), timeout=PATIENCE_S)
        match = self._find(pattern, since)
        assert match, f"{pattern!r} was not said{'' if found else ' in time'}:\n{self.said}"
        return match

    def wait_until_ready(self) -> "Stack":
        self.wait_for("Everything is ready")
        return self

    def pid_of(self, part: str) -> int:
        """Return the pid that was last said to be this part's."""
        return int(re.findall(rf"{part} is ready, pid (\d+)", self.said)[-1])

    def everything(self) -> list[psutil.Process]:
        """Return all processes of this run but the supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def manage(self, *arguments: str) -> str:
        """Run a `manage.py` command against this registry and return what it prints."""
        environ = {**self.environ, "MLFLOW_TRACKING_URI": self.environ.get("MLFLOW_TRACKING_URI") or self.mlflow_url}
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=environ, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def ask_to_stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.terminate()
        return self.wait_for_end()

    def wait_for_end(self) -> int:
        exit_code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return exit_code

    def close(self) -> None:
        if self.process.poll() is None:
            self.ask_to_stop()

    def _find(self, pattern: str, since: int) -> re.Match[str] | None:
        return re.search(pattern, "\n".join(self.lines[since:]))

    def _has_ended(self) -> bool:
        return not self._reader.is_alive()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._news:
                    self.lines.append(line.rstrip())
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def get(url: str) -> int:
    """Return the status of a page."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie has ended, only nobody has asked how."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _clean_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ADDRESSES}
