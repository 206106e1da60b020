"""Adapters merged into their base: one standalone model that needs neither peft nor the base, and says what it was made of."""

import copy
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import adapted, bases, cards, licenses, quantization
from .artifact_files import local_files
from .artifacts import local_folder, read_config, read_mlmodel
from .components import Parts, taken_apart, task_of
from .devices import Placement
from .errors import as_mlflow_does
from .flavor_config import FlavorConfig
from .inspection import MERGED_FROM, read_facts
from .loading import LoadOptions, load_parts
from .logged_bases import find_logged
from .memory import hub_id_of
from .plain_data import as_dict, as_text
from .saving import log_model
from .tasks._base import InvalidInput

if TYPE_CHECKING:
    from mlflow.models.model import ModelInfo

__all__ = ["merge_and_log"]

FIELD = "model"


@dataclass(frozen=True)
class Source:
    """A model with adapters that may be changed, and what of it is carried on to the merged one."""

    parts: Parts
    carried: dict[str, Any] = field(default_factory=dict)  # arguments of log_model
    lineage: dict[str, Any] = field(default_factory=dict)


def merge_and_log(
    model: Any,
    name: str | None = None,
    *,
    adapters: str | Iterable[str] | None = None,
    registered_model_name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    processor: Any = None,
    device: Any = None,
    base_model_path: str | None = None,
    trust: str | None = None,
    **options: Any,
) -> "ModelInfo":
    """Merge adapters into their base and log the result as a model of its own, with the logits that base and adapters had.

    `model` is the address of a logged adapter (`models:/…`, `runs:/…`, a path), or a model with adapters in memory (alone with
    its `processor`, in a pipeline or in a dict of components), which stays as it is: a copy of it is merged.

    adapters         which to merge, one name or several that were active together; the active one when left out
    metadata         added to what is recorded: `merged_from` with the address, the base and the adapters
    device           where it is merged; the first GPU, else the CPU, when nothing is said
    base_model_path  the folder of the base, when it is not where it was
    trust            the content hash of a logged adapter whose pickles or own code may run
    options          those of `log_model`; card, licence, prompt template, model config and task are carried over when not said

    A quantised base is made of numbers again first, as it was when the adapter was trained.
    Raises InvalidInput for what changes no weights (prompt tuning) or cannot be merged, and what `load_model` raises.
    """
    with as_mlflow_does():
        if isinstance(model, str | Path):
            loading = LoadOptions(Placement(device), base_model_path, trust, dequantize=True)
            source = _logged(str(model), loading)
        else:
            source = _in_memory(model, processor)
        names = merged_names(source.parts.model, adapters)
        merged = merged_with(source.parts.model, names)
        lineage = {key: value for key, value in {**source.lineage, "adapters": list(names)}.items() if value}
        carried = source.carried | {name: value for name, value in options.items() if value is not None}
        said = {**as_dict(source.carried.get("metadata")), **(metadata or {}), MERGED_FROM: lineage}
        info = log_model(
            {"model": merged, **source.parts.components},
            **{**carried, "metadata": said, "name": name, "registered_model_name": registered_model_name},
        )
        _follow(lineage, options.get("run_id"))
        return info


