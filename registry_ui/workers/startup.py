"""A worker's beginning and end: check its pool of threads, start the zygote, advertise, and leave nothing behind."""

import logging
import os
import threading
from dataclasses import dataclass
from typing import Any

import psutil
from celery import Celery
from django.conf import settings

from flavor.runtime.pool import ModelPool, ModelState
from flavor.runtime.zygote import Zygote

from ..jobs import runner
from ..jobs.interruption import running
from .advert import Advert
from .control import Control
from .duties import Duties
from .model_files import fetch_model
from .replies import Replies
from .resources import Resources, install

logger = logging.getLogger(__name__)

# Less than the life of an advert, which waits for it; what takes longer is tried again with the next.
QUEUE_OPENS_WITHIN_S = 2.0
POOLS_THAT_FORK_NOTHING = ("thread", "solo")


@dataclass(frozen=True)
class Worker:
    """Everything that must be closed when the worker leaves."""

    resources: Resources
    advert: Advert
    control: Control
    duties: Duties


_started: list[Worker] = []


def check_pool(pool: Any) -> None:
    """Refuse a pool that forks or switches by itself. Raises SystemExit with the reason."""
    name = f"{getattr(pool, '__module__', '')}.{getattr(pool, '__name__', pool)}".lower()
    if not any(each in name for each in POOLS_THAT_FORK_NOTHING):
        raise SystemExit(
            f"This worker cannot run with the pool {name!r}: models live in child processes of its own, jobs and answers in its "
            "threads, and a forked copy would have neither. Start it with `-P threads`."
        )


def start(app: Celery, *, hostname: str, pool: Any) -> None:
    """Start zygote, pool of models and the threads; the worker takes messages afterwards."""
    check_pool(pool)
    runner.worker_name = hostname
    identity = f"{hostname}/{os.getpid()}"
    zygote = Zygote(threads=_threads())
    zygote.start()
    budget = _budget_bytes()
    models = ModelPool(zygote, budget_bytes=budget, fetch=fetch_model, on_change=_nudge, max_batch=settings.PREDICT_MAX_BATCH)
    resources = Resources(identity, zygote, models, Replies())
    install(resources)

    def add_queue(name: str) -> bool:
        return bool(app.control.add_consumer(name, destination=[hostname], reply=True, timeout=QUEUE_OPENS_WITHIN_S))

    advert = Advert(hostname, models, budget_bytes=budget, add_queue=add_queue)
    _started.append(Worker(resources, advert, Control(models), Duties(identity)))


def ready() -> None:
    """Advertise and take on duties, once messages are taken."""
    for worker in _started:
        worker.advert.start()
        worker.control.start()
        worker.duties.start()


def leave() -> None:
    """Interrupt what runs, so that it is given back to the queue; from a signal handler, hence in a thread."""
    threading.Thread(target=running.release_all, name="leave").start()


def stop() -> None:
    """Close everything, children last."""
    while _started:
        worker = _started.pop()
        worker.duties.close()
        worker.control.close()
        worker.advert.close()
        worker.resources.pool.close()
        worker.resources.replies.close()
        worker.resources.zygote.close()
        install(None)


def _nudge(state: ModelState) -> None:
    for worker in _started:
        worker.advert.nudge(state)


def _threads() -> int:
    return settings.MODEL_THREADS or max(1, (os.cpu_count() or 2) - 1)


def _budget_bytes() -> int:
    return settings.MODEL_BUDGET_BYTES or psutil.virtual_memory().total // 2
