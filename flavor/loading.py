"""Load what we and stock have logged: one `from_pretrained`, straight to its device, and no code that came with a model."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import adapted, adapter_heads, integrity, quantization, registered_prompts
from . import trust as trusting
from .artifact_code import CODE
from .artifact_files import SAFETENSORS
from .artifacts import local_folder, path_of, read_config, read_mlmodel
from .chat import LlmModel, find_protocol
from .components import put_together
from .devices import Placement
from .errors import as_mlflow_does
from .flavor_config import FlavorConfig
from .model_files import load_components, load_weights, weights_folder
from .pipeline_settings import saved_settings
from .pyfunc import PyfuncModel
from .saved_settings import legacy_model_config, signature_params
from .signatures import signature_defaults
from .tasks import get_task
from .tasks._adapters import with_adapters
from .tasks._base import InvalidInput
from .weights import Progress

__all__ = ["load_model", "load_pyfunc_model"]

RETURN_TYPES = ("pipeline", "components", "model")


def _tell_nobody(stage: str, done: int | None, total: int | None, unit: str) -> None:
    """The progress of a load that nobody asked to follow."""


@dataclass(frozen=True)
class LoadOptions:
    """How an artifact is loaded."""

    placement: Placement = field(default_factory=Placement)
    base_model_path: str | None = None
    trust: str | None = None
    verify: bool = False
    dequantize: bool = False  # an adapter's base, so that the adapter can be merged
    progress: Progress = _tell_nobody


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    return_type: str = "pipeline",
    device: Any = None,
    base_model_path: str | None = None,
    *,
    task: str | None = None,
    dtype: Any = None,
    torch_dtype: Any = None,
    device_map: Any = None,
    attn_implementation: str | None = None,
    quantization_config: Any = None,
    max_memory: Mapping[Any, Any] | None = None,
    offload_folder: str | Path | None = None,
    progress: Progress | None = None,
    trust: str | None = None,
    verify: bool = False,
    **options: Any,
) -> Any:
    """Load a model as a pipeline, as a dict of its components, or as the bare model.

    `model_uri` is `models:/m-…`, `models:/name/3`, `models:/name@alias`, `runs:/…` or a path. `options` go to the pipeline.

    task             instead of the one that was logged
    device           such as "cpu", "cuda:1", 0 or -1; the first GPU, else the CPU, when nothing is said
    base_model_path  the folder of an adapter's base, when it is not where it was
    quantization_config
                     transformers' configuration; the base of an adapter has the one it was trained with when nothing is said,
                     and False leaves it as it is stored
    device_map       "auto" or a map of transformers, which spreads the model over devices; with `max_memory` per device, and
                     the `offload_folder` for what fits into none of them
    progress         called with (stage, done, total, unit): fetching, checking, loading
    trust            the content hash of a model whose pickles or own code may run
    verify           check every file against the manifest first

    Raises FlavorError and InvalidInput, both MlflowExceptions here.
    """
    with as_mlflow_does():
        if return_type not in RETURN_TYPES:
            raise InvalidInput("return_type", f"return_type must be one of {', '.join(RETURN_TYPES)}, got {return_type!r}.")
        placement = Placement(
            device,
            dtype if dtype is not None else torch_dtype,
            device_map,
            attn_implementation,
            quantization_config,
            max_memory,
            offload_folder,
        )
        loading = LoadOptions(placement, base_model_path, trust, verify, progress=progress or _tell_nobody)
        loading.progress("fetching", None, None, "")
        folder = local_folder(str(model_uri), dst_path)
        config = read_config(folder)
        model, components = load_parts(folder, config, loading)
        if return_type == "model":
            return model
        if return_type == "components":
            return {"task": config.task, "model": model, **components}
        built_with = saved_settings(read_mlmodel(folder)) if task in (None, config.task) else {}
        device = placement.settled_device()
        return put_together(get_task(task or config.task), model, components, device=device, **{**built_with, **options})


def load_pyfunc_model(
    path: str,
    *,
    model_config: dict[str, Any] | None = None,
    device: Any = None,
    trust: str | None = None,
    base_model_path: str | None = None,
    verify: bool = False,
    output: str = "rich",
    prompt_template: str | None = None,
) -> PyfuncModel:
    """Load an artifact, ours or stock's, as a model that predicts; its answers are rich unless asked.

    path             its folder, or what `load_model` takes
    model_config     laid over the one that was logged; its `overlong` says what happens to texts over the model's length
    prompt_template  a text or `prompts:/…` in place of the one that was logged; an empty text uses none. Of an alias that
                     was logged, the version is used that it points to now, when MLflow's registry says so within seconds

    Raises FlavorError and InvalidInput.
    """
    folder = path_of(str(path)) or local_folder(str(path))
    mlmodel = read_mlmodel(folder)
    config = read_config(folder)
    task = with_adapters(get_task(config.task), config.adapters, config.active_adapter, base_answers=config.base_answers)
    settings = (legacy_model_config(folder) or config.model_config) | (model_config or {})
    placement = Placement.said_in(settings, device=device)
    asked = registered_prompts.named(prompt_template or None)
    model, components = load_parts(folder, config, LoadOptions(placement, base_model_path, trust, verify))
    pipeline = put_together(task, model, components, device=placement.settled_device())
    logged = config.prompt if prompt_template is None else None
    return PyfuncModel(
        task,
        pipeline,
        model_config=settings,
        overlong=settings.get("overlong", "truncate"),
        prompt=registered_prompts.settled(asked, logged, task, pipeline),
        signature_defaults=signature_defaults(signature_params(mlmodel)),
        output=output,
    )


def load_parts(folder: Path, config: FlavorConfig, options: LoadOptions) -> tuple[Any, dict[str, Any]]:
    """Return the model, in evaluation mode and where it shall be, and the components by name.

    Raises UntrustedCode before anything of the artifact could run, ModelNotLoadable, MissingDependency, HubUnavailable.
    """
    if options.verify:
        integrity.check(folder, options.progress)
    may_run = trusting.check(folder, config, options.trust)
    if options.base_model_path and not config.adapter_folder:
        raise InvalidInput("base_model_path", "this model is no adapter, so base_model_path means nothing for it; leave it out.")
    if may_run and config.code:
        sys.path.insert(0, str(folder / CODE))
    components = load_components(folder, config, may_run=may_run)
    weights = weights_folder(folder, config, base_model_path=options.base_model_path, verify=options.verify)
    size = sum(path.stat().st_size for path in weights.glob(SAFETENSORS))
    options.progress("loading", 0, size, "bytes")
    # Trust is in the artifact's content: a base or a snapshot elsewhere was not in the hash.
    placement = quantization.placed(options.placement, config.quantization, weights)
    brought = adapter_heads.brought_by(folder / config.adapter_folder) if config.adapter_folder else frozenset()
    is_own = weights.is_relative_to(folder)
    model = load_weights(weights, config, placement, may_run=may_run and is_own, brought=brought)
    if options.dequantize:
        model = quantization.dequantized(model)
    device = options.placement.settled_device()
    if device is not None:
        model = model.to(device)
    if config.adapter_folder:
        model = adapted.put_on(model, folder / config.adapter_folder, config.active_adapter)
    options.progress("loading", size, size, "bytes")
    return model, components


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> PyfuncModel | LlmModel:
    """Load for `mlflow.pyfunc.load_model`, and answer as it was logged.

    MLflow hands over the model config as it is to be; only the file that old MLflow kept stands above it.
    """
    with as_mlflow_does():
        folder = Path(path)
        config = read_config(folder)
        said = legacy_model_config(folder) or model_config
        model = load_pyfunc_model(path, model_config=said, output=config.output)
        protocol = find_protocol(config.inference_task)
        return LlmModel(model, protocol, name=config.source_name) if protocol else model
