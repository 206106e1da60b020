"""What one worker process holds: its zygote, its pool of models, the way its answers go out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelPool
    from flavor.runtime.zygote import Zygote

    from .replies import Replies


@dataclass(frozen=True)
class Resources:
    """Made once when the worker starts, closed when it leaves."""

    identity: str  # as in WorkerView.identity
    zygote: "Zygote"
    pool: "ModelPool"
    replies: "Replies"


_installed: list[Resources] = []


def install(resources: Resources | None) -> None:
    """Make these the process's resources; None takes them away."""
    _installed[:] = [resources] if resources else []


def current() -> Resources:
    """Return the process's resources. Raises RuntimeError outside a worker."""
    if not _installed:
        raise RuntimeError("This process is no worker: start one with `celery -A registry_ui worker -P threads`.")
    return _installed[0]
