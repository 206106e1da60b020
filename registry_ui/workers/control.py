"""The ear of a worker: cancels of jobs and predictions, told to all workers at once."""

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from redis.exceptions import RedisError

from ..jobs.interruption import CANCEL_JOB, CONTROL_CHANNEL, running
from ..predictions.wire import CANCEL_PREDICTION
from ..web.redis import SLICE_S, client

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelPool

logger = logging.getLogger(__name__)


class Control:
    """A thread that listens on the control channel and hands on what concerns this worker."""

    def __init__(self, pool: "ModelPool") -> None:
        self._pool = pool
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening; an empty message wakes the thread."""
        self._ending.set()
        with suppress(RedisError):
            client().publish(CONTROL_CHANNEL, "")
        self._thread.join(timeout=2 * SLICE_S)

    def obey(self, text: str) -> None:
        """Do what a message says."""
        what, _, name = text.partition(" ")
        if what == CANCEL_JOB:
            running.cancel(UUID(name))
        elif what == CANCEL_PREDICTION:
            self._pool.cancel(name)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except RedisError as error:
                logger.warning("Cancels are heard late, Redis is away: %s", error)
                self._ending.wait(SLICE_S)

    def _listen(self) -> None:
        with client().pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(CONTROL_CHANNEL)
            while not self._ending.is_set():
                message = pubsub.get_message(timeout=SLICE_S)
                if message is not None:
                    self.obey(message["data"])
