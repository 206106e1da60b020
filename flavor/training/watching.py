"""A place around `Trainer.train`, where a training is seen to end whatever way it ends; callbacks hear of its success only.

The method is replaced when the first callback of ours is made. For a Trainer without one it does what it did before.
"""

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from ..errors import as_mlflow_does
from ..tasks._base import InvalidInput

_MARK = "_is_watched_by_flavor"


@runtime_checkable
class Watcher(Protocol):
    """A callback that wants to be around the training of its Trainer."""

    def watching(self, trainer: Any, resume_from_checkpoint: Any) -> AbstractContextManager[None]: ...


Make = Callable[[], Watcher | None]

_make: Make | None = None
_made: WeakKeyDictionary[Any, Make] = WeakKeyDictionary()


def install() -> None:
    """Put the place around `train`; where it is already, nothing changes."""
    for owner in _owners():
        if not hasattr(owner.__dict__["train"], _MARK):
            owner.train = _around(owner.__dict__["train"])


def use_for_all(make: Make | None) -> None:
    """Give every Trainer without a watcher the one that `make` makes, from its next `train()` on; None ends that."""
    global _make
    _make = make
    install()


def _owners() -> list[Any]:
    """The classes that have a `train` of their own; others of MLflow's patches may have given Seq2SeqTrainer one."""
    from transformers import Seq2SeqTrainer, Trainer  # heavy

    return [owner for owner in (Trainer, Seq2SeqTrainer) if "train" in owner.__dict__]


def _around(original: Callable[..., Any]) -> Callable[..., Any]:
    parameters = inspect.signature(original)

    @functools.wraps(original)
    def train(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        with as_mlflow_does():
            watcher = _watcher_of(trainer)
        if watcher is None:
            return original(trainer, *args, **kwargs)
        given = parameters.bind(trainer, *args, **kwargs).arguments
        with watcher.watching(trainer, given.get("resume_from_checkpoint")):
            return original(trainer, *args, **kwargs)

    setattr(train, _MARK, True)
    return train


def _watcher_of(trainer: Any) -> Watcher | None:
    """The Trainer's own watcher, or a made one; a made one whose maker is no longer in use is taken out."""
    handler = trainer.callback_handler
    for each in [each for each in handler.callbacks if each in _made and _made[each] is not _make]:
        handler.remove_callback(each)
    found = [each for each in handler.callbacks if isinstance(each, Watcher)]
    if len(found) > 1:
        raise InvalidInput("callbacks", f"The Trainer has {len(found)} callbacks that record its training; give it one.")
    if found or _make is None:
        return found[0] if found else None
    watcher = _make()
    if watcher is not None:
        _made[watcher] = _make
        trainer.add_callback(watcher)
    return watcher
