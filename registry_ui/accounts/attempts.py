"""How often somebody may try a password: a counter for each user name and address, in Redis."""

import hashlib
import logging

from redis.exceptions import RedisError

from ..web.redis import client, key

logger = logging.getLogger(__name__)

ALLOWED = 8
FORGOTTEN_AFTER_S = 300


def count(username: str, address: str) -> int:
    """Count an attempt before it is made, so that many at once gain nothing.

    Returns the seconds to wait, 0 when it may be made. Without Redis nothing is counted: nobody is locked out.
    """
    name = _key(username, address)
    try:
        with client().pipeline() as pipeline:
            pipeline.set(name, 0, ex=FORGOTTEN_AFTER_S, nx=True)
            pipeline.incr(name)
            pipeline.ttl(name)
            _, made, left_s = pipeline.execute()
    except RedisError as error:
        logger.warning("Attempts to sign in are not counted: %s", error)
        return 0
    return max(left_s, 1) if made > ALLOWED else 0


def forget(username: str, address: str) -> None:
    """Begin anew after a success."""
    try:
        client().delete(_key(username, address))
    except RedisError as error:
        logger.warning("Attempts to sign in are remembered for %s s: %s", FORGOTTEN_AFTER_S, error)


def _key(username: str, address: str) -> str:
    """Hashed: what is typed into the field of the name is sometimes a password."""
    digest = hashlib.sha256(f"{username.casefold()}\0{address}".encode()).hexdigest()
    return key("sign-in-attempts", digest[:32])
