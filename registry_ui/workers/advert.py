"""What a worker says of itself in Redis, and the queues it opens for the models it holds."""

import hashlib
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil
from django.conf import settings

from ..jobs.interruption import running
from ..predictions import presence
from ..predictions.outcomes import ModelPhase, ModelStateView, WorkerView
from .background import Repeating

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelPool, ModelState


class Advert:
    """Says every WORKER_HEARTBEAT_S, and when a model changes, that this worker lives and what it holds."""

    def __init__(self, name: str, pool: "ModelPool", *, budget_bytes: int, add_queue: Callable[[str], None]) -> None:
        self._name = name
        self._pool = pool
        self._budget_bytes = budget_bytes
        self._add_queue = add_queue
        self._queues: set[str] = set()
        self._started_at = time.time()
        self._thread = Repeating("advert", self.say, every_s=settings.WORKER_HEARTBEAT_S)

    def start(self) -> None:
        """Begin to advertise."""
        self._thread.start()

    def nudge(self, state: "ModelState") -> None:
        """Say it now, because a model changed."""
        self._thread.nudge()

    def close(self) -> None:
        """Stop, and take the advert down."""
        self._thread.close()
        presence.withdraw(self._name)

    def say(self) -> None:
        """Advertise once."""
        presence.advertise(
            WorkerView(
                name=self._name,
                host=socket.gethostname(),
                pid=os.getpid(),
                seen_at=time.time(),
                started_at=self._started_at,
                memory_bytes=psutil.Process().memory_info().rss,
                budget_bytes=self._budget_bytes,
                jobs=running.ids(),
                models=[self._view(state) for state in self._pool.states()],
            )
        )

    def _view(self, state: "ModelState") -> ModelStateView:
        return ModelStateView(
            uri=state.uri,
            state=str(state.state),
            done_bytes=state.done_bytes,
            total_bytes=state.total_bytes,
            memory_bytes=state.memory_bytes,
            reason=state.reason,
            worker=self._name,
            since=state.since,
            requests=state.requests,
            idle_s=state.idle_s,
            queue=self._queue(state.uri) if state.state == ModelPhase.WARM else None,
        )

    def _queue(self, uri: str) -> str:
        """Return the model's queue, listened to from the first time it was warm for as long as the worker lives."""
        name = queue_of(uri)
        if name not in self._queues:
            self._add_queue(name)
            self._queues.add(name)
        return name


def queue_of(uri: str) -> str:
    """Name the queue of the workers that hold a model."""
    return f"model.{hashlib.sha256(uri.encode()).hexdigest()[:16]}"
