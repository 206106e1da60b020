"""The zygote as its owner sees it: started once, watched, started again when it dies; it forks a child when asked.

Used like this:

    zygote = Zygote(threads=1)
    zygote.start()
    answer = zygote.call("package.module:function", {"number": 7}, name="count", on_event=print)
"""

import itertools
import json
import logging
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from . import calls, environment, forkserver
from .channel import Message
from .children import Child, ChildCancelled, ChildDied, ChildFailed, ChildTimedOut, Ending
from .following import follow
from .scratch import Scratch

__all__ = ["Child", "ChildCancelled", "ChildDied", "ChildFailed", "ChildTimedOut", "Ending", "Zygote"]

logger = logging.getLogger(__name__)

_FLAVOR = __package__.rpartition(".")[0]
PRELOADED = (
    "torch",
    "transformers.pipelines",
    "transformers.generation",
    "mlflow",
    "peft",
    "scipy.signal",  # of flavor.audio: a third of a second
    f"{_FLAVOR}.tasks:all_tasks",
    f"{_FLAVOR}.pyfunc",
    f"{_FLAVOR}.generation",
    f"{_FLAVOR}.loading",
    f"{_FLAVOR}.saving",
    f"{__package__}.runner",
)

STARTS_WITHIN_S = 180.0
JOB_NICENESS = 5  # predictions go first
_BACK_OFF_S = (0.5, 1, 2, 5, 10, 30)
_LONG_LIFE_S = 60.0

_START = """
import json, sys
config = json.loads(sys.argv[1])
sys.path[:] = config.pop("path")
from importlib import import_module
import_module(config.pop("module")).main(**config)
"""


