"""What the parts say: on the terminal, each line behind its part's name, and in `var/log/<name>.log`, rotated by size."""

import contextlib
import logging
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

LOG_BYTES = 5 * 2**20
LOGS_KEPT = 2  # beside the one being written
NAME_WIDTH = 8

_COLOURS = {"up": "1", "redis": "31", "mlflow": "34", "prepare": "35", "worker": "33", "web": "32", "demo": "36"}


class Console:
    """The terminal, shared by the threads that read the parts' output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._has_colour = stream.isatty()

    def line(self, name: str, text: str) -> None:
        """Print one line of the part `name`."""
        self._write(f"{self._label(name)} {text}\n")

    def block(self, text: str) -> None:
        """Print lines that nothing may come between."""
        self._write(f"\n{text}\n\n")

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._has_colour else text

    def _label(self, name: str) -> str:
        label = f"{name:<{NAME_WIDTH}}|"
        return f"\x1b[{_COLOURS.get(name, '37')}m{label}\x1b[0m" if self._has_colour else label

    def _write(self, text: str) -> None:
        # The terminal may be closed while we run; the files go on.
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


class LogFile:
    """The lines of one part, kept in a file of limited size."""

    def __init__(self, folder: Path, name: str) -> None:
        self._handler = RotatingFileHandler(folder / f"{name}.log", maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")

    def line(self, text: str) -> None:
        self._handler.emit(logging.makeLogRecord({"msg": text}))

    def close(self) -> None:
        self._handler.close()
