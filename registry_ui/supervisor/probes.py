"""Questions that tell whether a part serves."""

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import redis

ANSWER_WITHIN_S = 2.0


def answers_http(url: str) -> bool:
    """Whether the page at `url` is there and well."""
    return http_status(url) == 200


def http_status(url: str) -> int | None:
    """Return the status of a GET; None when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_WITHIN_S) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None


def redis_problem(url: str) -> str | None:
    """Return why Redis at `url` cannot be used; None when it can."""
    try:
        with redis.Redis.from_url(url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return str(error)
    return None


def pid_of_worker(url: str, worker: str) -> int | None:
    """Return the pid that the worker of this name advertises in Redis (`registry_ui.predictions.presence`)."""
    try:
        with redis.Redis.from_url(url, socket_timeout=ANSWER_WITHIN_S) as client:
            advert = client.get(f"registry:worker:{worker}")
    except redis.RedisError:
        return None
    return json.loads(advert)["pid"] if isinstance(advert, bytes) else None


def answers_redis(path: Path) -> bool:
    """Whether the Redis at this socket says PONG; False while it still loads its file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_WITHIN_S)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
