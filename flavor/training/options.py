"""What is asked of the callback and of `autolog`, checked before anything is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ..tasks._base import InvalidInput
from .variables import checked_tags


class Checkpoints(StrEnum):
    """Which checkpoints of a training become logged models."""

    BEST_AND_LAST = "best_and_last"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True)
class Options:
    """The options, by the names that `flavor.TrainerCallback` documents."""

    registered_model_name: str | None = None
    alias: str | None = None
    checkpoints: str = Checkpoints.BEST_AND_LAST
    model_config: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    task: str | None = None
    prompt_template: str | None = None
    model_card: Any = None
    license: str | None = None
    signature: Any = None
    input_example: Any = None
    base_model: str | None = None
    continue_run: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Options":
        """Return checked options. Raises InvalidInput naming the one that is unknown, or wrong."""
        known = [each.name for each in fields(cls)]
        for name in given:
            if name not in known:
                raise InvalidInput(name, f"{name!r} is no option of the recording of trainings; there are {', '.join(known)}.")
        options = cls(**given)
        options._check()
        return options

    @property
    def plain_tags(self) -> dict[str, str]:
        """The tags as MLflow keeps them."""
        return {key: str(value) for key, value in (self.tags or {}).items()}

    def for_the_model(self) -> dict[str, Any]:
        """Return what logging a model takes of them."""
        names = ("model_config", "task", "prompt_template", "model_card", "license", "signature", "input_example")
        return {name: getattr(self, name) for name in names}

    def _check(self) -> None:
        if self.checkpoints not in list(Checkpoints):
            choices = ", ".join(repr(each.value) for each in Checkpoints)
            raise InvalidInput("checkpoints", f"checkpoints must be one of {choices}, got {self.checkpoints!r}.")
        checked_tags(dict(self.tags or {}), "tags")
        if self.alias and not self.registered_model_name:
            raise InvalidInput("alias", "an alias points at a version of a registered model; give registered_model_name too.")
        if self.registered_model_name is not None:
            self._check_registration(self.registered_model_name)

    def _check_registration(self, name: str) -> None:
        if self.checkpoints == Checkpoints.NONE:
            raise InvalidInput(
                "registered_model_name", "checkpoints='none' logs no model that could be registered; leave it out."
            )
        from mlflow.exceptions import MlflowException  # heavy
        from mlflow.utils import validation

        try:
            validation._validate_model_name(name)
        except MlflowException as error:
            raise InvalidInput("registered_model_name", error.message) from error
        try:
            if self.alias:
                validation._validate_model_alias_name(self.alias)
                validation._validate_model_alias_name_reserved(self.alias)
        except MlflowException as error:
            raise InvalidInput("alias", error.message) from error
