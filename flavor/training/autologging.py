"""`flavor.autolog()`: every Trainer records its trainings, until it is switched off."""

from typing import Any

from ..errors import as_mlflow_does
from . import watching
from .options import Options


def autolog(*, disable: bool = False, **options: Any) -> None:
    """Record every `train()` of every Trainer as `flavor.TrainerCallback(**options)` does; `disable=True` ends it.

    Trainers that exist already and classes made from Trainer are meant too. A Trainer with a TrainerCallback of its own keeps
    that. Called again, the new options count. Raises InvalidInput for an option that is unknown or wrong.
    """
    with as_mlflow_does():
        Options.of(options)
    if disable:
        watching.use_for_all(None)
        return

    def make() -> watching.Watcher | None:
        from transformers.integrations import is_mlflow_available  # heavy

        from .callback import TrainerCallback

        return TrainerCallback(**options) if is_mlflow_available() else None  # DISABLE_MLFLOW_INTEGRATION

    watching.use_for_all(make)
