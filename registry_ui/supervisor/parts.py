"""What a part is: a command, how to see that it serves, how long it may take."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Part:
    """One long-lived process. `is_ready` is asked with the pid; `address` is for people.

    Lines in which `noise` is found are kept in the log file but not shown on the terminal.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    address: str
    is_ready: Callable[[int], bool]
    after: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    ready_within_s: float = 120
    stop_within_s: float = 8
    noise: str | None = None
