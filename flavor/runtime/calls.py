"""What a child does that was made for one call: run a function that reports, may be told to stop, and returns JSON."""

import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from ..errors import FlavorError
from ..tasks import InvalidInput
from .channel import Channel, Message
from .names import resolve

TOLD_EVERY_S = 0.1

Report = Callable[[Message], None]
ShouldStop = Callable[[], bool]


def run(channel: Channel, *, target: str, kwargs: dict[str, Any]) -> None:
    """Call `target` as `function(report, should_stop, **kwargs)` and send its result, or what it raised."""
    told_to_stop = threading.Event()
    threading.Thread(target=_listen, args=(channel, told_to_stop), name="listen", daemon=True).start()
    reporter = Reporter(channel.send)
    try:
        answer = {"result": resolve(target)(reporter, told_to_stop.is_set, **kwargs)}
        json.dumps(answer)
    except Exception as error:  # noqa: BLE001  # the border of the process: what is raised is told to the one who called
        answer = {"error": as_json(error), "traceback": traceback.format_exc()}
    reporter.flush()
    channel.send(answer)


def as_json(error: Exception) -> dict[str, Any]:
    """Return an error as its caller may see it: in words when the caller can mend it, else by its name."""
    if isinstance(error, FlavorError | InvalidInput):
        return {"code": error.code, "detail": str(error), "field": getattr(error, "field", None)}
    if isinstance(error, MemoryError):
        return {"code": "out-of-memory", "detail": f"There was not enough memory: {error or 'no details'}.", "field": None}
    said = f"{type(error).__name__}; the worker's log has the details."
    if isinstance(error, OSError) and error.strerror:  # a full disk, a file that is not there
        said = ": ".join(str(part) for part in (type(error).__name__, error.strerror, error.filename) if part)
    return {"code": "internal-error", "detail": said, "field": None}


class Reporter:
    """Sends what the function reports; progress within one stage at most every 100 ms, the newest one last."""

    def __init__(self, send: Report) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._stage: str | None = None
        self._sent_at = 0.0
        self._held: Message | None = None

    def __call__(self, event: Message) -> None:
        """Report {"stage", "done", "total", "unit"} or {"line"}."""
        with self._lock:
            if "line" in event:
                self._send({"event": event})
                return
            now = time.monotonic()
            if event.get("stage") == self._stage and now - self._sent_at < TOLD_EVERY_S:
                self._held = event
                return
            if event.get("stage") != self._stage:
                self._send_held()
            self._stage, self._sent_at, self._held = event.get("stage"), now, None
            self._send({"event": event})

    def flush(self) -> None:
        """Send the progress that was held back."""
        with self._lock:
            self._send_held()

    def _send_held(self) -> None:
        if self._held is not None:
            self._send({"event": self._held})
            self._held = None


def _listen(channel: Channel, told_to_stop: threading.Event) -> None:
    for _ in channel.messages():
        told_to_stop.set()
    os._exit(1)  # nobody waits for the result any more
