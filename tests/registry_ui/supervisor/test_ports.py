"""A port that is taken, reserved or none at all is refused in one sentence."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from registry_ui.supervisor.errors import CannotStart
from registry_ui.supervisor.ports import check_free
from tests.stack import free_port


@pytest.fixture
def listener() -> Iterator[tuple[subprocess.Popen, int]]:
    """Somebody else's server: its process and its port."""
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); s.accept()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def check(port: int) -> None:
    check_free("127.0.0.1", port, purpose="the pages", way_out="Take another.")


def test_a_free_port_is_free() -> None:
    check(free_port())


def test_a_port_that_was_just_left_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check(port)


def test_a_taken_port_names_process_and_way_out(listener: tuple[subprocess.Popen, int]) -> None:
    process, port = listener
    with pytest.raises(CannotStart) as refusal:
        check(port)
    said = str(refusal.value)
    assert said.startswith(f"Port {port}, wanted for the pages, is held by pid {process.pid} (")
    assert "import socket" in said
    assert said.endswith("Take another.")


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(CannotStart, match="70000 is not a port"):
        check(70000)


def test_a_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CannotStart, match=r"Cannot listen on 192\.0\.2\.1"):
        check_free("192.0.2.1", 8000, purpose="the pages", way_out="")
