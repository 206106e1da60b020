"""`manage.py up` for real: what a person at the terminal sees, and what remains after a crash."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.stack import Stack, get, is_alive

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("var"))
    try:
        yield stack.wait_until_ready()
    finally:
        stack.close()


def test_the_pages_answer_at_the_address_that_is_printed(stack: Stack) -> None:
    assert get(stack.wait_for(r"Open +(\S+)")[1] + "/healthz") == 200


def test_mlflow_answers_at_the_address_that_is_printed(stack: Stack) -> None:
    assert get(stack.wait_for(r"MLFLOW_TRACKING_URI=(\S+)")[1] + "/health") == 200


def test_the_printed_link_signs_the_first_person_in(stack: Stack) -> None:
    with urllib.request.urlopen(stack.wait_for(r"Sign in +(\S+)")[1], timeout=10) as page:
        assert page.status == 200
    assert "http" not in (stack.var_dir / "log" / "prepare.log").read_text()


def test_every_process_is_named_with_its_pid(stack: Stack) -> None:
    for part in ("redis", "mlflow", "worker", "web"):
        assert psutil.pid_exists(int(stack.wait_for(rf"{part} +pid (\d+) ")[1]))


def test_a_second_start_names_the_one_that_runs(stack: Stack) -> None:
    second = Stack(stack.var_dir)
    assert second.wait_for_end() == 1
    assert f"already running, as pid {stack.process.pid}" in second.said


def test_a_taken_port_names_who_holds_it(stack: Stack, tmp_path: Path) -> None:
    second = Stack(tmp_path, port=stack.port)
    assert second.wait_for_end() == 1
    assert f"Port {stack.port}, wanted for the pages, is held by pid " in second.said
    assert "gunicorn" in second.said


def test_a_killed_part_is_started_again_and_that_is_said(stack: Stack) -> None:
    killed = stack.pid_of("web")
    said_before = len(stack.lines)
    os.kill(killed, signal.SIGKILL)
    stack.wait_for(rf"web \(pid {killed}\) was ended by SIGKILL; starting it again in 0.5 s", since=said_before)
    stack.wait_for("web is ready", since=said_before)
    assert get(f"{stack.url}/healthz") == 200
    assert stack.pid_of("web") != killed


def test_a_killed_mlflow_leaves_its_port_to_the_next(stack: Stack) -> None:
    """`mlflow server` starts the server that listens; that one must not outlive it."""
    said_before = len(stack.lines)
    os.kill(stack.pid_of("mlflow"), signal.SIGKILL)
    stack.wait_for("mlflow is ready", since=said_before)
    assert get(f"http://127.0.0.1:{stack.mlflow_port}/health") == 200


def test_sigterm_stops_all_of_it(stack: Stack) -> None:
    children = stack.everything()
    assert stack.ask_to_stop() == 0
    assert stack.lines[-1].endswith("Everything has stopped.")
    assert not [child for child in children if is_alive(child)]
    assert not list(stack.var_dir.glob("up.children"))


def test_nothing_survives_a_killed_supervisor_and_the_next_start_works(stack: Stack) -> None:
    """The MLflow of these two starts is a file: a part that is named in the environment is not started."""
    elsewhere = f"sqlite:///{stack.var_dir / 'elsewhere.sqlite3'}"
    killed = Stack(stack.var_dir, port=stack.port, MLFLOW_TRACKING_URI=elsewhere).wait_until_ready()
    assert "mlflow is ready" not in killed.said
    children = killed.everything()
    killed.process.kill()
    killed.process.wait()
    following = Stack(stack.var_dir, port=stack.port, MLFLOW_TRACKING_URI=elsewhere).wait_until_ready()
    assert not [child for child in children if is_alive(child)]
    assert get(f"{following.url}/healthz") == 200
    assert following.ask_to_stop() == 0


def test_a_database_that_does_not_answer_ends_the_start_in_one_sentence(tmp_path: Path) -> None:
    stack = Stack(tmp_path, DATABASE_URL="postgres://hub:secret@127.0.0.1:1/hub")
    assert stack.wait_for_end() == 1
    assert "The database hub at 127.0.0.1:1 (DATABASE_URL) cannot be used" in stack.said
    assert "Traceback" not in stack.said
    assert "secret" not in stack.said
