"""A prediction that failed, as people read it: what happened, in one sentence, and which field to mend."""

from dataclasses import dataclass
from typing import Any, Self

from flavor.tasks import InvalidInput, Task

from .outcomes import Code, PredictionFailed

_TITLES = {
    Code.INVALID_INPUT: "This cannot be sent as it is",
    Code.MODEL_NOT_LOADABLE: "The model cannot be loaded",
    Code.UNTRUSTED_CODE: "The model needs an approval first",
    Code.TIMEOUT: "No answer in time",
    Code.QUEUE_FULL: "Too many are waiting",
    Code.NO_WORKER: "No worker can be asked",
    Code.RUNNER_CRASHED: "The model's process died",
    Code.CANCELLED: "Cancelled",
    Code.INTERNAL_ERROR: "The worker failed",
}


@dataclass(frozen=True)
class Failure:
    """Why there is no result."""

    code: str
    detail: str
    field: str | None = None

    @classmethod
    def of(cls, error: PredictionFailed | InvalidInput) -> Self:
        """Return the failure in an error of the gateway."""
        return cls.from_json({"code": error.code, "detail": str(error), "field": error.field})

    @classmethod
    def from_json(cls, error: dict[str, Any]) -> Self:
        """Return the failure in an outcome; an error that says nothing is the worker's."""
        code = str(error.get("code") or Code.INTERNAL_ERROR)
        return cls(code, str(error.get("detail") or "Nothing more is known; the worker's log may say why."), error.get("field"))

    @property
    def title(self) -> str:
        return _TITLES.get(self.code, "The prediction failed")  # type: ignore[call-overload]

    @property
    def kind(self) -> str:
        """The tone of its notice."""
        return "info" if self.code == Code.CANCELLED else "warn" if self.is_invalid else "bad"

    @property
    def is_invalid(self) -> bool:
        """Whether the caller can mend it."""
        return self.code == Code.INVALID_INPUT


@dataclass(frozen=True)
class Mark:
    """The place beside a form field where its error is told; empty text takes an earlier error away."""

    id: str
    text: str


def marks_of(task: Task, errors: dict[str, str]) -> list[Mark]:
    """Return one mark for each field of the task's form; a dotted name marks the field that it begins with."""
    names = [each.name for each in task.inputs] + [f"params.{each.name}" for each in task.params]
    said = {field: text for name, text in errors.items() if (field := _field_of(name, names)) is not None}
    return [Mark(f"error-{name}", said.get(name, "")) for name in names]


def _field_of(name: str, names: list[str]) -> str | None:
    return next((each for each in names if name == each or name.startswith((f"{each}.", f"{each}["))), None)
