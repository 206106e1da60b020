"""The clock of a pool: answers requests whose time is up, and ends a child that computes what nobody wants any more."""

import logging
import threading
import time

from .hosting import Effect, Host
from .places import Place
from .shelf import Shelf

logger = logging.getLogger(__name__)


class Watch:
    """A thread that sleeps until something is due; without requests that is for ever."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = threading.Thread(target=self._run, name="pool-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, after `is_closing` was set for good."""
        with self._shelf.due:
            self._shelf.due.notify()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while True:
            with self._shelf.locked() as effects:
                if self._shelf.is_closing and not self._shelf.hosts():
                    return
                effects += self._look(time.time())
            with self._shelf.due:
                self._shelf.looks_at = self._next()
                self._shelf.due.wait(_until(self._shelf.looks_at))
                self._shelf.looks_at = 0.0

    def _look(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for place in self._shelf.places.values():
            effects += _give_up_waiting(place, now)
        for host in self._shelf.hosts():
            effects += _give_up_pending(host, now)
            if now >= host.hung_at():
                logger.warning("The child of %s is ended: it computes what nobody wants any more", host.uri)
                host.kill()
        return effects

    def _next(self) -> float:
        times = [each.given_up_at for place in self._shelf.places.values() for each in place.waiting]
        for host in self._shelf.hosts():
            times += [each.given_up_at for each in host.pending.values() if not each.is_answered]
            times.append(host.hung_at())
        return min(times, default=float("inf"))


def _give_up_waiting(place: Place, now: float) -> list[Effect]:
    gone = [each for each in place.waiting if now >= each.given_up_at]
    place.waiting = [each for each in place.waiting if each not in gone]
    return [each.give_up(f"its model was {place.phase}") for each in gone]


def _give_up_pending(host: Host, now: float) -> list[Effect]:
    gone = [each for each in host.pending.values() if now >= each.given_up_at and not each.is_answered]
    if gone:
        host.cancel([each.number for each in gone])
    return [each.give_up("it was running" if each.is_taken else "it waited for those before it") for each in gone]


def _until(when: float) -> float | None:
    """Return how long to wait; a moment at least, so that a kill has time to show."""
    return None if when == float("inf") else max(0.05, when - time.time())
