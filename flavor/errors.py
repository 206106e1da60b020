"""The errors that leave `flavor`'s public door.

FlavorError(code)                      an MlflowException once MLflow is loaded, so callers of stock keep their `except`
├── InvalidInput(field)                a value of the caller; the message names the field, the value, the rule and the way out
├── UnsupportedTask                    no description, or no pipeline, for this task
├── ModelNotLoadable                   files missing, corrupt or of the wrong kind; too big for the memory that is free
├── UntrustedCode                      pickle weights or artifact code that nobody approved
├── ModelFailed(row)                   a loaded model that broke at one row
├── MissingDependency(package)         the model needs a package that is not installed
├── HubUnavailable                     the Hugging Face Hub was needed and cannot be reached
├── RegistryUnavailable                MLflow's registry was needed for a prompt and gave no answer
└── Cancelled                          the caller's `should_stop` said so; nothing half-done is left

This module costs nothing to import. `flavor.tasks` raises `tasks.InvalidInput`, a `ValueError`; it is the same class.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .tasks._base import InvalidInput

__all__ = [
    "Cancelled",
    "FlavorError",
    "HubUnavailable",
    "InvalidInput",
    "MissingDependency",
    "ModelFailed",
    "ModelNotLoadable",
    "RegistryUnavailable",
    "UnsupportedTask",
    "UntrustedCode",
    "as_mlflow_does",
    "as_mlflow_exception",
]


class FlavorError(Exception):
    """Something the caller can mend; `code` is stable and kebab-case, the message is for people."""

    code = "flavor-error"
    mlflow_error_code = "INVALID_PARAMETER_VALUE"


class UnsupportedTask(FlavorError):
    code = "unsupported-task"


class ModelNotLoadable(FlavorError):
    code = "model-not-loadable"
    mlflow_error_code = "INVALID_STATE"


class UntrustedCode(FlavorError):
    code = "untrusted-code"
    mlflow_error_code = "PERMISSION_DENIED"


class ModelFailed(FlavorError):
    code = "model-error"
    mlflow_error_code = "INTERNAL_ERROR"

    def __init__(self, message: str, *, row: int) -> None:
        super().__init__(message)
        self.row = row

    def __str__(self) -> str:
        return f"Row {self.row}: {self.args[0]}"


class MissingDependency(FlavorError):
    code = "missing-dependency"

    def __init__(self, message: str, *, package: str) -> None:
        super().__init__(message)
        self.package = package


class HubUnavailable(FlavorError):
    code = "hub-unavailable"
    mlflow_error_code = "TEMPORARILY_UNAVAILABLE"


class RegistryUnavailable(FlavorError):
    code = "registry-unavailable"
    mlflow_error_code = "TEMPORARILY_UNAVAILABLE"


class Cancelled(FlavorError):
    code = "cancelled"
    mlflow_error_code = "CANCELLED"


@contextmanager
def as_mlflow_does() -> Iterator[None]:
    """Let what leaves a public door be caught as stock's errors are."""
    try:
        yield
    except (FlavorError, InvalidInput) as error:
        raise as_mlflow_exception(error) from error


def as_mlflow_exception(error: FlavorError | InvalidInput) -> Exception:
    """Return `error` as an instance of both its own class and `MlflowException`, chained to the original.

    MLflow costs seconds to import, so the classes are joined only where an error leaves the public door.
    """
    from mlflow.exceptions import MlflowException  # heavy
    from mlflow.protos import databricks_pb2

    if isinstance(error, MlflowException):
        return error
    kind = type(error)
    joined = _joined_class(kind, MlflowException)
    code = getattr(databricks_pb2, getattr(kind, "mlflow_error_code", "INVALID_PARAMETER_VALUE"))
    raised: Any = joined.__new__(joined, str(error))
    MlflowException.__init__(raised, str(error), error_code=code)
    raised.__dict__.update({name: value for name, value in vars(error).items() if name not in raised.__dict__})
    raised.__cause__ = error
    return raised


_joined: dict[type, type] = {}


def _joined_class(kind: type, base: type) -> type:
    if kind not in _joined:
        _joined[kind] = type(kind.__name__, (kind, base), {"__module__": kind.__module__, "__str__": base.__str__})
    return _joined[kind]
