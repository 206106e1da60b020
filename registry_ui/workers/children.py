"""Run a job's heavy part in a child of the zygote, and say how it ended in the words of jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flavor.runtime.zygote import ChildCancelled, ChildDied, ChildFailed, ChildTimedOut

from ..jobs.events import JobEvents
from ..jobs.failures import JobFailed, JobInterrupted, JobTimedOut
from .resources import current


def call(target: str, kwargs: dict[str, Any], *, name: str, events: JobEvents, timeout_s: float | None = None) -> Any:
    """Call `target` ("package.module:function") in a child as `function(report, should_stop, **kwargs)`.

    Returns its JSON-able result. Raises JobFailed, JobTimedOut, JobInterrupted.
    """
    with failures_of_children():
        return current().zygote.call(
            target,
            kwargs,
            name=name,
            on_event=lambda event: tell(events, event),
            is_cancelled=events.is_cancelled,
            timeout_s=timeout_s,
        )


def tell(events: JobEvents, event: dict[str, Any]) -> None:
    """Pass on what a child reports: {"stage", "done", "total", "unit"} or {"line"}."""
    if "line" in event:
        events.line(str(event["line"]))
    if "stage" in event:
        events.stage(str(event["stage"]), event.get("done"), event.get("total"), event.get("unit") or "")


@contextmanager
def failures_of_children() -> Iterator[None]:
    """Turn the ways in which a child ends into the ways in which a job does."""
    try:
        yield
    except ChildFailed as error:
        raise JobFailed(error.code, error.detail, error.field) from error
    except ChildTimedOut as error:
        raise JobTimedOut from error
    except ChildCancelled as error:
        raise JobInterrupted from error
    except ChildDied as error:
        raise JobFailed("child-died", f"The process that did the work died: {error}") from error
