"""Fixtures of the job tests: a Redis, a bell that only counts, and a handler that a test writes itself."""

import pytest

from registry_ui.jobs import runner, tasks
from registry_ui.jobs.interruption import running
from registry_ui.web.redis import client


@pytest.fixture(autouse=True)
def _redis(redis):
    yield
    client().connection_pool.disconnect()
    running.is_closing = False


@pytest.fixture
def bells(monkeypatch):
    """The ids that were rung for, instead of messages to a broker."""
    rung = []
    monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **options: rung.append(args[0]))
    return rung


@pytest.fixture
def handled_by(monkeypatch):
    """Make every kind of job be handled by the given function."""

    def set_handler(handler):
        monkeypatch.setattr(runner, "handler_for", lambda kind: handler)

    return set_handler
