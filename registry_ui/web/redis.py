"""The connection to Redis for everything that is not Celery's: replies, streams, events, adverts of workers."""

from functools import cache

from django.conf import settings
from redis import Redis

# Longer than any blocking read we make: those wait in slices of at most `SLICE_S`.
SOCKET_TIMEOUT_S = 10
SLICE_S = 2.0


@cache
def client() -> Redis:
    """Return the process's client; it is thread-safe and pools its connections."""
    # Protocol 2 whatever the server: answers of streams differ in shape under 3.
    return Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=SOCKET_TIMEOUT_S, protocol=2)


def key(*parts: object) -> str:
    """Return the name of a key of ours: `key("reply", 7)` is `registry:reply:7`."""
    return ":".join(("registry", *map(str, parts)))
