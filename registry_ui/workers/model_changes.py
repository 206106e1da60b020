"""Who wants to know when a model's state in the pool changes: the advert always, a load job while it runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelState

Listener = Callable[["ModelState"], None]


class ModelChanges:
    """Passes each change on to those who listen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    def __call__(self, state: "ModelState") -> None:
        """Tell the listeners; the pool calls this."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(state)

    def add(self, listener: Listener) -> None:
        """Listen for good."""
        with self._lock:
            self._listeners.append(listener)

    @contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Listen while the block runs."""
        with self._lock:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.remove(listener)


changes = ModelChanges()
