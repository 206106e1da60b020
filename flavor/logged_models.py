"""The life of one LoggedModel: made, linked to its run, filled, READY; or FAILED, without files and with the reason."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .abandoned import FAILURE_TAG, fail_abandoned
from .artifact_writing import SaveRequest, open_request, write_artifact
from .artifacts import path_of
from .errors import Cancelled
from .flavor_config import FlavorConfig
from .logged_bases import WEIGHTS_TAG, find_logged
from .sources import Source
from .staging import saved_at, temporary
from .tasks._base import InvalidInput
from .uploads import upload
from .weights import How, Writer

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Metric
    from mlflow.models import Model
    from mlflow.models.model import ModelInfo

logger = logging.getLogger(__name__)

TASK_TAG = "flavor.task"
PROMPTS_TAG = "mlflow.linkedPrompts"
EXTERNAL_TAG = "mlflow.model.isExternal"


@dataclass(frozen=True)
class LogRequest:
    """What was asked of `log_model` about the LoggedModel."""

    artifact_path: str | None = None
    name: str | None = None
    registered_model_name: str | None = None
    await_registration_for: int | None = 300
    prompts: list[Any] | None = None
    params: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    model_type: str | None = None
    step: int = 0
    model_id: str | None = None
    run_id: str | None = None
    resources: Any = None
    auth_policy: Any = None
    metrics: Sequence["Metric"] | None = None  # measured of the model; those of the run at this step when left out

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "LogRequest":
        """Return the request among the arguments of `log_model`."""
        request = cls(**{each.name: arguments[each.name] for each in fields(cls) if each.name in arguments})
        if request.name is not None and request.artifact_path is not None:
            raise InvalidInput("name", "name and artifact_path, its old name, were both given; give name only.")
        if request.resources is not None and request.auth_policy is not None:
            raise InvalidInput("resources", "give only one of resources and auth_policy.")
        return replace(request, name=request.name or request.artifact_path, artifact_path=None)


def log(logging_request: LogRequest, request: SaveRequest) -> "ModelInfo":
    """Log what `request` describes. Raises FlavorError, InvalidInput and MlflowException."""
    from mlflow import MlflowClient, active_run, register_model  # heavy

    client = MlflowClient()
    logging_request = _with_prompt(logging_request, request)
    source = open_request(request, find_logged=lambda known: find_logged(client, known))
    run = active_run()
    run_id = logging_request.run_id or (run.info.run_id if run else None)
    logged = _create(client, logging_request, run_id)
    with _finalized(client, logged):
        fail_abandoned(client, logged.experiment_id)
        _link_to_run(client, logged, run_id, logging_request)
        model = _mlflow_model(logged, run_id, logging_request)
        with _destination(client, logged, request) as writer:
            config = write_artifact(source, request, writer, model)
        _tag(client, logged, source, config)
        _link_prompts(client, logged, run_id, logging_request.prompts)
        _log_model_config(client, run_id, request.model_config)
    info: ModelInfo = model.get_model_info(client.get_logged_model(logged.model_id))
    if logging_request.registered_model_name:
        version = register_model(
            f"models:/{logged.model_id}",
            logging_request.registered_model_name,
            await_registration_for=logging_request.await_registration_for or 0,
            tags={**(logging_request.tags or {}), **_linked_prompts(client, logged)},
        )
        info.registered_model_version = int(version.version)
    return info


def _create(client: "MlflowClient", request: LogRequest, run_id: str | None) -> "LoggedModel":
    """Make the LoggedModel, PENDING, in the run's experiment; the run's params become its own, as in stock."""
    from mlflow import initialize_logged_model  # heavy

    if request.model_id is not None:
        return client.get_logged_model(request.model_id)
    run = client.get_run(run_id) if run_id else None
    params = {**(request.params or {}), **(run.data.params if run else {})}
    return initialize_logged_model(
        name=request.name,
        source_run_id=run_id,
        tags={key: str(value) for key, value in (request.tags or {}).items()},
        params={key: str(value) for key, value in params.items()},
        model_type=request.model_type,
        experiment_id=run.info.experiment_id if run else None,
    )


@contextmanager
def _finalized(client: "MlflowClient", logged: "LoggedModel") -> Iterator[None]:
    """Leave the model READY, or FAILED with the reason in a tag."""
    from mlflow.entities import LoggedModelStatus  # heavy
    from mlflow.exceptions import MlflowException

    try:
        yield
    except BaseException as error:
        try:
            client.set_logged_model_tags(logged.model_id, {FAILURE_TAG: _reason(error)})
            client.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
        except MlflowException as second:
            logger.warning("LoggedModel %s stays PENDING: %s", logged.model_id, second)
        raise
    client.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)


@contextmanager
def _destination(client: "MlflowClient", logged: "LoggedModel", request: SaveRequest) -> Iterator[Writer]:
    """Give a writer for the model's own place: straight into it when it is a folder here, else by way of an upload."""
    place = path_of(logged.artifact_location)
    if place is not None:
        with saved_at(place, is_new=False) as folder:
            yield Writer(folder, **request.writing())
        return
    with temporary() as folder:
        # Links: the bytes go from their source to the store without a stop on this disk.
        writer = Writer(folder, **{**request.writing(), "how": How.SYMBOLIC_LINK})
        yield writer
        upload(writer.folder, logged.artifact_location, check=writer.check, progress=request.progress)


