"""The Celery app of a worker that stands still for ever at a named point, once: `celery -A tests.registry_ui.workers.killable`.

STOP_AT names the point, STOPPED the file that says that it was reached; the next worker finds the file and goes on.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import signals

from flavor.runtime import zygote
from registry_ui.celery import app

__all__ = ["app"]

BEFORE_LOGGING = "before logging"
AFTER_LOGGING = "after logging"
AFTER_REGISTERING = "after registering"
BEFORE_THE_END = "before the end"
IN_THE_CHILD = "in the child"
POINTS = (BEFORE_LOGGING, AFTER_LOGGING, AFTER_REGISTERING, BEFORE_THE_END)


# These workers fork one child each: what it needs it imports itself, which is less than all.
zygote.PRELOADED = ()


def stand_still() -> None:
    """Say that the point was reached and never return; the second time do nothing."""
    stopped = Path(os.environ["STOPPED"])
    if not stopped.exists():
        stopped.touch()
        while True:
            time.sleep(60)


def stopping(function: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    """Return the function, standing still before or after it."""

    def stopped(*args: Any, **kwargs: Any) -> Any:
        if before:
            stand_still()
        result = function(*args, **kwargs)
        if not before:
            stand_still()
        return result

    return stopped


def sleeping_child(report: Callable[[dict[str, Any]], None], should_stop: Callable[[], bool], **kwargs: Any) -> None:
    """What the child of a log job does in its place: tell its process id, then sleep until it is told to stop."""
    report({"line": f"child {os.getpid()} sleeps"})
    while not should_stop():
        time.sleep(0.05)


@signals.worker_ready.connect
def _set_the_trap(**options: Any) -> None:
    from registry_ui.jobs.models import Job
    from registry_ui.workers import children, log_model
    from registry_ui.workers.registration import Registration

    if os.environ["STOP_AT"] == IN_THE_CHILD:
        log_model.CHILD = f"{__name__}:sleeping_child"
        return

    traps = {
        BEFORE_LOGGING: (children, "call", True),
        AFTER_LOGGING: (children, "call", False),
        AFTER_REGISTERING: (Registration, "register", False),
        BEFORE_THE_END: (Job, "succeed", True),
    }
    owner, name, before = traps[os.environ["STOP_AT"]]
    setattr(owner, name, stopping(getattr(owner, name), before=before))
