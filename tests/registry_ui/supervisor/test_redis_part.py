"""The embedded Redis keeps its file, listens to its owner only and has no commands that we do not need."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from registry_ui.supervisor import redis_part
from registry_ui.supervisor.errors import CannotStart
from registry_ui.supervisor.keeper import Keeper, Phase
from registry_ui.supervisor.parts import Part
from registry_ui.supervisor.process import Process

from .test_keeper import tick_until
from .test_options import options


def launch(part: Part) -> Process:
    return Process(part.command, environ=os.environ, folder=part.folder, on_line=lambda line: None)


@pytest.fixture(params=["found on the machine", "bundled"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    if request.param == "bundled":
        monkeypatch.setenv("PATH", "/nonexistent")
    keeper = Keeper(redis_part.redis_part(options(tmp_path)), start=launch, say=lambda line: None)
    tick_until(keeper, lambda: keeper.phase is Phase.READY)
    yield keeper
    keeper.end()


@pytest.fixture
def client(keeper: Keeper, tmp_path: Path) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=str(tmp_path / "redis" / "redis.sock")) as client:
        yield client


def test_only_the_owner_reaches_the_socket(client: redis.Redis, tmp_path: Path) -> None:
    assert client.ping()
    assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700
    assert client.info("server")["tcp_port"] == 0


def test_what_was_written_survives_a_restart(keeper: Keeper, client: redis.Redis, tmp_path: Path) -> None:
    client.set("kept", "yes")
    keeper.ask_to_stop()
    tick_until(keeper, lambda: keeper.phase is Phase.PAUSING)
    tick_until(keeper, lambda: keeper.phase is Phase.READY)
    with redis.Redis(unix_socket_path=str(tmp_path / "redis" / "redis.sock")) as anew:
        assert anew.get("kept") == b"yes"


@pytest.mark.parametrize("command", redis_part.LOCKED_COMMANDS)
def test_commands_that_nobody_needs_are_not_there(client: redis.Redis, command: str) -> None:
    with pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command(command, "x", "y")


def test_a_machine_without_any_server_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(redis_part, "_bundled", lambda: None)
    with pytest.raises(CannotStart, match="REDIS_URL"):
        redis_part.redis_part(options(tmp_path))


def test_a_folder_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "redis").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotStart, match="belongs to another user"):
        redis_part.redis_part(options(tmp_path))