def _mlflow_model(logged: "LoggedModel", run_id: str | None, request: LogRequest) -> "Model":
    from mlflow.models import Model  # heavy

    prompts = [getattr(each, "uri", each) for each in request.prompts] if request.prompts else None
    return Model(
        artifact_path=logged.artifact_location,
        model_uuid=logged.model_id,
        run_id=run_id,
        resources=request.resources,
        auth_policy=request.auth_policy,
        prompts=prompts,
        model_id=logged.model_id,
    )


def _link_to_run(client: "MlflowClient", logged: "LoggedModel", run_id: str | None, request: LogRequest) -> None:
    """Make the model an output of its run, and what was measured of it its own, by default as stock finds it."""
    if run_id is None:
        return
    from mlflow.entities import LoggedModelOutput  # heavy

    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=request.step)])
    measured = _metrics_of_step(client, run_id, request.step) if request.metrics is None else request.metrics
    if measured:
        client.log_batch(run_id, metrics=[_own(each, logged, run_id) for each in measured])


def _metrics_of_step(client: "MlflowClient", run_id: str, step: int) -> list["Metric"]:
    history = (each for key in client.get_run(run_id).data.metrics for each in client.get_metric_history(run_id, key))
    return [each for each in history if each.step == step and each.model_id is None]


def _own(metric: "Metric", logged: "LoggedModel", run_id: str) -> "Metric":
    """Return a metric of a run as the model's own."""
    from mlflow.entities import Metric  # heavy

    data, digest = metric.dataset_name, metric.dataset_digest
    return Metric(metric.key, metric.value, metric.timestamp, metric.step, logged.model_id, data, digest, run_id)


def _tag(client: "MlflowClient", logged: "LoggedModel", source: Source, config: FlavorConfig) -> None:
    tags = {TASK_TAG: source.task.name, WEIGHTS_TAG: config.weights_hash}
    client.set_logged_model_tags(logged.model_id, {key: value for key, value in tags.items() if value})
    if str(logged.tags.get(EXTERNAL_TAG, "")).lower() == "true":
        client.delete_logged_model_tag(logged.model_id, EXTERNAL_TAG)


def _link_prompts(client: "MlflowClient", logged: "LoggedModel", run_id: str | None, prompts: list[Any] | None) -> None:
    for prompt in prompts or []:
        if run_id:
            client.link_prompt_version_to_run(run_id, prompt)
        version = client.load_prompt(getattr(prompt, "uri", prompt))
        client.link_prompt_version_to_model(name=version.name, version=version.version, model_id=logged.model_id)


def _with_prompt(logging_request: LogRequest, request: SaveRequest) -> LogRequest:
    """Link the registered prompt that the template is, too."""
    prompt, prompts = request.prompt_template, list(logging_request.prompts or [])
    if prompt is None or not prompt.version or prompt.version in [getattr(each, "uri", each) for each in prompts]:
        return logging_request
    return replace(logging_request, prompts=[*prompts, prompt.version])


def _linked_prompts(client: "MlflowClient", logged: "LoggedModel") -> dict[str, str]:
    """The tag by which MLflow links prompts to a model, for its version: MLflow has no other link of these two."""
    said = client.get_logged_model(logged.model_id).tags.get(PROMPTS_TAG)
    return {PROMPTS_TAG: said} if said else {}


def _log_model_config(client: "MlflowClient", run_id: str | None, model_config: Mapping[str, Any] | None) -> None:
    """Log the model config as params of the run, as stock does; a run that already says otherwise keeps its own."""
    if not (run_id and model_config):
        return
    from mlflow.entities import Param  # heavy
    from mlflow.exceptions import MlflowException

    params = [Param(key, value if isinstance(value, str) else json.dumps(value)) for key, value in model_config.items()]
    try:
        client.log_batch(run_id, params=params)
    except MlflowException as error:
        logger.warning("The model config is not among the run's params: %s", error.message.splitlines()[0])


def _reason(error: BaseException) -> str:
    if isinstance(error, Cancelled):
        return "cancelled"
    return f"{type(error).__name__}: {error}"[:500]
