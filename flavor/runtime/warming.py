"""How a model comes into memory: fetched, room made for it, loaded by a child of its own."""

import logging
import time
from collections.abc import Callable

from ..errors import FlavorError, ModelNotLoadable
from ..tasks import InvalidInput
from .children import ChildDied, ChildFailed, Ending
from .hosting import Effect, Host
from .places import ModelFiles, Phase, Place
from .shelf import Shelf
from .zygote import Zygote

logger = logging.getLogger(__name__)

Fetch = Callable[[str, Callable[[int, int | None], None], Callable[[], bool]], ModelFiles]

LOADS_WITHIN_S = 900.0
LOOKS_EVERY_S = 0.1  # whether the model is still wanted
TOLD_EVERY_S = 0.2


class _GivenUp(Exception):
    """Nobody wants the model any more."""


class Warmer:
    """Brings one place to its end, warm or failed; each in a thread of its own."""

    def __init__(
        self, shelf: Shelf, zygote: Zygote, fetch: Fetch, *, make_host: Callable[[str], Host], loader: str, max_batch: int
    ) -> None:
        self._shelf = shelf
        self._zygote = zygote
        self._fetch = fetch
        self._make_host = make_host
        self._loader = loader
        self._max_batch = max_batch

    def bring(self, place: Place) -> None:
        """Load the model and send it what waits; if that fails, answer what waits with the reason."""
        is_done = False
        while not is_done:
            problem: ChildFailed | None = None
            try:
                self._fetch_and_load(place)
            except _GivenUp:
                is_done = self._end_given_up(place)
                continue
            except ChildFailed as error:
                problem = error
            except (FlavorError, InvalidInput) as error:
                problem = ChildFailed(error.code, str(error), getattr(error, "field", None))
            except Exception as error:
                logger.exception("%s could not be brought into memory", place.uri)
                detail = f"{place.uri} could not be loaded: {type(error).__name__}; the worker's log has the details."
                problem = ChildFailed("internal-error", detail)
            is_done = self._end_failed(place, problem) if problem else self._end_warm(place)

    def _fetch_and_load(self, place: Place) -> None:
        self._enter(place, Phase.FETCHING)
        files = self._fetched(place)
        self._enter(place, Phase.LOADING)
        self._shelf.make_room(place, files.needed_bytes(), is_given_up=lambda: self._is_given_up(place))
        self._check_wanted(place)
        host = self._make_host(place.uri)
        with self._shelf.locked():
            place.host = host
        try:
            host.start(self._zygote, loader=self._loader, files=files, max_batch=self._max_batch)
        except ChildDied as error:
            raise _died(place, error) from error
        self._await_outcome(place, host)
        host.measure()
        with self._shelf.locked() as effects:
            place.reserved_bytes = 0
            effects += self._shelf.trim(place)

    def _fetched(self, place: Place) -> ModelFiles:
        try:
            return self._fetch(place.uri, _Progress(self._shelf, place), lambda: self._is_given_up(place))
        finally:
            self._check_wanted(place)

    def _await_outcome(self, place: Place, host: Host) -> None:
        give_up = time.monotonic() + LOADS_WITHIN_S
        while not host.outcome.wait(LOOKS_EVERY_S):
            self._check_wanted(place)
            if time.monotonic() > give_up:
                raise ModelNotLoadable(f"{place.uri} did not load within {LOADS_WITHIN_S:g} s and was stopped.")
        if host.problem is not None:
            raise host.problem
        if host.ending is not None:
            raise _died(place, host.ending)

    def _enter(self, place: Place, phase: Phase) -> None:
        with self._shelf.locked() as effects:
            place.enter(phase)
            effects.append(self._shelf.told(place))

    def _is_given_up(self, place: Place) -> bool:
        return place.is_given_up or self._shelf.is_closing

    def _check_wanted(self, place: Place) -> None:
        if self._is_given_up(place):
            raise _GivenUp

    def _end_given_up(self, place: Place) -> bool:
        """False when somebody has come who wants it after all."""
        with self._shelf.locked() as effects:
            effects.append(self._shelf.dismiss(place))
            is_done = place.is_given_up or self._shelf.is_closing
            place.is_being_loaded = not is_done
        return is_done

    def _end_failed(self, place: Place, problem: ChildFailed) -> bool:
        logger.warning("%s failed: %s", place.uri, problem.detail)
        with self._shelf.locked() as effects:
            effects.append(self._shelf.dismiss(place))
            place.fail(problem)
            waiting, place.waiting = place.waiting, []
            effects += [each.fail(**problem.to_json()) for each in waiting]
            effects.append(self._shelf.told(place))
            place.is_being_loaded = False
        return True

    def _end_warm(self, place: Place) -> bool:
        with self._shelf.locked() as effects:
            host = place.host
            if host is not None and host.ending is None:
                effects += self._send_waiting(place, host)
                return True
        return self._end_failed(place, _died(place, host.ending if host else None))

    def _send_waiting(self, place: Place, host: Host) -> list[Effect]:
        place.note_warm()
        place.is_being_loaded = False
        waiting, place.waiting = place.waiting, []
        for each in waiting:
            each.load_s += time.time() - each.waits_since
        if waiting:
            host.send(waiting)
        return [self._shelf.told(place)]


class _Progress:
    """Notes the bytes that have come, and tells now and then."""

    def __init__(self, shelf: Shelf, place: Place) -> None:
        self._shelf = shelf
        self._place = place
        self._told_at = 0.0

    def __call__(self, done: int, total: int | None) -> None:
        is_due = time.monotonic() - self._told_at > TOLD_EVERY_S or done == total
        with self._shelf.locked() as effects:
            self._place.done_bytes, self._place.total_bytes = done, total
            if is_due:
                self._told_at = time.monotonic()
                effects.append(self._shelf.told(self._place))


def _died(place: Place, ending: Ending | ChildDied | None) -> ChildFailed:
    return ChildFailed("runner-crashed", f"The process that was loading {place.uri} did not finish: {ending}.")
