"""A request on the side of those who ask: what it is, and what has become of it."""

import itertools
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

logger = logging.getLogger(__name__)

Row = dict[str, Any]
Answer = dict[str, Any]

# How long after its deadline, or after it was cancelled, a request's child may still be busy with it.
GRACE_S = 2.0
# How long after its deadline the child's own answer is waited for.
LATE_S = 0.25

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class PredictRequest:
    """Rows and params of one call; with `on_token` its one row is streamed. `deadline` is a time.time()."""

    id: str
    rows: list[Row]
    params: Row = field(default_factory=dict)
    deadline: float
    overlong: str | None = None  # as in PyfuncModel.run
    on_token: Callable[[str], None] | None = None


@dataclass(eq=False)
class Pending:
    """A request that the pool holds. All but `tell` and `on_token` happens under the pool's lock."""

    request: PredictRequest
    number: int = field(default_factory=lambda: next(_numbers))
    future: Future[Answer] = field(default_factory=Future)
    asked_at: float = field(default_factory=time.time)
    waits_since: float = 0.0  # for its model to be loaded
    load_s: float = 0.0
    is_taken: bool = False  # its child computes it
    is_answered: bool = False
    is_alone: bool = False  # run it with nobody: its batch has killed a child
    cancelled_at: float | None = None

    def __post_init__(self) -> None:
        """Let nobody cancel the future behind the pool's back."""
        self.future.set_running_or_notify_cancel()

    @property
    def unwanted_at(self) -> float:
        """When nobody wants it any more."""
        return min(self.request.deadline, self.cancelled_at or float("inf"))

    @property
    def given_up_at(self) -> float:
        """When it is answered without its child."""
        cancelled = float("inf") if self.cancelled_at is None else self.cancelled_at + GRACE_S
        return min(self.request.deadline + LATE_S, cancelled)

    def to_child(self) -> dict[str, Any]:
        """Return what its child is told."""
        return {
            "number": self.number,
            "rows": self.request.rows,
            "params": self.request.params,
            "deadline": self.request.deadline,
            "overlong": self.request.overlong,
            "is_stream": self.request.on_token is not None,
            "alone": self.is_alone,
        }

    def answer(self, answer: Answer) -> Callable[[], None]:
        """Take the answer, the first one only; return what tells it, to be called without the lock."""
        if self.is_answered:
            return _nothing
        self.is_answered = True
        return lambda: self.future.set_result(answer)

    def answer_from_child(self, message: dict[str, Any]) -> Callable[[], None]:
        """Take the child's answer."""
        if "error" in message:
            return self.fail(**message["error"])
        queued_s = max(0.0, message["started_at"] - self.asked_at - self.load_s)
        timing = {"queued": _ms(queued_s), "load": _ms(self.load_s), "model": message["model_ms"]}
        return self.answer({"id": self.request.id, "results": message["results"], "timing_ms": timing})

    def fail(self, code: str, detail: str, field: str | None = None) -> Callable[[], None]:
        """Take an error as the answer."""
        return self.answer({"id": self.request.id, "error": {"code": code, "detail": detail, "field": field}})

    def give_up(self, where: str) -> Callable[[], None]:
        """Answer without the child: cancelled, or too late."""
        if self.cancelled_at is not None and self.cancelled_at <= self.request.deadline:
            return self.fail("cancelled", "The request was cancelled.")
        return self.fail("timeout", f"The deadline passed while {where}; allow more time.")

    def on_token(self, text: str) -> None:
        """Hand on a token, unless it has been answered already; a reader that fails loses its tokens only."""
        if self.request.on_token is None or self.is_answered:
            return
        try:
            self.request.on_token(text)
        except Exception:
            logger.exception("A token of request %s was lost", self.request.id)


def _nothing() -> None:
    pass


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
