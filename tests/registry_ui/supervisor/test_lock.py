"""One supervisor for one folder, and no lock that outlives its holder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry_ui.supervisor.errors import CannotStart
from registry_ui.supervisor.lock import VarLock


def test_a_second_start_is_refused_naming_the_pid(tmp_path: Path) -> None:
    VarLock(tmp_path).acquire()
    with pytest.raises(CannotStart, match=f"already running, as pid {os.getpid()}"):
        VarLock(tmp_path).acquire()


def test_a_lock_given_back_can_be_taken_again(tmp_path: Path) -> None:
    first = VarLock(tmp_path)
    first.acquire()
    first.release()
    VarLock(tmp_path).acquire()


def test_a_killed_holder_leaves_nothing_to_clear(tmp_path: Path) -> None:
    hold_and_die = (
        "import os, signal, pathlib; from registry_ui.supervisor.lock import VarLock;"
        f"VarLock(pathlib.Path({str(tmp_path)!r})).acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    died = subprocess.run([sys.executable, "-c", hold_and_die], check=False)
    assert died.returncode == -9
    VarLock(tmp_path).acquire()


def test_a_start_waits_for_the_undertaker_of_a_killed_one(tmp_path: Path) -> None:
    """The undertaker shares the lock; the pid in it is of a process that is gone."""
    first = VarLock(tmp_path)
    first.acquire()
    undertaker = subprocess.Popen(["sleep", "60"], pass_fds=[first.fileno])
    first.release()
    (tmp_path / "up.lock").write_text("99999999")
    try:
        with pytest.raises(CannotStart, match="has still not ended"):
            VarLock(tmp_path, patience_s=0.2).acquire()
    finally:
        undertaker.kill()
        undertaker.wait()
    VarLock(tmp_path).acquire()
