"""Requests that wait in a model's child, in order; taken together where they go together."""

import threading
from collections.abc import Callable
from typing import Any

from .asked import CANCELLED, Asked, error, too_late


class Inbox:
    """Filled and cancelled by the thread that listens, emptied by the one that computes."""

    def __init__(self, *, answer: Callable[[dict[str, Any]], None], max_rows: int) -> None:
        self._answer = answer
        self._max_rows = max_rows
        self._waiting: list[Asked] = []
        self._running: list[Asked] = []
        self._changed = threading.Condition()

    def put(self, asked: list[Asked]) -> None:
        """Add requests."""
        with self._changed:
            self._waiting += asked
            self._changed.notify()

    def cancel(self, numbers: set[int]) -> None:
        """Answer those that wait at once; those that run see it at their next token."""
        with self._changed:
            for each in self._running:
                each.is_cancelled = each.is_cancelled or each.number in numbers
            dropped = [each for each in self._waiting if each.number in numbers]
            self._waiting = [each for each in self._waiting if each.number not in numbers]
        for each in dropped:
            self._answer(each.failed(error(CANCELLED, "The request was cancelled before it was run.")))

    def take(self) -> list[Asked]:
        """Return the oldest request and those that go with it, at most `max_rows` rows; blocks while nothing waits."""
        while True:
            with self._changed:
                self._running = []
                self._changed.wait_for(lambda: bool(self._waiting))
                late = [each for each in self._waiting if each.is_late()]
                self._waiting = [each for each in self._waiting if each not in late]
                self._running = self._together()
                taken = list(self._running)
            for each in late:
                self._answer(each.failed(too_late("it waited for those before it")))
            if taken:
                return taken

    def _together(self) -> list[Asked]:
        """Take the oldest and its like from the waiting ones."""
        taken: list[Asked] = []
        rows = 0
        for each in self._waiting:
            fits = not taken or (taken[0].goes_with(each) and rows + len(each.rows) <= self._max_rows)
            if fits:
                taken.append(each)
                rows += len(each.rows)
        self._waiting = [each for each in self._waiting if each not in taken]
        return taken
