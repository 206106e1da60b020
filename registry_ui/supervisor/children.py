"""The processes of one run: launched with their output led to the terminal and a file, written down for the undertaker."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from . import undertaker
from .lock import VarLock
from .options import Options
from .output import Console, LogFile
from .process import Process


class Children:
    """Launches processes. Should this process be killed, the undertaker ends them all."""

    def __init__(self, options: Options, console: Console) -> None:
        self._environ = options.child_environ()
        self._log_folder = options.var_dir / "log"
        self._written_down = options.var_dir / "up.children"
        self._console = console
        self._logs: dict[str, LogFile] = {}
        self._processes: dict[str, Process] = {}
        self._undertaker: subprocess.Popen[bytes] | None = None

    def clear_up(self) -> list[int]:
        """Stop what an earlier run left behind, should its undertaker have been killed too; returns the pids."""
        return undertaker.bury(self._written_down)

    def call_undertaker(self, lock: VarLock) -> None:
        """Start the undertaker if it is not there. It shares the lock, so the next start waits until it is done."""
        if self._undertaker is None or self._undertaker.poll() is not None:
            self._undertaker = subprocess.Popen(
                [sys.executable, "-P", undertaker.__file__, str(self._written_down), str(undertaker.GRACE_S)],
                stdin=subprocess.PIPE,
                pass_fds=[lock.fileno],
                start_new_session=True,
            )

    def launch(
        self, name: str, command: Sequence[str], *, folder: Path, environ: Mapping[str, str], noise: str | None = None
    ) -> Process:
        """Start a process that speaks as `name`."""
        log = self._log(name)

        def tell(text: str) -> None:
            log.line(text)
            if not noise or not re.search(noise, text):
                self._console.line(name, text)

        self._processes[name] = Process(command, environ={**self._environ, **environ}, folder=folder, on_line=tell)
        undertaker.remember(self._written_down, [process.pid for process in self._processes.values()])
        return self._processes[name]

    def say(self, text: str) -> None:
        """Speak as the supervisor."""
        for line in text.splitlines():
            self._log("up").line(f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}")
            self._console.line("up", line)

    def dismiss_undertaker(self) -> None:
        """Everything has ended: nothing is left to be buried."""
        self._written_down.unlink(missing_ok=True)
        if self._undertaker:
            self._undertaker.communicate(undertaker.GOODBYE)
        for log in self._logs.values():
            log.close()

    def _log(self, name: str) -> LogFile:
        if name not in self._logs:
            self._log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._logs[name] = LogFile(self._log_folder, name)
        return self._logs[name]
