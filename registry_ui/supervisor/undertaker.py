"""Ends what a killed supervisor leaves behind. Run as a script beside it, it waits for its end of a pipe to break.

Standard library and psutil only: it is started by its path, so that it stays small.
"""

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil

GRACE_S = 8.0
KILL_WITHIN_S = 5.0  # a process stuck in the kernel outlives SIGKILL; do not wait for it for ever
GOODBYE = b"stopped"


def remember(path: Path, pids: list[int]) -> None:
    """Write down the children, each with the moment it was made, so that a pid used again is never mistaken for one."""
    own = path.with_suffix(".new")
    own.write_text(json.dumps([[pid, made_at] for pid in pids if (made_at := _made_at(pid)) is not None]))
    own.replace(path)


def bury(path: Path, *, grace_s: float = GRACE_S) -> list[int]:
    """Stop the children written down in `path`, and all in their sessions; returns those that were still there."""
    left = [pid for pid in _read(path) if members(pid)]
    for pid in left:
        _signal(pid, signal.SIGTERM)
    give_up = time.monotonic() + grace_s
    while any(members(pid) for pid in left) and time.monotonic() < give_up:
        time.sleep(0.05)
    for pid in left:
        kill_session(pid)
    path.unlink(missing_ok=True)
    return left


def kill_session(session: int) -> None:
    """Kill every process of the session, those that they start meanwhile, and their children in sessions of their own."""
    strays = _descendants(session)
    give_up = time.monotonic() + KILL_WITHIN_S
    while (pids := members(session)) and time.monotonic() < give_up:
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        time.sleep(0.01)
    for stray in strays:
        with contextlib.suppress(psutil.NoSuchProcess):
            stray.kill()


def members(session: int) -> list[int]:
    """Return the living processes of the session that the child `session` leads."""
    return [pid for pid in psutil.pids() if _session_of(pid) == session and not _is_dead(pid)]


def _read(path: Path) -> list[int]:
    try:
        written = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return []
    # The leader may have died before the rest of its session: then nobody else can have got its pid.
    return [pid for pid, made_at in written if abs((_made_at(pid) or made_at) - made_at) < 1]


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _made_at(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def main() -> None:
    """Wait until the supervisor says goodbye, or is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if not sys.stdin.buffer.read().startswith(GOODBYE):
        bury(Path(sys.argv[1]), grace_s=float(sys.argv[2]))


if __name__ == "__main__":
    main()
