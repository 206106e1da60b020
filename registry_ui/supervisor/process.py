"""One child process in a session of its own, and the thread that reads what it says."""

import contextlib
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .undertaker import kill_session, members

LINES_REMEMBERED = 20


class Process:
    """A started command. Its session holds all that it starts, so that nothing of it is left when it ends."""

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str], folder: Path, on_line: Callable[[str], None]
    ) -> None:
        self.last_lines: deque[str] = deque(maxlen=LINES_REMEMBERED)
        self._on_line = on_line
        self._child = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {self.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._child.poll()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self.exit_code
        if code is None:
            return "still runs"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process itself; it takes its own children along."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()

    def kill(self) -> None:
        """End the process and everything in its session now; also clears up after one that has ended."""
        if self.exit_code is None or members(self.pid):
            kill_session(self.pid)
        self._child.wait()
        self._reader.join(timeout=2)

    def _read(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                if text := line.rstrip():
                    self.last_lines.append(text)
                    self._on_line(text)
