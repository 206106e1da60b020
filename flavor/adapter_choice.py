"""Which of a model's adapters answers: chosen by each call, switched under the lock that the call holds, on one warm base."""

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Any

from .parameters import Effective
from .tasks._adapters import ADAPTER, BASE
from .tasks._base import Row


def adapter_of(effective: Effective) -> tuple[Effective, Row]:
    """Return the parameters of a call without its choice of an adapter, which no pipeline knows, and that choice as reported."""
    if ADAPTER not in effective.values:
        return effective, {}
    values = {name: value for name, value in effective.values.items() if name != ADAPTER}
    return replace(effective, values=values), {ADAPTER: effective.report()[ADAPTER]}


class AdapterLock:
    """A lock on a loaded model; whoever holds it by `using` has the adapter of his choice in use."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._active = model.active_adapter

    def using(self, name: str) -> "Using":
        """Return the lock as one that puts the adapter in use while it is held; `none` is the base alone."""
        return Using(self, name)

    def take(self, name: str) -> AbstractContextManager[Any]:
        """Take the lock and put an adapter in use; what is returned says what the model's call is wrapped in."""
        self._lock.acquire()
        try:
            if name == BASE and name not in self._model.peft_config:
                without: AbstractContextManager[Any] = self._model.disable_adapter()
                return without
            if name != self._active:
                self._model.set_adapter(name, inference_mode=True)
                self._active = name
        except BaseException:
            self._lock.release()
            raise
        return nullcontext()

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *raised: object) -> None:
        self._lock.release()


class Using:
    """An AdapterLock with a choice: taken and let go as often as a call needs it, by one thread at a time."""

    def __init__(self, lock: AdapterLock, name: str) -> None:
        self._lock = lock
        self._name = name
        self._wrapped: AbstractContextManager[Any] = nullcontext()

    def __enter__(self) -> None:
        self._wrapped = self._lock.take(self._name)
        try:
            self._wrapped.__enter__()
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._wrapped.__exit__(kind, error, trace)
        finally:
            self._lock.release()
