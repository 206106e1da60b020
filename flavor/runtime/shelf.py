"""The models that a pool knows, the memory they may take together, and the one lock that guards all of it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import ModelNotLoadable
from . import memory
from .hosting import Effect, Host
from .places import ModelState, Phase, Place

# How long a model waits for busy ones to become idle and make room.
ROOM_WITHIN_S = 30.0


class Shelf:
    """Places by URI. Whatever calls back to the outside is an effect, carried out after the lock is released."""

    def __init__(self, *, budget_bytes: int, on_change: Callable[[ModelState], None]) -> None:
        self.budget_bytes = budget_bytes
        self.places: dict[str, Place] = {}
        self.leaving: set[Host] = set()  # of no place any more, still in memory
        self.is_closing = False
        self._on_change = on_change
        self._lock = threading.Lock()
        self.changed = threading.Condition(self._lock)
        self.due = threading.Condition(self._lock)
        self.looks_at = float("inf")  # when the watch looks next

    @contextmanager
    def locked(self) -> Iterator[list[Effect]]:
        """Hold the lock; then wake who waits for a change, and carry out the effects that were gathered."""
        effects: list[Effect] = []
        with self.changed:
            yield effects
            self.changed.notify_all()
        for effect in effects:
            effect()

    def look_before(self, when: float) -> None:
        """Let the watch look at `when` at the latest."""
        if when < self.looks_at:
            self.due.notify()

    def place(self, uri: str) -> Place:
        """Return the place of a model, a new one when it is not known."""
        return self.places.setdefault(uri, Place(uri))

    def hosts(self) -> list[Host]:
        """Return every child that holds a model, or is about to."""
        return [place.host for place in self.places.values() if place.host] + list(self.leaving)

    def told(self, place: Place) -> Effect:
        """Return the effect that says how a place stands now."""
        state = place.state()
        return lambda: self._on_change(state)

    def dismiss(self, place: Place) -> Effect:
        """Take a model out of its place: its child ends when it has answered what it was asked."""
        host = place.leave()
        if host is not None:
            host.is_leaving = True
            if host.ending is None:
                self.leaving.add(host)
            if not host.pending:
                host.kill()
        return self.told(place)

    def used_bytes(self, *, but: Place | None = None) -> int:
        """Return what all models hold or have reserved."""
        held = sum(place.memory_bytes for place in self.places.values() if place is not but)
        return held + sum(host.memory_bytes for host in self.leaving)

    def make_room(self, place: Place, needed: int, *, is_given_up: Callable[[], bool]) -> None:
        """Reserve memory for a model, dismissing idle ones that were not used for longest; waits for busy ones.

        Raises ModelNotLoadable naming the bytes needed and free.
        """
        give_up = time.monotonic() + ROOM_WITHIN_S
        while True:
            with self.locked() as effects:
                free = self.budget_bytes - self.used_bytes(but=place)
                if needed <= free or is_given_up():
                    place.reserved_bytes = needed
                    return
                if needed > self.budget_bytes or time.monotonic() > give_up:
                    raise ModelNotLoadable(self._too_big(place, needed, free))
                effects += self._dismiss_idle(needed - free)
                self.changed.wait(0.5)

    def trim(self, place: Place) -> list[Effect]:
        """Dismiss idle models when one turned out to be larger than was thought. Raises ModelNotLoadable."""
        if place.memory_bytes > self.budget_bytes:
            raise ModelNotLoadable(self._too_big(place, place.memory_bytes, self.budget_bytes - self.used_bytes(but=place)))
        over = self.used_bytes() - self.budget_bytes
        return self._dismiss_idle(over, but=place) if over > 0 else []

    def _dismiss_idle(self, wanted: int, *, but: Place | None = None) -> list[Effect]:
        """Dismiss as many idle models as it takes, none when all of them would not do."""
        idle = sorted((each for each in self.places.values() if each.is_idle and each is not but), key=lambda each: each.used_at)
        on_its_way = sum(host.memory_bytes for host in self.leaving)
        if on_its_way + sum(each.memory_bytes for each in idle) < wanted:
            return []
        effects, coming = [], on_its_way
        for each in idle:
            if coming >= wanted:
                break
            coming += each.memory_bytes
            effects.append(self.dismiss(each))
        return effects

    def _too_big(self, place: Place, needed: int, free: int) -> str:
        busy = sum(each.phase is Phase.WARM and not each.is_idle for each in self.places.values())
        others = f"; {busy} other models are busy" if busy else ""
        return (
            f"{place.uri} needs {memory.text_of(needed)} of memory, {memory.text_of(max(0, free))} are free of the "
            f"{memory.text_of(self.budget_bytes)} that models may take on this worker{others}. Give it a larger budget, "
            "unload another model, or use a smaller one."
        )
