"""MLflow's exceptions in the words of jobs: what its owner can mend, and what may work later."""

from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.exceptions import MlflowException

from ..jobs.failures import JobFailed, RetryLater

# What a later attempt may not meet again.
_PASSING = frozenset({"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"})


@contextmanager
def mlflow_errors(doing: str) -> Iterator[None]:
    """Turn an MlflowException into JobFailed, or RetryLater when MLflow itself was at fault."""
    try:
        yield
    except MlflowException as error:
        said = f"MLflow failed at {doing}: {error.message.splitlines()[0][:300]}"
        if error.error_code in _PASSING:
            raise RetryLater(said) from error
        raise JobFailed("mlflow-refused", said) from error
