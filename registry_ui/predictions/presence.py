"""Which workers are alive and what they hold: adverts in Redis that expire when a worker falls silent."""

import json
import threading
import time
from dataclasses import asdict

from django.conf import settings

from ..web.redis import client, key
from .outcomes import ModelPhase, ModelStateView, WorkerView

NAMES = key("workers")
# How stale a web process may be about workers; it saves two commands for each request.
REMEMBERED_S = 0.5

_RANK = {phase: rank for rank, phase in enumerate(("cold", "failed", "fetching", "loading", "warm"))}


def advertise(worker: WorkerView) -> None:
    """Say that the worker lives and what it holds; it counts as dead when it does not say so again in time."""
    with client().pipeline(transaction=False) as pipeline:
        pipeline.sadd(NAMES, worker.name)
        pipeline.set(key("worker", worker.name), json.dumps(asdict(worker)), px=int(settings.WORKER_HEARTBEAT_S * 3000))
        pipeline.execute()


def withdraw(name: str) -> None:
    """Say that the worker leaves."""
    with client().pipeline(transaction=False) as pipeline:
        pipeline.srem(NAMES, name)
        pipeline.delete(key("worker", name))
        pipeline.execute()


def read_workers() -> list[WorkerView]:
    """Return the workers that are alive, by name; two commands."""
    names = sorted(client().smembers(NAMES))
    if not names:
        return []
    adverts = client().mget([key("worker", name) for name in names])
    silent = [name for name, advert in zip(names, adverts, strict=True) if advert is None]
    if silent:
        client().srem(NAMES, *silent)
    return [WorkerView.from_json(json.loads(advert)) for advert in adverts if advert is not None]


class Presence:
    """The workers as this process last read them, at most `REMEMBERED_S` ago."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._workers: list[WorkerView] = []

    def workers(self) -> list[WorkerView]:
        """Return the workers that are alive."""
        with self._lock:
            if time.monotonic() - self._read_at > REMEMBERED_S:
                self._workers = read_workers()
                self._read_at = time.monotonic()
            return self._workers

    def forget(self) -> None:
        """Read anew the next time."""
        with self._lock:
            self._read_at = 0.0


def states_of(workers: list[WorkerView]) -> list[ModelStateView]:
    """Return each model once, as the worker that is furthest with it says."""
    best: dict[str, ModelStateView] = {}
    for state in (state for worker in workers for state in worker.models):
        known = best.get(state.uri)
        if known is None or _RANK[state.state] > _RANK[known.state]:
            best[state.uri] = state
    return sorted(best.values(), key=lambda state: state.uri)


def state_of(uri: str, workers: list[WorkerView]) -> ModelStateView:
    """Return what is said about one model; cold when nothing is."""
    return next((state for state in states_of(workers) if state.uri == uri), ModelStateView(uri))


def queue_for(uri: str, workers: list[WorkerView]) -> str | None:
    """Return the queue of a worker that holds the model warm, the least used first; None when nobody does."""
    warm = [state for worker in workers for state in worker.models if state.uri == uri and state.state == ModelPhase.WARM]
    listening = sorted((state for state in warm if state.queue), key=lambda state: state.requests)
    return listening[0].queue if listening else None
