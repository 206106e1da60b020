"""The zygote's own process: imports what children need, then forks one for each message on its control socket.

It has one thread, runs no operator and opens no GPU, so that a fork of it is a sound process. Each message brings two
descriptors: the child's end of its channel, and where its output goes. When the control socket closes, everything ends.
"""

import gc
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from . import child, limits
from .names import resolve

LONGEST_MESSAGE = 65536


def main(*, control: int, parent: int, preload: list[str], threads: int) -> NoReturn:
    """Serve until the socket with the number `control` is closed."""
    limits.die_with_parent(parent)
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to a whole group they are for its owner, who ends us when it is done
        signal.signal(number, signal.SIG_IGN)
    connection = socket.socket(fileno=control)
    missing = _import_all(preload)
    _check_sound()
    gc.collect()
    gc.freeze()  # pages of what is imported stay shared: a collection in a child would write to them
    server = _Server(connection, threads)
    server.send({"ready": os.getpid(), "missing": missing})
    server.run()


def _import_all(names: list[str]) -> dict[str, str]:
    """Import the modules and call "module:function"s; return what cannot be, with the reason: children try again and say so."""
    missing = {}
    for name in names:
        try:
            resolve(name)() if ":" in name else import_module(name)
        except ImportError as error:
            missing[name] = str(error)
    return missing


def _check_sound() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise RuntimeError("An import opened the GPU, so no process can be forked that uses it.")


class _Server:
    def __init__(self, control: socket.socket, threads: int) -> None:
        self._control = control
        self._threads = threads
        self._children: dict[int, int] = {}  # process id to the number the parent knows it by
        self._wakes, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def send(self, message: dict) -> None:
        """Tell the parent; when it is gone the next turn ends the zygote."""
        with suppress(OSError):
            self._control.send(json.dumps(message).encode())

    def run(self) -> NoReturn:
        """Fork, kill and bury until the parent closes the socket."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ, self._obey)
            selector.register(self._wakes, selectors.EVENT_READ, self._bury)
            while True:
                for key, _ in selector.select():
                    key.data()

    def _obey(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._control, LONGEST_MESSAGE, 2)
        if not data:
            self._end()
        message = json.loads(data)
        if "fork" in message:
            self._fork(message["fork"], message["name"], message["niceness"], *descriptors)
        elif "kill" in message:
            self._kill(message["kill"])

    def _fork(self, number: int, name: str, niceness: int, channel: int, output: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self.send({"ended": number, "problem": f"no process can be made: {error.strerror}"})
        else:
            if pid == 0:
                self._let_go()
                child.main(channel, output, parent=parent, name=name, threads=self._threads, niceness=niceness)
            self._children[pid] = number
            self.send({"started": number, "pid": pid})
        os.close(channel)
        os.close(output)

    def _let_go(self) -> None:
        """In the child: close what is the zygote's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._control.close()
        os.close(self._wakes)
        os.close(self._wake)

    def _bury(self) -> None:
        os.read(self._wakes, 4096)
        while (dead := _next_dead()) is not None:
            _kill_group(dead)  # what it started itself, while its number cannot be another's yet
            _, status = os.waitpid(dead, 0)
            number = self._children.pop(dead, None)
            if number is not None:
                self.send({"ended": number, "status": os.waitstatus_to_exitcode(status)})

    def _kill(self, number: int) -> None:
        for pid, known in self._children.items():
            if known == number:
                _kill_group(pid)

    def _end(self) -> NoReturn:
        for pid in self._children:
            _kill_group(pid)
        os._exit(0)


def _next_dead() -> int | None:
    """Return a child that has died and still occupies its process id."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None


def _kill_group(pid: int) -> None:
    """Kill a child and its descendants; the child alone when it has not yet made itself their leader."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