class Zygote:
    """A forkserver with torch, transformers and flavor imported. All methods may be called by any thread."""

    def __init__(self, *, threads: int, preload: Sequence[str] | None = None, inherited: Mapping[str, str] | None = None) -> None:
        own = os.environ if inherited is None else inherited
        self._threads = threads
        self._preload = list(PRELOADED if preload is None else preload)
        self._environment = environment.for_children(own, threads=threads)
        self._secrets_of_jobs = environment.for_jobs(own)
        self._numbers = itertools.count(1)
        self._children: dict[int, Child] = {}
        self._changed = threading.Condition()
        self._control: socket.socket | None = None  # None until the zygote is ready, and while it is dead
        self._process: subprocess.Popen | None = None
        self._is_closing = False
        self._scratch: Scratch | None = None
        # The kernel ends the zygote with the thread that started it, so that thread must live as long as we do.
        self._keeper = threading.Thread(target=self._keep, name="zygote", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def is_ready(self) -> bool:
        """Whether it forks at once; else a call waits."""
        return self._control is not None

    def start(self) -> None:
        """Begin to start it; returns at once, since the imports take seconds."""
        self._scratch = Scratch()
        self._keeper.start()

    def wait_until_ready(self, timeout_s: float = STARTS_WITHIN_S) -> None:
        """Wait until it forks. Raises ChildDied when that takes too long."""
        with self._changed:
            self._changed.wait_for(lambda: self._control is not None or self._is_closing, timeout_s)
            if self._control is None:
                raise ChildDied("the process that makes children is not running" + ("" if self._is_closing else " yet"))

    def close(self) -> None:
        """End it, and with it every child."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        process = self._process
        if process is not None:
            process.kill()
        if self._keeper.is_alive():
            self._keeper.join(timeout=10)
        if self._scratch is not None:
            self._scratch.close()

    def call(
        self,
        target: str,
        kwargs: dict[str, Any],
        *,
        name: str,
        on_event: Callable[[Message], None] = lambda event: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        timeout_s: float | None = None,
    ) -> Any:
        """Run `target` ("package.module:function") in a child as `function(report, should_stop, **kwargs)`; return its result.

        Reports and printed lines reach `on_event` in this thread. When `is_cancelled` says so, or time is up, `should_stop`
        turns true; a child that does not end within STOP_GRACE_S is killed.
        Raises ChildFailed, ChildTimedOut, ChildCancelled, ChildDied.
        """
        heard: queue.SimpleQueue[Message] = queue.SimpleQueue()
        try:
            child = self.spawn(
                f"{calls.__name__}:run",
                {"target": target, "kwargs": kwargs},
                name=name,
                secrets=self._secrets_of_jobs,
                niceness=JOB_NICENESS,
                on_message=heard.put,
                on_line=lambda line: heard.put({"event": {"line": line}}),
                on_end=lambda ending: heard.put({"ending": ending}),
            )
        except ChildDied as error:
            if is_cancelled():
                raise ChildCancelled from error
            raise
        try:
            return follow(child, heard, on_event=on_event, is_cancelled=is_cancelled, timeout_s=timeout_s)
        finally:
            if not child.ended.is_set():
                child.kill()

    def spawn(
        self,
        entry: str,
        kwargs: dict[str, Any],
        *,
        name: str,
        on_message: Callable[[Message], None],
        on_line: Callable[[str], None],
        on_end: Callable[[Ending], None],
        secrets: Mapping[str, str] | None = None,
        niceness: int = 0,
    ) -> Child:
        """Fork a child that runs `entry(channel, **kwargs)`; the listeners are called by a thread of the child's own.

        Waits while the zygote starts. Raises ChildDied when it does not.
        """
        if self._scratch is None or self._is_closing:
            raise ChildDied("the process that makes children is not running")
        child = Child(
            next(self._numbers),
            name,
            scratch=self._scratch.make(),
            kill=self._kill,
            on_message=on_message,
            on_line=on_line,
            on_end=on_end,
        )
        start = {"entry": entry, "kwargs": kwargs, "environment": dict(secrets or {}), "scratch": str(child.scratch)}
        child.send(start)
        try:
            self._fork(child, niceness)
        finally:
            child.begin()
        return child

    def _fork(self, child: Child, niceness: int) -> None:
        message = json.dumps({"fork": child.number, "name": child.name, "niceness": niceness}).encode()
        give_up = time.monotonic() + STARTS_WITHIN_S
        while True:
            self.wait_until_ready(max(0.0, give_up - time.monotonic()))
            with self._changed:
                if self._control is None:
                    continue
                self._children[child.number] = child
                try:
                    socket.send_fds(self._control, [message], child.descriptors)
                    return
                except OSError:  # it has just died; the keeper starts another
                    del self._children[child.number]
                    self._control = None

    def _kill(self, number: int) -> None:
        control = self._control
        if control is not None:
            with suppress(OSError):  # a dead zygote has taken its children along
                control.send(json.dumps({"kill": number}).encode())

    def _keep(self) -> None:
        """Start the zygote, hear what it says until it dies, and start it again, later each time."""
        deaths = 0
        while not self._is_closing:
            started_at = time.monotonic()
            try:
                self._live_once()
            except OSError:  # no process can be made now
                logger.exception("The zygote could not be started")
            if self._is_closing:
                return
            deaths = 0 if time.monotonic() - started_at > _LONG_LIFE_S else deaths + 1
            wait_s = _BACK_OFF_S[min(deaths, len(_BACK_OFF_S)) - 1] if deaths else 0
            logger.warning("The zygote died (exit %s) and is started again in %g s", self._exit_status(), wait_s)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, wait_s)

    def _live_once(self) -> None:
        control, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with control:
            with its_end:
                self._process = self._started(its_end)
            if self._is_closing:
                self._process.kill()
            self._hear(control)
            self._process.kill()
            self._process.wait()
            self._end_children()

    def _started(self, its_end: socket.socket) -> subprocess.Popen:
        config = {
            "path": [os.path.abspath(entry or os.curdir) for entry in sys.path],
            "module": forkserver.__name__,
            "control": its_end.fileno(),
            "parent": os.getpid(),
            "preload": self._preload,
            "threads": self._threads,
        }
        return subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(config)],
            env=self._environment,
            pass_fds=[its_end.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal is for us, not for it
        )

    def _hear(self, control: socket.socket) -> None:
        while data := _received(control):
            message = json.loads(data)
            if "ready" in message:
                self._serve_from(control, message["missing"])
                continue
            child = self._children.get(message.get("started") or message.get("ended"))
            if child is None:
                continue
            if "pid" in message:
                child.has_started(message["pid"])
            else:
                with self._changed:
                    self._children.pop(child.number, None)
                child.has_ended(status=message.get("status"), problem=message.get("problem"))

    def _serve_from(self, control: socket.socket, missing: dict[str, str]) -> None:
        for module, reason in missing.items():
            logger.warning("The zygote could not import %s: %s", module, reason)
        with self._changed:
            self._control = control
            self._changed.notify_all()

    def _end_children(self) -> None:
        with self._changed:
            self._control = None
            orphans, self._children = list(self._children.values()), {}
        for child in orphans:
            child.has_ended()

    def _exit_status(self) -> int | None:
        return self._process.poll() if self._process else None


def _received(control: socket.socket) -> bytes:
    try:
        return control.recv(forkserver.LONGEST_MESSAGE)
    except OSError:
        return b""
