"""Where a model stands on its way into memory and out of it."""

import time
from dataclasses import dataclass, field
from enum import StrEnum

from .children import ChildFailed
from .hosting import Host
from .memory import needed_bytes
from .requests import Pending

REMEMBERED_S = 15.0
LONGEST_REMEMBERED_S = 300.0
# A child that dies as often in a row, without an answer in between, is not started again at once.
MANY_CRASHES = 3
MEASURED_EVERY_S = 10.0


class Phase(StrEnum):
    COLD = "cold"
    FETCHING = "fetching"
    LOADING = "loading"
    WARM = "warm"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelFiles:
    """What a child loads: the artifact's folder, and for an adapter the folder of its base."""

    folder: str
    base_folder: str | None = None

    @property
    def loader_options(self) -> dict[str, str]:
        """Keyword arguments of the loader."""
        return {} if self.base_folder is None else {"base_model_path": self.base_folder}

    def needed_bytes(self) -> int:
        """Estimate what the model will take in memory."""
        return needed_bytes(*(each for each in (self.folder, self.base_folder) if each))


@dataclass(frozen=True)
class ModelState:
    """What the pool says of one model."""

    uri: str
    state: Phase = Phase.COLD
    done_bytes: int | None = None
    total_bytes: int | None = None
    memory_bytes: int | None = None
    reason: str | None = None
    since: float | None = None  # time.time()
    requests: int = 0
    idle_s: float | None = None


@dataclass(eq=False)
class Place:
    """A model that the pool knows; everything happens under the pool's lock."""

    uri: str
    phase: Phase = Phase.COLD
    since: float = field(default_factory=time.time)
    done_bytes: int | None = None
    total_bytes: int | None = None
    reserved_bytes: int = 0  # while it loads
    host: Host | None = None
    waiting: list[Pending] = field(default_factory=list)
    callers: int = 0  # of `load`, who wait
    is_being_loaded: bool = False
    is_given_up: bool = False  # whoever wanted it loaded does not any more
    problem: ChildFailed | None = None
    failures: int = 0
    crashes: int = 0
    retry_at: float = 0.0
    requests: int = 0
    used_at: float = field(default_factory=time.time)
    measured_at: float = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits for it to be loaded."""
        return bool(self.callers or self.waiting)

    @property
    def is_idle(self) -> bool:
        """Whether it is in memory and has nothing to do."""
        return self.phase is Phase.WARM and self.host is not None and not self.host.pending

    @property
    def memory_bytes(self) -> int:
        """What it holds, or will."""
        return max(self.reserved_bytes, self.host.memory_bytes if self.host else 0)

    def enter(self, phase: Phase) -> None:
        """Go on to a phase."""
        self.phase, self.since = phase, time.time()
        self.done_bytes = self.total_bytes = None

    def leave(self) -> Host | None:
        """Become cold; return the host, which is nobody's now."""
        host, self.host, self.reserved_bytes = self.host, None, 0
        self.enter(Phase.COLD)
        return host

    def fail(self, problem: ChildFailed) -> None:
        """Note why it cannot be loaded; asked soon again, the answer is the same, longer each time."""
        self.failures += 1
        remembered_s = min(LONGEST_REMEMBERED_S, REMEMBERED_S * 2 ** (self.failures - 1))
        self.leave()
        self.enter(Phase.FAILED)
        self.problem, self.retry_at = problem, time.time() + remembered_s

    def forget_failure(self) -> None:
        """Let the next request try again."""
        self.retry_at = 0.0

    def remembered_problem(self) -> ChildFailed | None:
        """Return why it is not even tried now."""
        return self.problem if self.phase is Phase.FAILED and time.time() < self.retry_at else None

    def note_warm(self) -> None:
        """It is in memory."""
        self.enter(Phase.WARM)
        self.problem, self.failures, self.reserved_bytes = None, 0, 0
        self.used_at = self.measured_at = time.time()

    def measure_now_and_then(self) -> None:
        """Measure what it holds, if it was used since the last time."""
        if self.host is not None and self.used_at > self.measured_at and time.time() - self.measured_at > MEASURED_EVERY_S:
            self.host.measure()
            self.measured_at = time.time()

    def state(self) -> ModelState:
        """Return what is said of it."""
        is_warm = self.phase is Phase.WARM
        return ModelState(
            uri=self.uri,
            state=self.phase,
            done_bytes=self.done_bytes,
            total_bytes=self.total_bytes,
            memory_bytes=self.memory_bytes or None,
            reason=self.problem.detail if self.problem and self.phase is Phase.FAILED else None,
            since=self.since,
            requests=self.requests,
            idle_s=round(max(0.0, time.time() - self.used_at), 1) if is_warm and self.is_idle else None,
        )
