"""What a worker says of itself in Redis, and the queues it opens for the models it holds."""

import hashlib
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil
from django.conf import settings

from flavor.packages import all_installed

from ..jobs.interruption import running
from ..predictions import presence
from ..predictions.outcomes import ModelPhase, ModelStateView, WorkerView
from .background import Repeating

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelPool, ModelState

# kombu asks Redis for messages in turns of a second; a new queue is part of the next one.
QUEUE_SETTLES_S = 1.2


class Advert:
    """Says every WORKER_HEARTBEAT_S, and when a model changes, that this worker lives and what it holds."""

    def __init__(self, name: str, pool: "ModelPool", *, budget_bytes: int, add_queue: Callable[[str], bool]) -> None:
        self._name = name
        self._pool = pool
        self._budget_bytes = budget_bytes
        self._add_queue = add_queue
        self._queues: dict[str, float] = {}  # name to time.monotonic() when it was opened
        self._started_at = time.time()
        self._packages = all_installed()
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
        """Advertise once, then open the queues of models that are warm for the first time; the next turn tells of them."""
        states = self._pool.states()
        self._advertise(states)
        self._open_queues(states)

    def _advertise(self, states: "list[ModelState]") -> None:
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
                models=[self._view(state) for state in states],
                packages=self._packages,
            )
        )

    def _open_queues(self, states: "list[ModelState]") -> None:
        """Listen to the queue of each warm model, for as long as the worker lives."""
        wanted = {queue_of(state.uri) for state in states if state.state == ModelPhase.WARM} - self._queues.keys()
        for name in wanted:
            if self._add_queue(name):
                self._queues[name] = time.monotonic()

    def _is_heard(self, queue: str) -> bool:
        """Whether messages in the queue are taken at once; a request would wait in one that was opened just now."""
        return queue in self._queues and time.monotonic() - self._queues[queue] >= QUEUE_SETTLES_S

    def _view(self, state: "ModelState") -> ModelStateView:
        queue = queue_of(state.uri)
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
            queue=queue if state.state == ModelPhase.WARM and self._is_heard(queue) else None,
        )


def queue_of(uri: str) -> str:
    """Name the queue of the workers that hold a model."""
    return f"model.{hashlib.sha256(uri.encode()).hexdigest()[:16]}"
