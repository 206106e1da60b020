"""What is recorded of a model beside its files: metrics, data sets, training, machine. Nothing is computed, nothing guessed."""

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .examination import Examination, inspect
from .plain_data import as_dict, as_list, as_text

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

logger = logging.getLogger(__name__)

ENVIRONMENT = "training/environment.json"  # as `flavor.training` leaves it in the run
OF_TRAINING = ("train_", "system/", "total_flos", "epoch", "grad_norm", "learning_rate", "loss")  # beginnings of metrics


@dataclass(frozen=True)
class Measured:
    """A metric's last value."""

    name: str
    value: float
    step: int = 0
    data_set: str = ""

    @property
    def is_of_training(self) -> bool:
        return self.name.startswith(OF_TRAINING)


@dataclass(frozen=True)
class DataUsed:
    """A data set of the run."""

    name: str
    use: str  # "training", "evaluation"
    digest: str
    rows: int | None = None


@dataclass(frozen=True)
class Evidence:
    """All that is recorded of a model; empty means: not recorded."""

    uri: str
    examined: Examination
    name: str = ""
    model_id: str = ""
    run_id: str = ""
    metrics: list[Measured] = field(default_factory=list)
    metrics_are_of_the_run: bool = False  # not of this very model
    data_sets: list[DataUsed] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    merged_from: dict[str, Any] = field(default_factory=dict)


def gather(model_uri: str) -> Evidence:
    """Return what the model's files, its LoggedModel and its run say. Raises InvalidInput, MlflowException for no such model."""
    from mlflow import MlflowClient  # heavy

    examined = inspect(model_uri)
    mlmodel = as_dict(_parsed(examined.facts.mlmodel))
    client = MlflowClient()
    logged = _logged(client, as_text(mlmodel.get("model_id")))
    run = _run(client, (logged.source_run_id if logged else "") or as_text(mlmodel.get("run_id")))
    of_model = (
        [Measured(each.key, each.value, each.step or 0, each.dataset_name or "") for each in logged.metrics or []]
        if logged
        else []
    )
    of_run = [Measured(name, value) for name, value in run.data.metrics.items()] if run else []
    return Evidence(
        uri=f"models:/{logged.model_id}" if logged and not model_uri.startswith(("models:/", "runs:/")) else model_uri,
        examined=examined,
        name=_name(model_uri, logged),
        model_id=logged.model_id if logged else "",
        run_id=run.info.run_id if run else "",
        metrics=sorted(_latest(of_model or of_run), key=lambda each: each.name),
        metrics_are_of_the_run=not of_model and bool(of_run),
        data_sets=_data_sets(run),
        params=dict(run.data.params) if run else dict(logged.params or {}) if logged else {},
        environment=_environment(client, run),
        merged_from=as_dict(as_dict(mlmodel.get("metadata")).get("merged_from")),
    )


def _parsed(text: str) -> Any:
    from .artifact_files import Unreadable, parsed_yaml

    try:
        return parsed_yaml(text, "MLmodel")
    except Unreadable:
        return None


def _logged(client: "MlflowClient", model_id: str) -> "LoggedModel | None":
    """The LoggedModel of an artifact, None for a folder that was only saved, or where another MLflow has it."""
    from mlflow.exceptions import MlflowException  # heavy

    try:
        return client.get_logged_model(model_id) if model_id else None
    except MlflowException:
        return None


def _run(client: "MlflowClient", run_id: str) -> "Run | None":
    from mlflow.exceptions import MlflowException  # heavy

    try:
        return client.get_run(run_id) if run_id else None
    except MlflowException:
        return None


def _latest(metrics: list[Measured]) -> list[Measured]:
    """The last value of each metric on each data set."""
    found: dict[tuple[str, str], Measured] = {}
    for each in metrics:
        key = (each.name, each.data_set)
        if key not in found or found[key].step <= each.step:
            found[key] = each
    return list(found.values())


def _data_sets(run: "Run | None") -> list[DataUsed]:
    found = []
    for each in run.inputs.dataset_inputs if run and run.inputs else []:
        tags = {tag.key: tag.value for tag in each.tags}
        rows = as_dict(_json(each.dataset.profile)).get("num_rows")
        use = tags.get("mlflow.data.context", "")
        found.append(DataUsed(each.dataset.name, use, each.dataset.digest, rows if isinstance(rows, int) else None))
    return found


def _environment(client: "MlflowClient", run: "Run | None") -> dict[str, Any]:
    """What a training wrote of its machine, empty where none did."""
    from mlflow.exceptions import MlflowException  # heavy

    if run is None:
        return {}
    folder, _, _ = ENVIRONMENT.rpartition("/")
    try:
        if ENVIRONMENT not in [each.path for each in client.list_artifacts(run.info.run_id, folder)]:
            return {}
        with TemporaryDirectory(prefix="flavor-evidence-") as place:
            path = client.download_artifacts(run.info.run_id, ENVIRONMENT, place)
            return as_dict(_json(Path(path).read_text(encoding="utf-8")))
    except (MlflowException, OSError) as error:
        logger.warning("%s of run %s cannot be read: %s", ENVIRONMENT, run.info.run_id, error)
        return {}


def _name(model_uri: str, logged: "LoggedModel | None") -> str:
    """The registered name in an address, else the LoggedModel's own, else the folder's."""
    name = model_uri.removeprefix("models:/")
    if name != model_uri and not name.startswith("m-"):
        return name.split("/")[0].split("@")[0]
    return logged.name if logged else as_text(as_list([Path(model_uri).name])[0])


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
