"""When the zygote dies it comes again; when the process that has it dies, nothing of it stays."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flavor.runtime.zygote import ChildCancelled, ChildDied, Zygote
from tests.flavor.runtime.conftest import wait_until
from tests.flavor.runtime.test_zygote import Running, call, is_gone

REPOSITORY = Path(__file__).resolve().parents[3]

OWNER = """
import sys, threading
from flavor.runtime.zygote import Zygote
zygote = Zygote(threads=1, preload=[])
zygote.start()
zygote.wait_until_ready()
print("zygote", zygote.pid, flush=True)
def tell(event):
    print("child", event["line"], flush=True)
for target in ("hang", "sleep_until_stopped"):
    arguments = (f"tests.flavor.runtime.targets:{target}", {})
    threading.Thread(target=zygote.call, args=arguments, kwargs={"name": target, "on_event": tell}, daemon=True).start()
sys.stdin.read()
"""


@pytest.fixture
def small_zygote() -> Iterator[Zygote]:
    """A zygote that imports nothing, to be killed."""
    made = Zygote(threads=1, preload=[])
    made.start()
    made.wait_until_ready()
    yield made
    made.close()


def test_the_calls_of_a_dead_zygote_fail_and_the_next_ones_succeed(small_zygote: Zygote) -> None:
    running = Running(small_zygote, "sleep_until_stopped")
    assert small_zygote.pid is not None
    os.kill(small_zygote.pid, signal.SIGKILL)

    assert isinstance(running.end(), ChildDied)
    wait_until(lambda: is_gone(running.pids[0]))
    assert call(small_zygote, "add", kwargs={"left": 1, "right": 1}) == 2


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_is_left_to_their_owner(small_zygote: Zygote, which: signal.Signals) -> None:
    wanted = threading.Event()
    running = Running(small_zygote, "sleep_until_stopped", is_cancelled=wanted.is_set)
    zygote_pid = small_zygote.pid
    assert zygote_pid is not None
    for pid in (zygote_pid, running.pids[0]):
        os.kill(pid, which)
    assert call(small_zygote, "add", kwargs={"left": 1, "right": 1}) == 2
    wanted.set()

    assert isinstance(running.end(), ChildCancelled)
    assert small_zygote.pid == zygote_pid


def test_a_closed_zygote_leaves_no_process_and_no_thread(small_zygote: Zygote) -> None:
    running = Running(small_zygote, "hang")
    zygote_pid = small_zygote.pid
    small_zygote.close()

    assert isinstance(running.end(), ChildDied)
    wait_until(lambda: all(is_gone(pid) for pid in (running.pids[0], zygote_pid)))
    os.kill(running.pids[1], signal.SIGKILL)  # the descendant of a child whose zygote was killed is nobody's
    with pytest.raises(ChildDied):
        call(small_zygote, "add", kwargs={"left": 1, "right": 1})


def test_the_thread_that_first_asks_may_end_without_ending_the_zygote(small_zygote: Zygote) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call(small_zygote, "add", kwargs={"left": 1, "right": 1})))
    thread.start()
    thread.join(60)

    assert found == [2]
    assert call(small_zygote, "add", kwargs={"left": 2, "right": 2}) == 4


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_owner_dies_zygote_and_children_end_by_themselves(how: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        words = [owner.stdout.readline().split() for _ in range(3)]
        pids = {int(each[1]) for each in words}
        descendants = {int(each[2]) for each in words if len(each) > 2}
        assert all(psutil.pid_exists(pid) for pid in pids)
        owner.send_signal(how)
        owner.wait(60)
        wait_until(lambda: all(is_gone(pid) for pid in pids))
    for pid in descendants:
        os.kill(pid, signal.SIGKILL)
