"""One call of a function in a child, from the caller's side: pass on what is heard, end it when it shall, return the answer."""

import logging
import queue
import time
from collections.abc import Callable
from typing import Any

from .channel import Message
from .children import Child, ChildCancelled, ChildDied, ChildFailed, ChildTimedOut, Ending

logger = logging.getLogger(__name__)

STOP_GRACE_S = 5.0
LOOKS_EVERY_S = 0.1  # whether its caller wants the call to end


def follow(
    child: Child,
    heard: queue.SimpleQueue[Message],
    *,
    on_event: Callable[[Message], None],
    is_cancelled: Callable[[], bool],
    timeout_s: float | None,
) -> Any:
    """Pass on what the child says until it ends, and return its answer; tell it to stop when it shall, then kill it.

    Raises ChildFailed, ChildTimedOut, ChildCancelled, ChildDied.
    """
    until = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
    stopped: Exception | None = None
    answer: Message | None = None
    killed_at = float("inf")
    while True:
        message = _next(heard)
        if "event" in message:
            on_event(message["event"])
        elif "ending" in message:
            return _result(child, answer, message["ending"], stopped)
        elif message:
            answer = message
        now = time.monotonic()
        if stopped is None and answer is None and (now > until or is_cancelled()):
            stopped = ChildTimedOut(f"it did not end within {timeout_s:g} s") if now > until else ChildCancelled()
            killed_at = now + STOP_GRACE_S
            child.send({"stop": True})
        if now > killed_at:
            killed_at = float("inf")
            child.kill()


def _next(heard: queue.SimpleQueue[Message]) -> Message:
    try:
        return heard.get(timeout=LOOKS_EVERY_S)
    except queue.Empty:
        return {}


def _result(child: Child, answer: Message | None, ending: Ending, stopped: Exception | None) -> Any:
    if stopped is not None:
        raise stopped
    if answer is None:
        raise ChildDied(str(ending))
    if "error" in answer:
        if answer["error"]["code"] == "internal-error":
            logger.error("%s failed in its child:\n%s", child.name, answer.get("traceback", ""))
        raise ChildFailed(**answer["error"])
    return answer["result"]
