"""The cast and the servers that all tests share."""

import pytest
from django.test import Client

from registry_ui.accounts.models import User
from tests.redis_server import redis, redis_server

__all__ = ["redis", "redis_server"]


@pytest.fixture
def alice(db) -> User:
    """The administrator."""
    return User.objects.create_superuser("alice", "alice@example.org", "alice's secret")


@pytest.fixture
def bob(db) -> User:
    """A person without rights of his own."""
    return User.objects.create_user("bob", "bob@example.org", "bob's secret")


@pytest.fixture
def client_alice(alice: User) -> Client:
    """A browser in which alice is signed in."""
    client = Client()
    client.force_login(alice)
    return client


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: files carry the time they were made, and test processes must agree on names."""
    return argname if isinstance(val, bytes) else None
