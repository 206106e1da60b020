"""How far a prediction, or a model on its way into memory, is: a word, numbers where there are any, a share for a bar."""

from dataclasses import dataclass
from typing import Any

from ..web.templatetags.format import format_bytes
from .outcomes import ModelPhase, ModelStateView


@dataclass(frozen=True)
class Stage:
    """What is going on; `share` from 0 to 100 where it is known."""

    name: str
    text: str
    share: float | None = None


def stage_of(state: ModelStateView) -> Stage:
    """Return what a waiting prediction waits for."""
    return stage_from(state.state, state.done_bytes, state.total_bytes, state.reason)


def stage_from(state: str, done_bytes: Any = None, total_bytes: Any = None, reason: str | None = None) -> Stage:
    """Return the stage of a state as streams tell it."""
    if state == ModelPhase.FETCHING:
        share = 100 * done_bytes / total_bytes if done_bytes is not None and total_bytes else None
        return Stage("fetching", f"Fetching the model{_so_far(done_bytes, total_bytes)}", share)
    texts = {
        ModelPhase.COLD: "Queued: waiting for a worker",
        ModelPhase.LOADING: "Loading the model into memory",
        ModelPhase.WARM: "Running",
        ModelPhase.FAILED: f"The model could not be loaded: {reason}" if reason else "The model could not be loaded",
    }
    names = {ModelPhase.COLD: "queued", ModelPhase.WARM: "running"}
    return Stage(names.get(state, state), texts.get(state, state.capitalize()))  # type: ignore[call-overload]


def _so_far(done_bytes: int | None, total_bytes: int | None) -> str:
    if done_bytes is None:
        return ""
    if not total_bytes:
        return f": {format_bytes(done_bytes)}"
    return f": {format_bytes(done_bytes)} of {format_bytes(total_bytes)}"