def merged_names(model: Any, asked: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return which adapters of a model are to be merged. Raises InvalidInput for one that it does not have, or that cannot be."""
    there = adapted.adapters_of(model)
    names = (asked,) if isinstance(asked, str) else tuple(asked or ()) or adapted.actives_of(model)
    for name in names:
        if name not in there:
            raise InvalidInput("adapters", f"The model has no adapter {name!r}; it has {', '.join(there)}.")
        kind = model.peft_config[name]
        if kind.is_prompt_learning:
            raise InvalidInput(
                "adapters",
                f"The adapter {name!r} is {_kind_of(kind)}, which puts tokens before the input and changes no weight, so it "
                "cannot be merged; serve it as it is.",
            )
    return names


def merged_with(model: Any, names: tuple[str, ...]) -> Any:
    """Return the base of a model of peft with adapters merged into it; the model is used up. Raises InvalidInput."""
    _untie(adapted.base_of(model))
    kinds = ", ".join(sorted({_kind_of(model.peft_config[name]) for name in names}))
    try:
        with adapted.without_noise():
            model.base_model.set_adapter(names[0] if len(names) == 1 else list(names))
            merged = model.merge_and_unload(safe_merge=True, adapter_names=list(names))
    except (ValueError, NotImplementedError, AttributeError, TypeError, RuntimeError, KeyError) as error:
        said = str(error).splitlines()[0].rstrip(" (") if str(error) else type(error).__name__
        raise InvalidInput(
            "adapters", f"{', '.join(map(repr, names))} ({kinds}) cannot be merged: {said}; serve the adapter as it is."
        ) from error
    return merged.eval()


def _logged(uri: str, options: LoadOptions) -> Source:
    """A logged adapter on its base, loaded, and what its artifact says."""
    folder = local_folder(uri)
    config, mlmodel = read_config(folder), read_mlmodel(folder)
    if not config.adapter_folder:
        raise InvalidInput(FIELD, f"{uri} is no adapter, so there is nothing to merge; log it as it is.")
    model, components = load_parts(folder, config, options)
    model_id = as_text(mlmodel.get("model_id"))
    lineage = {
        "uri": f"models:/{model_id}" if model_id else "",
        "version": uri if uri.startswith("models:/") and not uri.startswith("models:/m-") else "",
        "base": config.base_name,
        "quantization": quantization.method_of(config.quantization),
    }
    parts = Parts(model, components, config.task)
    return Source(parts, _carried(folder, config, mlmodel), lineage)


def _carried(folder: Path, config: FlavorConfig, mlmodel: dict[str, Any]) -> dict[str, Any]:
    """The arguments of log_model that say of the merged model what was said of the adapter."""
    metadata = {key: value for key, value in as_dict(mlmodel.get("metadata")).items() if key not in ("prompt_template", "task")}
    said = {
        "task": config.inference_task or config.task,
        "torch_dtype": config.torch_dtype,
        "model_card": cards.read(folder),
        "license": "" if config.license == licenses.UNKNOWN else config.license,
        "license_file": licenses.in_artifact(folder),
        "prompt_template": config.prompt,
        "model_config": dict(config.model_config),
        "pyfunc_output": config.output,
        "input_example": read_facts(*local_files(folder)).input_example,
        "metadata": metadata,
    }
    return {key: value for key, value in said.items() if value}


def _in_memory(given: Any, processor: Any) -> Source:
    """A copy of a model with adapters, as a model of peft, since merging uses it up."""
    parts = taken_apart(given, processor=processor)
    model = parts.model
    if not adapted.has_adapters(model):
        raise InvalidInput(FIELD, f"{type(model).__name__} carries no adapter, so there is nothing to merge; log it as it is.")
    base = adapted.base_of(model)
    if method := quantization.method_of(quantization.recorded(base)):
        raise InvalidInput(
            FIELD,
            f"the base in memory is quantised by {method}; log the adapter with log_model first, and merge what was logged.",
        )
    lineage = {"base": _name_of(base)}
    task = task_of(parts, None, type(base).__name__)
    copied = copy.deepcopy(model)
    if not adapted.is_peft_model(copied):
        copied = _wrapped(copied)
    return Source(replace(parts, model=copied), {"task": task.name}, lineage)


def _wrapped(model: Any) -> Any:
    """A model with adapters in place as one of peft's, whose adapters can be merged."""
    with tempfile.TemporaryDirectory(prefix="flavor-adapters-") as name:
        active = adapted.actives_of(model)
        adapted.save_adapters(model, Path(name), with_embeddings=False)
        wrapped = adapted.put_on(adapted.without_adapters(model), Path(name), active[0])
        if len(active) > 1:
            wrapped.base_model.set_adapter(list(active))
        return wrapped


def _untie(base: Any) -> None:
    """Give the output embeddings weights of their own where an adapter sits on weights that they share with the input's."""
    from peft.tuners.tuners_utils import BaseTunerLayer  # heavy
    from torch.nn import Parameter

    ends = adapted.embeddings_of(base)
    below = [each.get_base_layer() if isinstance(each, BaseTunerLayer) else each for each in ends]
    weights = [getattr(each, "weight", None) for each in below]
    if any(isinstance(each, BaseTunerLayer) for each in ends) and weights[0] is not None and weights[0] is weights[1]:
        below[1].weight = Parameter(weights[1].detach().clone(), requires_grad=False)
        base.config.tie_word_embeddings = False


def _name_of(base: Any) -> str:
    """The logged model that a base in memory was read from, or its Hub id; empty when nobody knows."""
    folder = Path(getattr(base, "name_or_path", "") or "")
    if hub_id_of(base) or not (folder.name and folder.is_dir()):
        return hub_id_of(base)
    from mlflow import MlflowClient  # heavy

    known = bases.hash_of_weights(folder)
    found = find_logged(MlflowClient(), known) if known else None
    return found.name if found else ""


def _kind_of(config: Any) -> str:
    """What peft calls an adapter: LORA, PROMPT_TUNING."""
    return str(getattr(config.peft_type, "value", config.peft_type))


def _follow(lineage: dict[str, Any], run_id: str | None) -> None:
    """Say in the run that the adapter went into it."""
    from mlflow import MlflowClient, active_run  # heavy
    from mlflow.entities import LoggedModelInput

    run = active_run()
    run_id = run_id or (run.info.run_id if run else None)
    if run_id and (uri := lineage.get("uri")):
        MlflowClient().log_inputs(run_id, models=[LoggedModelInput(uri.removeprefix("models:/"))])
