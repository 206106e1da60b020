"""What a killed supervisor leaves is ended, also when its undertaker was killed with it, and nobody else is hit."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_ui.supervisor import undertaker
from registry_ui.supervisor.undertaker import GOODBYE, bury, remember

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def child() -> Iterator[subprocess.Popen]:
    """A process in a session of its own which does not care about SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_start_ends_what_is_written_down(tmp_path: Path, child: subprocess.Popen) -> None:
    remember(tmp_path / "children", [child.pid])
    assert bury(tmp_path / "children", grace_s=0.1) == [child.pid]
    assert child.wait(10) == -9
    assert not (tmp_path / "children").exists()


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(tmp_path: Path, child: subprocess.Popen) -> None:
    (tmp_path / "children").write_text(f"[[{child.pid}, 1.0]]")
    assert bury(tmp_path / "children", grace_s=0.1) == []
    assert child.poll() is None


def test_nothing_written_down_is_nothing_to_do(tmp_path: Path) -> None:
    assert bury(tmp_path / "children") == []


@pytest.mark.parametrize(("word", "survives"), [(GOODBYE, True), (b"", False)])
def test_the_undertaker_acts_only_when_nobody_says_goodbye(
    tmp_path: Path, child: subprocess.Popen, word: bytes, survives: bool
) -> None:
    remember(tmp_path / "children", [child.pid])
    subprocess.run([sys.executable, "-P", undertaker.__file__, str(tmp_path / "children"), "0.1"], input=word, check=True)
    assert (child.poll() is None) is survives
