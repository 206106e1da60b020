"""One request inside a model's child: what is asked, whether anybody still wants it, and how it is answered."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

CANCELLED = "cancelled"
TIMEOUT = "timeout"


@dataclass(eq=False)
class Asked:
    """`number` is the parent's; `alone` means that it may share a batch with nobody."""

    number: int
    rows: list[Row]
    params: Row
    deadline: float  # time.time()
    overlong: str | None = None
    is_stream: bool = False
    alone: bool = False
    is_cancelled: bool = False
    like: str = field(init=False)

    def __post_init__(self) -> None:
        """Requests with equal `like` may be run as one call."""
        self.like = json.dumps([self.params, self.overlong], sort_keys=True, default=repr)

    def is_late(self) -> bool:
        """Whether its deadline has passed."""
        return time.time() > self.deadline

    def is_unwanted(self) -> bool:
        """Whether nobody waits for the answer; asked at every token."""
        return self.is_cancelled or self.is_late()

    def goes_with(self, other: "Asked") -> bool:
        """Whether both may be run as one call."""
        return not (self.is_stream or other.is_stream or self.alone or other.alone) and self.like == other.like

    def answered(self, results: list[Any]) -> dict[str, Any]:
        """Return the answer; the error of an only row is the error of the request.

        A stream that was cancelled keeps what was written, which its reader has seen already.
        """
        if self.is_cancelled and not self.is_stream:
            return self.failed(error(CANCELLED, "The request was cancelled."))
        if len(results) == 1 and results[0].error:
            return self.failed(results[0].error)
        if self.is_late() and any(_is_cut_short(each) for each in results):
            return self.failed(too_late("it was running"))
        return {"answer": self.number, "results": [each.to_json() for each in results]}

    def failed(self, problem: Row) -> dict[str, Any]:
        """Return an error as the answer."""
        if problem["code"] == CANCELLED and self.is_late() and not self.is_cancelled:
            problem = too_late("it was running")
        return {"answer": self.number, "error": problem}


def error(code: str, detail: str, field: str | None = None) -> Row:
    """Return an error as it is sent."""
    return {"code": code, "detail": detail, "field": field}


def too_late(where: str) -> Row:
    """Return the error of a request whose deadline passed."""
    return error(TIMEOUT, f"The deadline passed while {where}; allow more time.")


def _is_cut_short(result: Any) -> bool:
    if result.error:
        return result.error["code"] == CANCELLED
    return any(record.get("finish_reason") == CANCELLED for record in result.records)
