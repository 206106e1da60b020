"""What is read from MLflow, as plain records: nothing above knows MLflow's own classes."""

from dataclasses import dataclass, field
from datetime import datetime

Metrics = dict[str, float]
Params = dict[str, str]


@dataclass(frozen=True)
class RegisteredModelRecord:
    """A registered model and where its aliases point."""

    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class VersionRecord:
    """A model version. Its LoggedModel's id is taken from the source: the SQL stores forget it."""

    name: str
    version: int
    source: str = ""
    logged_model_id: str = ""
    run_id: str = ""
    status: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run: its name and what was measured and set in it."""

    run_id: str
    name: str = ""
    params: Params = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)


@dataclass(frozen=True)
class LoggedModelRecord:
    """A LoggedModel: the files of a model before (and behind) its registration."""

    model_id: str
    name: str = ""
    status: str = ""
    experiment_id: str = ""
    run_id: str = ""
    params: Params = field(default_factory=dict)
    metrics: Metrics = field(default_factory=dict)
    created_at: datetime | None = None
