"""A thread that writes to MLflow beside the training, so that a slow or failing store neither stops nor breaks it."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

logger = logging.getLogger(__name__)


class Recorder:
    """Calls in the order in which they were given, one at a time. Those that fail are told once and counted."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "flavor-training")
        self._pending: list[tuple[str, Future[Any]]] = []
        self._failures: dict[str, tuple[str, int]] = {}

    def later(self, what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call when those before are done. `what` is how a user knows what would be missing: "the metrics"."""
        self._pending.append((what, self._pool.submit(call, *args, **kwargs)))
        self._pending = [(name, future) for name, future in self._pending if not self._is_over(name, future)]

    def now(self, what: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call when those before are done and return what it returns, None when it failed."""
        future = self._pool.submit(call, *args, **kwargs)
        self.settle()
        self._wait(what, future)
        return None if future.exception() else future.result()

    def settle(self) -> None:
        """Wait until everything given so far is done."""
        pending, self._pending = self._pending, []
        for what, future in pending:
            self._wait(what, future)

    def close(self) -> None:
        """Wait for the rest and end the thread."""
        self.settle()
        self._pool.shutdown()

    @property
    def is_busy(self) -> bool:
        """Whether something given earlier is still to be done."""
        return any(not future.done() for _, future in self._pending)

    def forget(self, what: str) -> None:
        """Take back that something is missing: it was made up for."""
        self._failures.pop(what, None)

    @property
    def failures(self) -> list[str]:
        """What is missing, each with how often and the first reason."""
        return [f"{what}{f' ({count} times)' if count > 1 else ''}: {why}" for what, (why, count) in self._failures.items()]

    def note(self, what: str, why: str) -> None:
        """Say that something is missing, once, and count it."""
        first, count = self._failures.get(what, (why, 0))
        self._failures[what] = (first, count + 1)
        if not count:
            logger.warning("Not in MLflow: %s: %s", what, why)

    def _is_over(self, what: str, future: "Future[Any]") -> bool:
        if future.done():
            self._wait(what, future)
        return future.done()

    def _wait(self, what: str, future: "Future[Any]") -> None:
        error = future.exception()
        if error is not None:
            said = str(error).strip() or "without a word"
            self.note(what, f"{type(error).__name__}: {said.splitlines()[0][:300]}")
