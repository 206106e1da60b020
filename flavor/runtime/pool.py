"""Models in memory: loaded when they are asked for, each in a child of its own, as many as a budget of bytes allows.

Used like this:

    pool = ModelPool(zygote, budget_bytes=4 * 2**30, fetch=fetch)
    answer = pool.submit("models:/sentiment/3", PredictRequest(id="1", rows=[{"text": "Good."}], deadline=time.time() + 30))
    answer.result()  # {"id": "1", "results": [...], "timing_ms": {...}} or {"id": "1", "error": {"code", "detail", "field"}}
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from .channel import Message
from .children import ChildCancelled, ChildFailed, Ending
from .hosting import Effect, Host
from .places import MANY_CRASHES, ModelFiles, ModelState, Phase, Place
from .requests import Answer, Pending, PredictRequest
from .shelf import Shelf
from .warming import Fetch, Warmer
from .watch import Watch
from .zygote import Zygote

__all__ = ["ModelFiles", "ModelPool", "ModelState", "Phase", "PredictRequest"]

logger = logging.getLogger(__name__)

LOADER = f"{__package__.rpartition('.')[0]}.loading:load_pyfunc_model"
MAX_BATCH = 32
CLOSES_WITHIN_S = 10.0
LOOKS_EVERY_S = 0.2  # whether the caller of `load` still waits


class ModelPool:
    """All methods may be called by any thread. `fetch(uri, progress, is_cancelled)` brings files here."""

    def __init__(
        self,
        zygote: Zygote,
        *,
        budget_bytes: int,
        fetch: Fetch,
        on_change: Callable[[ModelState], None] = lambda state: None,
        max_batch: int = MAX_BATCH,
        loader: str = LOADER,
    ) -> None:
        self._shelf = Shelf(budget_bytes=budget_bytes, on_change=on_change)
        self._warmer = Warmer(self._shelf, zygote, fetch, make_host=self._make_host, loader=loader, max_batch=max_batch)
        self._watch = Watch(self._shelf)
        self._watch.start()

    def submit(self, uri: str, request: PredictRequest) -> Future[Answer]:
        """Ask the model; a cold one is loaded first. The future always gets an answer, by the deadline or soon after."""
        return self.submit_all(uri, [request])[0]

    def submit_all(self, uri: str, requests: Iterable[PredictRequest]) -> list[Future[Answer]]:
        """Ask the model several things, which it may answer together."""
        pendings = [Pending(request) for request in requests]
        with self._shelf.locked() as effects:
            place = self._shelf.place(uri)
            place.requests += len(pendings)
            effects += self._admit(place, pendings)
        return [each.future for each in pendings]

    def load(
        self,
        uri: str,
        *,
        is_cancelled: Callable[[], bool] = lambda: False,
        on_state: Callable[[ModelState], None] = lambda state: None,
    ) -> ModelState:
        """Bring the model into memory and return when it is there, also if it failed just now; `on_state` hears the way.

        Raises ChildFailed with the reason, ChildCancelled.
        """
        told: ModelState | None = None
        with self._shelf.locked():
            place = self._shelf.place(uri)
            place.callers += 1
            place.forget_failure()
            self._begin(place)
        try:
            while True:
                with self._shelf.changed:
                    state, is_going_on, problem = place.state(), place.is_being_loaded, place.problem
                if state != told:
                    told = state
                    on_state(state)
                if is_cancelled():
                    raise ChildCancelled
                if state.state is Phase.WARM:
                    return state
                if not is_going_on:
                    self._raise_or_try_again(place, problem)
                    continue
                self._await_change(place, state)
        finally:
            with self._shelf.locked():
                place.callers -= 1
                place.is_given_up = not place.is_wanted and place.is_being_loaded

    def unload(self, uri: str) -> ModelState:
        """Take the model out of memory, when it has answered what it was asked; forget why it failed."""
        with self._shelf.locked() as effects:
            place = self._shelf.place(uri)
            place.forget_failure()
            if place.is_being_loaded:
                place.is_given_up = not place.is_wanted
            else:
                effects.append(self._shelf.dismiss(place))
            return place.state()

    def cancel(self, request_id: str) -> None:
        """Nobody wants the answer: waiting it is dropped, running it stops at the next token, or else its child is ended."""
        with self._shelf.locked() as effects:
            for place in self._shelf.places.values():
                dropped = [each for each in place.waiting if each.request.id == request_id]
                place.waiting = [each for each in place.waiting if each not in dropped]
                effects += [each.fail("cancelled", "The request was cancelled.") for each in dropped]
            for host in self._shelf.hosts():
                for each in host.pending.values():
                    if each.request.id == request_id and each.cancelled_at is None:
                        each.cancelled_at = time.time()
                        host.cancel([each.number])
                        self._shelf.look_before(each.given_up_at)

    def states(self) -> list[ModelState]:
        """Return the models that are in memory, on their way there, or failed."""
        with self._shelf.locked():
            known = [place for place in self._shelf.places.values() if place.phase is not Phase.COLD or place.is_wanted]
            for place in known:
                place.measure_now_and_then()
            return [place.state() for place in known]

    def close(self) -> None:
        """Take no more, let what runs be answered for a few seconds, and end every child."""
        with self._shelf.locked() as effects:
            self._shelf.is_closing = True
            for place in self._shelf.places.values():
                waiting, place.waiting = place.waiting, []
                effects += [_leaving(each) for each in waiting]
                if not place.is_being_loaded:
                    effects.append(self._shelf.dismiss(place))
        with self._shelf.changed:
            is_empty = self._shelf.changed.wait_for(lambda: not self._shelf.hosts(), CLOSES_WITHIN_S)
            hosts = [] if is_empty else self._shelf.hosts()
        for host in hosts:
            host.kill()
        with self._shelf.changed:
            self._shelf.changed.wait_for(lambda: not self._shelf.hosts(), CLOSES_WITHIN_S)
        self._watch.close()

    def _admit(self, place: Place, pendings: list[Pending]) -> list[Effect]:
        """Send requests to the model, or let them wait while it is loaded, or say at once why it cannot be."""
        if self._shelf.is_closing:
            return [_leaving(each) for each in pendings]
        for each in pendings:
            self._shelf.look_before(each.given_up_at)
        if place.phase is Phase.WARM and place.host is not None:
            place.used_at = time.time()
            place.host.send(pendings)
            return []
        problem = place.remembered_problem()
        if problem is not None:
            return [each.fail(**problem.to_json()) for each in pendings]
        for each in pendings:
            each.waits_since = time.time()
        place.waiting += pendings
        self._begin(place)
        return []

    def _begin(self, place: Place) -> None:
        place.is_given_up = False
        if place.phase is Phase.WARM or place.is_being_loaded:
            return
        place.is_being_loaded = True
        threading.Thread(target=self._warmer.bring, args=(place,), name=f"load {place.uri}", daemon=True).start()

    def _await_change(self, place: Place, seen: ModelState) -> None:
        with self._shelf.changed:
            self._shelf.changed.wait_for(lambda: place.state() != seen, LOOKS_EVERY_S)

    def _raise_or_try_again(self, place: Place, problem: ChildFailed | None) -> None:
        if place.phase is Phase.FAILED and problem is not None:
            raise ChildFailed(**problem.to_json())
        with self._shelf.locked():
            if self._shelf.is_closing:
                raise ChildCancelled
            self._begin(place)

    def _make_host(self, uri: str) -> Host:
        return Host(uri, on_message=self._heard, on_end=self._ended)

    def _heard(self, host: Host, message: Message) -> None:
        with self._shelf.locked() as effects:
            effects += host.take(message)
            self._shelf.look_before(host.hung_at())
            place = self._shelf.places[host.uri]
            if "answer" in message and place.host is host:
                place.used_at, place.crashes = time.time(), 0
            if host.is_leaving and not host.pending:
                host.kill()

    def _ended(self, host: Host, ending: Ending) -> None:
        with self._shelf.locked() as effects:
            self._shelf.leaving.discard(host)
            place = self._shelf.places[host.uri]
            orphans = [each for each in host.pending.values() if not each.is_answered]
            host.pending.clear()
            if place.host is host and place.phase is Phase.WARM:
                _note_crash(place, ending)
            effects += self._care_for(place, orphans, ending)
            effects.append(self._shelf.told(place))

    def _care_for(self, place: Place, orphans: list[Pending], ending: Ending) -> list[Effect]:
        """Ask again what the dead child had not begun; of those that it computed together each alone, to find which kills it."""
        taken = [each for each in orphans if each.is_taken]
        again = [each for each in orphans if not each.is_taken]
        if len(taken) > 1:
            for each in taken:
                each.is_taken, each.is_alone = False, True
            again = [*taken, *again]
            taken = []
        detail = f"The process that runs {place.uri} died while it computed this: {ending}. Ask again."
        return [*(each.fail("runner-crashed", detail) for each in taken), *(self._admit(place, again) if again else [])]


def _note_crash(place: Place, ending: Ending) -> None:
    logger.warning("The child of %s died: %s", place.uri, ending)
    place.leave()
    place.crashes += ending.status is not None  # else it is not the model's fault
    if place.crashes >= MANY_CRASHES:
        detail = f"The process that runs {place.uri} died {place.crashes} times in a row; the last time {ending}."
        place.fail(ChildFailed("runner-crashed", detail))


def _leaving(pending: Pending) -> Effect:
    return pending.fail("no-worker", "The worker that had this request is leaving; ask again.")
