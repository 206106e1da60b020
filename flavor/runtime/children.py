"""A child as the process sees it that had it made: what it says, how it is stopped, how it ended."""

import logging
import os
import queue
import selectors
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .channel import BrokenMessage, Message, parents_end

logger = logging.getLogger(__name__)

LONGEST_LINE = 2000
LINES_AT_ONCE = 200
LINES_PER_S = 50
STATUS_FOLLOWS_S = 5.0


class ChildFailed(Exception):
    """What ran in the child raised an error: a stable code, one sentence, the field where one is to blame."""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field

    def to_json(self) -> dict[str, Any]:
        """Return the error as it is sent."""
        return {"code": self.code, "detail": self.detail, "field": self.field}


class ChildTimedOut(Exception):
    """The child did not end in time and was stopped."""


class ChildCancelled(Exception):
    """The child was stopped because its caller asked for it."""


class ChildDied(Exception):
    """The child ended without an answer; the message says how."""


@dataclass(frozen=True)
class Ending:
    """How a process ended: `status` is its exit status, or minus the number of the signal; None when nobody saw it."""

    status: int | None = None
    problem: str | None = None
    was_killed: bool = False  # by us

    def __str__(self) -> str:
        if self.problem is not None:
            return self.problem
        if self.was_killed:
            return "it was stopped"
        if self.status is None:
            return "it ended together with the process that had made it"
        if self.status == -signal.SIGKILL:
            return "it was killed (SIGKILL), most likely because the machine ran out of memory"
        if self.status < 0:
            return f"it crashed ({signal.Signals(-self.status).name})"
        return f"it ended by itself with exit status {self.status}"


class Child:
    """One child process. A thread of its own calls the listeners: messages and lines as they come, at last `on_end`, once."""

    def __init__(
        self,
        number: int,
        name: str,
        *,
        scratch: Path,
        kill: Callable[[int], None],
        on_message: Callable[[Message], None],
        on_line: Callable[[str], None],
        on_end: Callable[[Ending], None],
    ) -> None:
        self.number = number
        self.name = name
        self.scratch = scratch
        self.pid: int | None = None
        self.ended = threading.Event()
        self._kill = kill
        self._on_message = on_message
        self._on_end = on_end
        self._lines = Lines(on_line)
        self._was_killed = False
        self._status: Ending | None = None
        self._status_known = threading.Event()
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        connection, self._childs_connection = socket.socketpair()
        self._channel = parents_end(connection)
        self._output, self._childs_output = os.pipe()

    @property
    def descriptors(self) -> list[int]:
        """What the zygote hands to the child."""
        return [self._childs_connection.fileno(), self._childs_output]

    def begin(self) -> None:
        """Listen and send, once the zygote has the child's descriptors or will never have them."""
        self._childs_connection.close()
        os.close(self._childs_output)
        threading.Thread(target=self._write, name=f"write to {self.name}", daemon=True).start()
        threading.Thread(target=self._read, name=f"read from {self.name}", daemon=True).start()

    def send(self, message: Message) -> None:
        """Send a message; returns at once, and a child that is gone reads nothing."""
        self._outbox.put(message)

    def kill(self) -> None:
        """End it now, with all that it started."""
        self._was_killed = True
        self._kill(self.number)

    def has_started(self, pid: int) -> None:
        """The zygote says that it was forked."""
        self.pid = pid

    def has_ended(self, *, status: int | None = None, problem: str | None = None) -> None:
        """The zygote says how it ended, or is gone itself."""
        if not self._status_known.is_set():
            self._status = Ending(status, problem, self._was_killed)
            self._status_known.set()

    def _write(self) -> None:
        while (message := self._outbox.get()) is not None:
            try:
                self._channel.send(message)
            except OSError:  # it is gone: the reader sees that too
                return

    def _read(self) -> None:
        try:
            self._listen()
        except BrokenMessage as error:
            logger.error("Child %s is ended: %s", self.name, error)
            self.kill()
        except Exception:  # a listener's: its child must not go on unheard
            logger.exception("Child %s is ended: what it said could not be taken", self.name)
            self.kill()
        self._status_known.wait(STATUS_FOLLOWS_S)
        self._lines.read_rest(self._output)
        os.close(self._output)
        self._outbox.put(None)
        self._channel.connection.close()
        self.ended.set()
        self._on_end(self._status or Ending(was_killed=self._was_killed))
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(self._channel.connection, selectors.EVENT_READ)
            is_open = True
            while is_open:
                for key, _ in selector.select():
                    if key.fd == self._output:
                        if not self._lines.read(self._output):
                            selector.unregister(self._output)
                        continue
                    data = self._channel.receive()
                    is_open = bool(data)
                    for message in self._channel.frames.feed(data):
                        self._on_message(message)


class Lines:
    """What a child prints, line by line; of a flood only so much as a person could read, and how much was left out."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._held = b""
        self._credit = float(LINES_AT_ONCE)
        self._seen_at = time.monotonic()
        self._left_out = 0

    def read(self, output: int) -> bool:
        """Take what has come; False when the other end is closed."""
        data = os.read(output, 65536)
        *lines, self._held = (self._held + data.replace(b"\r", b"\n")).split(b"\n")
        self._held = self._held[-LONGEST_LINE:]
        for line in lines:
            self._take(line)
        return bool(data)

    def read_rest(self, output: int) -> None:
        """Take what is left when the child has ended."""
        os.set_blocking(output, False)
        try:
            while self.read(output):
                pass
        except BlockingIOError:  # something it started still holds the other end
            pass
        self._take(self._held)
        self._say_left_out()

    def _take(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()[:LONGEST_LINE]
        if not text:
            return
        now = time.monotonic()
        self._credit = min(LINES_AT_ONCE, self._credit + (now - self._seen_at) * LINES_PER_S)
        self._seen_at = now
        if self._credit < 1:
            self._left_out += 1
            return
        self._credit -= 1
        self._say_left_out()
        self._tell(text)

    def _say_left_out(self) -> None:
        if self._left_out:
            self._tell(f"… {self._left_out} lines left out")
            self._left_out = 0
