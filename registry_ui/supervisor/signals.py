"""Signals as things to read between two steps of the loop: nothing of ours runs inside a signal handler."""

import contextlib
import select
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

STOP = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


# One Ctrl-C may arrive twice: from the terminal, and from `make` or `timeout` which pass it on.
SAME_REQUEST_S = 0.5


class Signals:
    """Requests to stop, counted; `wait` returns early when one comes or a child ends."""

    def __init__(self, reading: socket.socket) -> None:
        self.asked_to_stop = 0
        self._asked_at = 0.0
        self._reading = reading

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`, or until a signal comes."""
        if not select.select([self._reading], [], [], seconds)[0]:
            return
        came = STOP.intersection(self._reading.recv(512))
        if came and time.monotonic() - self._asked_at > SAME_REQUEST_S:
            self.asked_to_stop += 1
            self._asked_at = time.monotonic()


@contextlib.contextmanager
def caught() -> Iterator[Signals]:
    """Catch the signals that ask to stop, and the one that says that a child ended; from the main thread only."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    before: dict[int, Any] = {number: signal.signal(number, _ignore) for number in (*STOP, signal.SIGCHLD)}
    old = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield Signals(reading)
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()


def _ignore(*_: Any) -> None:
    """Python writes the number to the wake-up socket; the handler itself has nothing to do."""
