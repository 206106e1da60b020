"""Keeps one part running: starts it, sees it become ready, starts it again with growing pauses when it dies."""

import time
from collections.abc import Callable
from enum import StrEnum

from .errors import CannotStart
from .parts import Part
from .process import Process

SHORTEST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 60.0  # a part that ran this long starts again from the shortest pause
PROBE_EVERY_S = 0.2
MOST_FAILURES = 5  # starts in a row that never became ready


class Phase(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    STOPPED = "stopped"


class Keeper:
    """The life of one part. `tick` is called again and again by the supervisor; it never blocks for long."""

    def __init__(self, part: Part, *, start: Callable[[Part], Process], say: Callable[[str], None]) -> None:
        self.part = part
        self.phase = Phase.WAITING
        self.process: Process | None = None
        self._start = start
        self._say = say
        self._since = time.monotonic()
        self._probed_at = 0.0
        self._failures = 0  # in a row, without having been ready for long
        self._was_ready = False

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def tick(self, ready: set[str]) -> None:
        """Take the next step, given the names of the parts that are ready. Raises CannotStart with the part's last lines."""
        if self._is_due(ready):
            self._begin()
        elif self.phase in (Phase.STARTING, Phase.READY):
            self._look()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.exit_code is None

    def ask_to_stop(self) -> None:
        if self.process:
            self.process.ask_to_stop()

    def end(self) -> None:
        """Force the end if it has not come, and clear up what is left of the part."""
        if self.is_running:
            self._say(f"{self.part.name} did not stop in time and is killed")
        if self.process:
            self.process.kill()
        self._enter(Phase.STOPPED)

    def _is_due(self, ready: set[str]) -> bool:
        if self.phase is Phase.WAITING:
            return ready.issuperset(self.part.after)
        return self.phase is Phase.PAUSING and self._age() >= self._pause()

    def _begin(self) -> None:
        self.process = self._start(self.part)
        self._enter(Phase.STARTING)

    def _look(self) -> None:
        assert self.process is not None
        if self.process.exit_code is not None:
            self._bury(self.process)
        elif self.phase is Phase.READY:
            if self._failures and self._age() > STEADY_AFTER_S:
                self._failures = 0
        elif self._probe(self.process.pid):
            self._say(f"{self.part.name} is ready, pid {self.process.pid} ({self._age():.1f} s)")
            self._was_ready = True
            self._enter(Phase.READY)
        elif self._age() > self.part.ready_within_s:
            self._give_up(f"did not become ready within {self.part.ready_within_s:.0f} s")

    def _probe(self, pid: int) -> bool:
        if time.monotonic() - self._probed_at < PROBE_EVERY_S:
            return False
        is_ready = self.part.is_ready(pid)
        self._probed_at = time.monotonic()
        return is_ready

    def _bury(self, process: Process) -> None:
        process.kill()
        was_ready = self.phase is Phase.READY
        self._failures += 1
        if not self._was_ready or (not was_ready and self._failures >= MOST_FAILURES):
            self._give_up(f"{process.ending} before it was ready")
        self._enter(Phase.PAUSING)
        self._say(f"{self.part.name} (pid {process.pid}) {process.ending}; starting it again in {self._pause():.1f} s")

    def _pause(self) -> float:
        return min(SHORTEST_PAUSE_S * 2 ** (self._failures - 1), LONGEST_PAUSE_S)

    def _give_up(self, reason: str) -> None:
        lines = "\n".join(f"    {line}" for line in (self.process.last_lines if self.process else ()))
        raise CannotStart(f"{self.part.name} {reason}. Its last lines:\n{lines or '    (it said nothing)'}")

    def _age(self) -> float:
        return time.monotonic() - self._since

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._since = time.monotonic()
