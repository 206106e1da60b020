"""What each kind of job is asked to do: dataclasses that become JSON in the row and come back in the worker."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from .states import Kind


@dataclass(frozen=True, kw_only=True)
class LogPayload:
    """Log the checkpoint, Hub model or artifact `source`, and register it when `registered_model` is given."""

    source: str
    registered_model: str | None = None
    task: str | None = None
    name: str | None = None
    alias: str | None = None
    card: str | None = None
    prompt_template: str | None = None
    input_example: Any = None
    run_id: str | None = None
    metrics: dict[str, float] | None = None
    metadata: dict[str, Any] | None = None
    model_config: dict[str, Any] | None = None
    description: str | None = None
    validate: bool | None = None  # let it answer an example before it is READY
    as_components: bool | None = None  # load the checkpoint and log its parts, rather than copy its files

    @property
    def target(self) -> str:
        return f"models:/{self.registered_model}" if self.registered_model else self.source


@dataclass(frozen=True, kw_only=True)
class LoadPayload:
    """Warm the model at `model_uri` on the worker that takes the job."""

    model_uri: str

    @property
    def target(self) -> str:
        return self.model_uri


@dataclass(frozen=True, kw_only=True)
class TrainPayload:
    """Train the demo model `demo`, then submit an ordinary log job for it."""

    demo: str

    @property
    def target(self) -> str:
        return f"demo:{self.demo}"


Payload = LogPayload | LoadPayload | TrainPayload

_CLASSES: dict[Kind, type[Payload]] = {Kind.LOG: LogPayload, Kind.LOAD: LoadPayload, Kind.TRAIN: TrainPayload}


def to_json(payload: Payload) -> dict[str, Any]:
    """Return the payload as JSON, without what was not said."""
    return {name: value for name, value in asdict(payload).items() if value is not None}


def from_json(kind: str, data: dict[str, Any]) -> Payload:
    """Return the payload of a job of this kind."""
    return _CLASSES[Kind(kind)](**data)


def hash_of(kind: Kind, data: dict[str, Any]) -> str:
    """Return what tells two requests with one idempotency key apart."""
    return hashlib.sha256(json.dumps([kind, data], sort_keys=True, default=str).encode()).hexdigest()
