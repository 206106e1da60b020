"""A part is started when it can, started again when it dies, and given up with its last words when it cannot start."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from registry_ui.supervisor.errors import CannotStart
from registry_ui.supervisor.keeper import Keeper, Phase
from registry_ui.supervisor.parts import Part
from registry_ui.supervisor.process import Process
from tests.stack import is_alive

STAYS = "import time; print('here', flush=True); time.sleep(600)"
FAILS = "print('no such file: settings.toml', flush=True); raise SystemExit(3)"

Make = Callable[..., Keeper]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keep(tmp_path: Path, said: list[str]) -> Iterator[Make]:
    keepers: list[Keeper] = []

    def make(code: str, *, is_ready: Callable[[int], bool] = lambda pid: True, **options: object) -> Keeper:
        part = Part(
            name="part", command=(sys.executable, "-c", code), folder=tmp_path, address="here", is_ready=is_ready, **options
        )
        keepers.append(Keeper(part, start=launch, say=said.append))
        return keepers[-1]

    def launch(part: Part) -> Process:
        return Process(part.command, environ=os.environ, folder=part.folder, on_line=said.append)

    yield make
    for keeper in keepers:
        keeper.end()


def tick_until(keeper: Keeper, condition: Callable[[], object], ready: set[str] = frozenset()) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        keeper.tick(set(ready))
        time.sleep(0.01)


def test_a_part_waits_for_those_it_needs(keep: Make) -> None:
    keeper = keep(STAYS, after=("redis",))
    keeper.tick(set())
    assert keeper.phase is Phase.WAITING
    keeper.tick({"redis"})
    assert keeper.phase is Phase.STARTING


def test_a_killed_part_is_started_again_after_a_pause(keep: Make, said: list[str]) -> None:
    keeper = keep(STAYS)
    tick_until(keeper, lambda: keeper.phase is Phase.READY)
    first = keeper.pid
    os.kill(first, signal.SIGKILL)
    tick_until(keeper, lambda: keeper.phase is Phase.PAUSING)
    assert said[-1] == f"part (pid {first}) was ended by SIGKILL; starting it again in 0.5 s"
    tick_until(keeper, lambda: keeper.phase is Phase.READY)
    assert keeper.pid != first


def test_each_death_in_a_row_makes_the_pause_longer(keep: Make, said: list[str]) -> None:
    keeper = keep(STAYS)
    for _ in range(3):
        tick_until(keeper, lambda: keeper.phase is Phase.READY)
        os.kill(keeper.pid, signal.SIGKILL)
        tick_until(keeper, lambda: keeper.phase is Phase.PAUSING)
    assert [line.rpartition(" in ")[2] for line in said if "starting it again" in line] == ["0.5 s", "1.0 s", "2.0 s"]


def test_a_part_that_cannot_start_is_given_up_with_its_last_lines(keep: Make) -> None:
    keeper = keep(FAILS, is_ready=lambda pid: False)
    with pytest.raises(CannotStart) as refusal:
        tick_until(keeper, lambda: False)
    assert str(refusal.value) == (
        "part ended with exit code 3 before it was ready. Its last lines:\n    no such file: settings.toml"
    )


def test_a_part_that_never_becomes_ready_is_given_up(keep: Make) -> None:
    keeper = keep(STAYS, is_ready=lambda pid: False, ready_within_s=0.3)
    with pytest.raises(CannotStart, match="did not become ready within 0 s"):
        tick_until(keeper, lambda: False)


def test_what_a_killed_part_had_started_ends_with_it(keep: Make, tmp_path: Path) -> None:
    starts_another = f"import subprocess; subprocess.Popen(['sleep', '600']); {STAYS}"
    keeper = keep(starts_another)
    tick_until(keeper, lambda: keeper.phase is Phase.READY and psutil.Process(keeper.pid).children())
    (child,) = psutil.Process(keeper.pid).children()
    os.kill(keeper.pid, signal.SIGKILL)
    tick_until(keeper, lambda: keeper.phase is Phase.PAUSING)
    psutil.wait_procs([child], timeout=20)
    assert not is_alive(child)


def test_a_part_that_is_killed_takes_children_in_sessions_of_their_own_along(keep: Make) -> None:
    keeper = keep(f"import subprocess; subprocess.Popen(['sleep', '600'], start_new_session=True); {STAYS}")
    tick_until(keeper, lambda: keeper.phase is Phase.READY and psutil.Process(keeper.pid).children())
    (child,) = psutil.Process(keeper.pid).children()
    keeper.end()
    psutil.wait_procs([child], timeout=20)
    assert not is_alive(child)


def test_a_part_that_will_not_stop_is_killed_and_that_is_said(keep: Make, said: list[str]) -> None:
    keeper = keep(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}", is_ready=lambda pid: "here" in said)
    tick_until(keeper, lambda: keeper.phase is Phase.READY)
    keeper.ask_to_stop()
    keeper.end()
    assert said[-1] == "part did not stop in time and is killed"
    assert not keeper.is_running
