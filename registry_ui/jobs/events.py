"""What a running job tells: progress and log into its row, now and then, and into a Redis stream, at once."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from ..web.redis import SLICE_S, client, key
from .failures import JobInterrupted

if TYPE_CHECKING:
    from .models import Job

logger = logging.getLogger(__name__)

STREAM_LENGTH = 1000
STREAM_KEPT_S = 24 * 3600
ROW_EVERY_S = 0.5
LOG_KEPT_CHARACTERS = 64_000
STAGES_KEPT = 50


class EventKind(StrEnum):
    STATE = "state"
    STAGE = "stage"
    LINE = "line"


@dataclass(frozen=True)
class JobEvent:
    """One event of a job; `id` is the place to resume after."""

    id: str
    kind: EventKind
    data: dict[str, Any]


class JobEvents:
    """The voice of one attempt, handed to its handler. Writes are fenced: a lost attempt's change nothing."""

    def __init__(self, job: "Job", *, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        self.job = job
        self.is_cancelled = is_cancelled
        self._stages: list[dict[str, Any]] = list(job.stages)
        self._log = job.log
        self._lock = threading.Lock()
        self._unwritten: dict[str, Any] = {}
        self._written_at = 0.0

    def stage(self, name: str, done: int | None = None, total: int | None = None, unit: str = "") -> None:
        """Say what is being done, and how much of it is."""
        publish(self.job.id, EventKind.STAGE, {"stage": name, "done": done, "total": total, "unit": unit})
        is_new = self._note(name[:100], done, total, unit[:20])
        self._write(
            is_new,
            stage=name[:100],
            progress_done=done,
            progress_total=total,
            progress_unit=unit[:20],
            stages=self._stages,
        )

    def line(self, text: str) -> None:
        """Add a line to the job's log, of which the end is kept."""
        publish(self.job.id, EventKind.LINE, {"text": text})
        with self._lock:
            self._log = f"{self._log}{text.rstrip()}\n"[-LOG_KEPT_CHARACTERS:]
        self._write(False, log=self._log)

    def check(self) -> None:
        """Raise JobInterrupted if the work shall stop: asked to, or the lease is lost. Call it before an outside effect."""
        if self.is_cancelled() or not self.job.renew(lease_s=settings.JOB_LEASE_S):
            raise JobInterrupted

    def flush(self) -> None:
        """Write to the row what was held back; the heartbeat does so too."""
        with self._lock:
            changes, self._unwritten = self._unwritten, {}
            if changes:
                self.job.record(**changes)
                self._written_at = time.monotonic()

    def _note(self, name: str, done: int | None, total: int | None, unit: str) -> bool:
        """Put the stage at the end of the list, or its figures when it is there. True for a new one.

        The list is replaced, never changed: the heartbeat may be writing it.
        """
        last = self._stages[-1] if self._stages else None
        is_new = last is None or last["name"] != name
        started_at = timezone.now().isoformat() if last is None or is_new else last["started_at"]
        entry = {"name": name, "started_at": started_at, "done": done, "total": total, "unit": unit}
        self._stages = [*(self._stages if is_new else self._stages[:-1]), entry][-STAGES_KEPT:]
        return is_new

    def _write(self, at_once: bool, **changes: Any) -> None:
        with self._lock:
            self._unwritten.update(changes)
        if at_once or time.monotonic() - self._written_at >= ROW_EVERY_S:
            self.flush()


def announce(job: "Job") -> None:
    """Tell live pages and waiting requests that the job's state changed."""
    publish(job.id, EventKind.STATE, {"state": job.state, "attempt": job.attempt, "error": job.error})


def publish(job_id: UUID, kind: EventKind, data: dict[str, Any]) -> None:
    """Add an event to the job's stream. The row is the truth, so a Redis that is away costs liveness only."""
    name = key("job-events", job_id)
    try:
        with client().pipeline(transaction=False) as pipeline:
            pipeline.xadd(name, {"kind": kind, "data": json.dumps(data)}, maxlen=STREAM_LENGTH, approximate=True)
            pipeline.expire(name, STREAM_KEPT_S)
            pipeline.execute()
    except RedisError as error:
        logger.warning("Event of job %s was not published: %s", job_id, error)


def last_id(job_id: UUID) -> str:
    """Return the id of the newest event, "0" when there is none."""
    newest: Any = client().xrevrange(key("job-events", job_id), count=1)
    return newest[0][0] if newest else "0"


def read(job_id: UUID, after: str = "0", *, until: float) -> Iterator[JobEvent]:
    """Yield events after the id `after` as they come, until time.time() passes `until`.

    The caller stops after a terminal state; a reader that comes back passes the last id it saw.
    """
    name = key("job-events", job_id)
    while (left := until - time.time()) > 0:
        streams: Any = client().xread({name: after}, block=max(1, int(min(left, SLICE_S) * 1000)))
        for after, fields in (entry for _, entries in streams for entry in entries):
            yield JobEvent(after, EventKind(fields["kind"]), json.loads(fields["data"]))
