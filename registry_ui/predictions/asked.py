"""What a prediction asked: from its row, or from the note that lives until the row is written."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from flavor.tasks import Row, Task, find_task

from . import history
from .dispatch import Promise
from .gateway import ROW_FOLLOWS_S, UnknownPrediction, checked_id
from .models import Prediction


@dataclass(frozen=True)
class Asked:
    """One request: which version, which rows, which params."""

    id: str
    uri: str
    name: str
    version: str
    task_name: str
    rows: list[Row]
    params: Row
    created_at: datetime | None = None
    created_by_id: int | None = None

    @property
    def task(self) -> Task | None:
        """The task, None when it is not known here any more."""
        return find_task(self.task_name)

    @classmethod
    def from_row(cls, row: Prediction) -> Self:
        """Return what a past prediction asked."""
        found = (str(row.id), row.model_uri, row.model_name, row.model_version, row.task, row.rows, row.params)
        return cls(*found, created_at=row.created_at, created_by_id=row.created_by_id)

    @classmethod
    def from_note(cls, note: Promise) -> Self:
        """Return what a prediction under way asked."""
        message, request = note.message, note.request
        found = (request.id, message.uri, message.name, message.version, message.task, request.rows, request.params)
        return cls(*found, created_by_id=request.caller_id)


def get_asked(request_id: str) -> Asked:
    """Return what was asked under this id; waits a moment for the row of an answer that has just been given.

    Raises UnknownPrediction.
    """
    request_id, until = checked_id(request_id), time.monotonic() + ROW_FOLLOWS_S
    while True:
        row = history.find(request_id)
        if row is not None:
            return Asked.from_row(row)
        note = Promise.find(request_id)
        if note is not None:
            return Asked.from_note(note)
        if time.monotonic() > until:
            raise UnknownPrediction(f"There is no prediction {request_id} (any more).")
        time.sleep(0.05)
