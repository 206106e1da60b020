"""What a prediction comes to: an outcome, a promise, a failure, or a stream of events."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self


class Code(StrEnum):
    """Why a prediction failed; the model's own errors bring further codes."""

    INVALID_INPUT = "invalid-input"
    MODEL_NOT_LOADABLE = "model-not-loadable"
    UNTRUSTED_CODE = "untrusted-code"
    TIMEOUT = "timeout"
    QUEUE_FULL = "queue-full"
    NO_WORKER = "no-worker"
    RUNNER_CRASHED = "runner-crashed"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal-error"


class PredictionFailed(Exception):
    """No result: a stable code, one sentence, the field where one is to blame, seconds after which to try again."""

    def __init__(self, code: str, detail: str, field: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after_s = retry_after_s

    def to_json(self) -> dict[str, Any]:
        """Return the error as it is stored and sent."""
        return {"code": self.code, "detail": self.detail, "field": self.field}


class UnknownPrediction(LookupError):
    """There is no prediction of this id, or no longer."""


@dataclass(frozen=True)
class Outcome:
    """The answer to one request: one `RowResult` as JSON for each row, or an error."""

    id: str
    results: list[dict[str, Any]] = field(default_factory=list)
    timing_ms: dict[str, float] = field(default_factory=dict)
    error: dict[str, Any] | None = None

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Self:
        """Return the outcome in an answer of the model pool."""
        return cls(answer["id"], answer.get("results") or [], answer.get("timing_ms") or {}, answer.get("error"))

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it is stored and sent."""
        return asdict(self)

    def raise_for_error(self) -> Self:
        """Return the outcome itself. Raises PredictionFailed when it is an error."""
        if self.error is not None:
            raise PredictionFailed(
                self.error.get("code", Code.INTERNAL_ERROR), self.error.get("detail", ""), self.error.get("field")
            )
        return self


class ModelPhase(StrEnum):
    """Where a model is on its way into memory."""

    COLD = "cold"
    FETCHING = "fetching"
    LOADING = "loading"
    WARM = "warm"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelStateView:
    """What a worker says about one model; cold when no worker says anything."""

    uri: str
    state: str = ModelPhase.COLD
    done_bytes: int | None = None
    total_bytes: int | None = None
    memory_bytes: int | None = None
    reason: str | None = None
    worker: str | None = None
    since: float | None = None  # time.time()
    requests: int = 0
    idle_s: float | None = None
    queue: str | None = None  # where the worker that holds it listens


@dataclass(frozen=True)
class WorkerView:
    """A worker that is alive."""

    name: str
    host: str
    pid: int
    seen_at: float  # time.time()
    started_at: float
    memory_bytes: int | None = None
    budget_bytes: int | None = None
    jobs: list[str] = field(default_factory=list)
    models: list[ModelStateView] = field(default_factory=list)
    problem: str | None = None
    packages: dict[str, str] = field(default_factory=dict)  # what is installed there, by PEP 503's names

    @property
    def identity(self) -> str:
        """What tells this process from one that had its name before."""
        return f"{self.name}/{self.pid}"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the worker of an advert."""
        return cls(**{**data, "models": [ModelStateView(**model) for model in data["models"]]})


@dataclass(frozen=True)
class Pending:
    """A promise: the answer is not there yet; ask `gateway.collect(request_id)`."""

    request_id: str
    state: ModelStateView


class EventKind(StrEnum):
    STATE = "state"
    TOKEN = "token"
    RESULT = "result"
    ERROR = "error"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing follows."""
        return self in {EventKind.RESULT, EventKind.ERROR}


@dataclass(frozen=True)
class StreamEvent:
    """One event of a stream; `id` is the place to resume after."""

    id: str
    kind: EventKind
    data: dict[str, Any]
