"""A forked child's first steps: settle itself, read what it is for, and do that until it is done or its parent is gone."""

import faulthandler
import logging
import os
import random
import signal
import socket
import sys
import traceback
import warnings
from typing import Any, NoReturn

from . import limits, scratch
from .channel import Channel, childs_end
from .names import resolve

FAILED = 70  # exit status after an error that nothing here foresaw


def main(channel: int, output: int, *, parent: int, name: str, threads: int, niceness: int) -> NoReturn:
    """Run the entry that the first message names, as `entry(channel, **kwargs)`; never returns into the zygote's stack."""
    status = FAILED
    workers_log = os.fdopen(os.dup(2), "w", buffering=1)
    try:
        limits.die_with_parent(parent)
        os.setsid()
        signal.signal(signal.SIGTERM, lambda *_: None)  # as the zygote does; a program started from here does not inherit it
        faulthandler.enable(workers_log)
        _redirect(output)
        limits.restrict_child(name, threads=threads, niceness=niceness)
        _reseed()
        _run(childs_end(socket.socket(fileno=channel)))
        status = 0
    except BaseException:  # noqa: BLE001  # the last border of a process: told, and shown by its exit status
        traceback.print_exc(file=workers_log)
    finally:
        _flush()
        os._exit(status)


def _run(channel: Channel) -> None:
    start = next(channel.messages(), None)
    if start is None:
        return
    os.environ.update(start["environment"])
    scratch.use(start["scratch"])
    resolve(start["entry"])(channel, **start["kwargs"])


def _redirect(output: int) -> None:
    """Let what is printed and logged go to the parent, line by line."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
    sys.stdout = os.fdopen(1, "w", buffering=1, errors="backslashreplace", closefd=False)
    warnings.formatwarning = lambda message, category, *_, **__: f"{category.__name__}: {message}\n"
    for category in (DeprecationWarning, FutureWarning):  # libraries to their developers
        warnings.simplefilter("ignore", category)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s", force=True)


def _reseed() -> None:
    """Chance that every child would else share."""
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
