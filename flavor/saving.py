"""Log and save models: checked before anything is written, weights once, no forward pass, no network but for a Hub id."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .artifact_writing import SaveRequest, open_request, write_artifact
from .errors import as_mlflow_does
from .logged_models import LogRequest, log
from .staging import saved_at
from .weights import Progress, ShouldStop, Writer

if TYPE_CHECKING:
    from mlflow.models import Model
    from mlflow.models.model import ModelInfo

__all__ = ["log_model", "save_model"]


def save_model(
    transformers_model: Any,
    path: str | Path,
    processor: Any = None,
    task: str | None = None,
    torch_dtype: Any = None,
    model_card: Any = None,
    code_paths: list[str] | None = None,
    mlflow_model: "Model | None" = None,
    signature: Any = None,
    input_example: Any = None,
    pip_requirements: Any = None,
    extra_pip_requirements: Any = None,
    conda_env: Any = None,
    metadata: dict[str, Any] | None = None,
    model_config: dict[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    base_model_path: str | None = None,
    *,
    base_model: str | None = None,
    license: str | None = None,
    license_file: str | Path | None = None,
    quantization_config: Any = None,
    pyfunc_output: str = "rich",
    max_shard_size: str | None = None,
    cast_weights: bool = False,
    link: bool = False,
    validate: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Save a model as an MLflow model in the folder `path`, which must be absent or empty.

    The parameters are those of `log_model`. A failure leaves no folder.
    """
    with as_mlflow_does():
        request = SaveRequest.of(locals())
        source = open_request(request)
        with saved_at(Path(path)) as folder:
            write_artifact(source, request, Writer(folder, **request.writing()), mlflow_model)


def log_model(
    transformers_model: Any,
    artifact_path: str | None = None,
    processor: Any = None,
    task: str | None = None,
    torch_dtype: Any = None,
    model_card: Any = None,
    code_paths: list[str] | None = None,
    registered_model_name: str | None = None,
    signature: Any = None,
    input_example: Any = None,
    await_registration_for: int | None = 300,
    pip_requirements: Any = None,
    extra_pip_requirements: Any = None,
    conda_env: Any = None,
    metadata: dict[str, Any] | None = None,
    model_config: dict[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    prompts: list[Any] | None = None,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    base_model_path: str | None = None,
    *,
    run_id: str | None = None,
    resources: Any = None,
    auth_policy: Any = None,
    base_model: str | None = None,
    license: str | None = None,
    license_file: str | Path | None = None,
    quantization_config: Any = None,
    pyfunc_output: str = "rich",
    max_shard_size: str | None = None,
    cast_weights: bool = False,
    link: bool = False,
    validate: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> "ModelInfo":
    """Log a model as a LoggedModel, and register it when `registered_model_name` is given.

    `transformers_model` is a pipeline, a dict of components, a model (with its tokenizer or processor as `processor`), the
    folder of a checkpoint or of an adapter, or a Hub id (`org/name`, `org/name@revision`). Folders and Hub ids are never
    loaded: configurations and headers are read, files copied. The parameters up to `base_model_path` are stock's.

    task             read from the model's architecture when left out
    signature        the task's when left out; nothing is run to find one
    model_card       text, path or ModelCard; else the README of the checkpoint, else the one of its repository on the Hub
    run_id           the run to link; else the active one; none is made
    base_model       of an adapter: `models:/…`, a folder or a Hub id; else what the adapter itself names. A folder whose
                     weights were logged before is recorded as that logged model; any other is copied into the artifact
    license          the licence's name, where the card says none
    license_file     its text; else the checkpoint's own LICENSE
    quantization_config
                     of an adapter's folder: how its base was quantised when it was trained, which the folder cannot tell
    pyfunc_output    "rich", or "stock" for the shape that stock's pyfunc answers in
    cast_weights     write the weights of a model in memory in `torch_dtype`; else they keep their own, and are only loaded in it
    link             hard-link the weights: only where nobody ever writes into the source's files
    validate         load the model when it is written, and let it answer `input_example`, or the task's example; refused when
                     it cannot. It takes the memory and the time of that answer
    prompt_template  a text with `{prompt}`, or `prompts:/<name>/<version>` or `prompts:/<name>@<alias>` of MLflow's registry: its
                     text is kept, and it is linked to run, model and version; an alias is followed anew at every load
    progress         called with (stage, done, total, unit)
    should_stop      asked often; when it says so, Cancelled is raised

    Raises FlavorError and InvalidInput, both MlflowExceptions here. A failure leaves a FAILED LoggedModel without files,
    with the reason in its tag `flavor.failure`; what is wrong with the source is said before there is a LoggedModel.
    """
    with as_mlflow_does():
        arguments = locals()
        request, logging = SaveRequest.of(arguments), LogRequest.of(arguments)
        return log(logging, request)
