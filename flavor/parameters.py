"""Which value of a parameter counts, and who said it.

From weakest to strongest:

default        the task's own (`Param.default`)
model          the loaded model: generation config, problem type, arguments the pipeline was built with
model_config   saved with the model, already merged with what the caller of `load_model` and MLflow's environment said
signature      defaults of the params schema of the saved signature; ours are null, which says nothing
request        params of this call
drawn          nobody: a seed that was drawn so that the answer can be repeated
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .tasks._base import Row, Task, Warned
from .tasks._checking import check_params

# Keys of a model config that say how to load or batch, not what to compute.
LOADING_KEYS = frozenset(
    {"batch_size", "num_workers", "device", "device_map", "dtype", "torch_dtype", "max_memory", "low_cpu_mem_usage", "framework"}
    | {"model_kwargs", "attn_implementation", "quantization_config", "trust_remote_code", "prompt_template", "overlong"}
)


class Source(StrEnum):
    DEFAULT = "default"
    MODEL = "model"
    MODEL_CONFIG = "model_config"
    SIGNATURE = "signature"
    REQUEST = "request"
    DRAWN = "drawn"


@dataclass(frozen=True)
class Effective:
    """The parameters of one call: `values` by name, who said each, and what else the model config hands to the pipeline."""

    values: Row
    sources: dict[str, Source]
    passed_on: Row = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()

    def report(self) -> dict[str, Row]:
        """Name to `{"value", "source"}`, for answers."""
        return {name: {"value": value, "source": str(self.sources[name])} for name, value in self.values.items()}

    def has_said(self, name: str) -> bool:
        """Whether anybody but the task and the model set `name`."""
        return self.sources.get(name, Source.DEFAULT) not in (Source.DEFAULT, Source.MODEL)


def resolve(
    task: Task,
    *,
    defaults: Row | None = None,
    model: Row | None = None,
    model_config: Row | None = None,
    signature: Row | None = None,
    request: Row | None = None,
    accepted: frozenset[str] = frozenset(),
) -> Effective:
    """Merge the levels; `defaults` replaces some of the task's own, `accepted` are further names the pipeline takes.

    Raises InvalidInput naming the parameter and its level. A key of the model config that nothing takes is a warning.
    """
    config, passed_on, warnings = _split_config(task, model_config or {}, accepted)
    own = {each.name: each.default for each in task.params}
    levels = (
        (Source.DEFAULT, {**own, **(defaults or {})}),
        (Source.MODEL, model or {}),
        (Source.MODEL_CONFIG, check_params(task, config, prefix="model_config")),
        (Source.SIGNATURE, check_params(task, _known(task, signature or {}), prefix="signature")),
        (Source.REQUEST, _asked(task, request, signature or {})),
    )
    values: Row = {}
    sources: dict[str, Source] = {}
    for source, level in levels:
        for name, value in level.items():
            if value is not None:
                values[name], sources[name] = value, source
    return Effective(values, sources, passed_on, warnings)


def _split_config(task: Task, config: Row, accepted: frozenset[str]) -> tuple[Row, Row, tuple[Warned, ...]]:
    renamed = {"stop" if name in ("stop_strings", "stop_sequence") else name: value for name, value in config.items()}
    known = _with_nulls(task, _known(task, renamed))
    rest = {name: value for name, value in renamed.items() if name not in known and name not in LOADING_KEYS}
    passed_on = {name: value for name, value in rest.items() if name in accepted}
    ignored = sorted(set(rest) - set(passed_on))
    warnings = tuple(
        Warned("model_config_ignored", f"the model config says {name}, which {task.name} does not take") for name in ignored
    )
    return known, passed_on, warnings


def _with_nulls(task: Task, config: Row) -> Row:
    """The config with what a null of it means: `top_k: null` is every label, as in the pipelines."""
    meant = {each.name: each.null for each in task.params if each.null is not None}
    return {name: meant.get(name) if value is None else value for name, value in config.items()}


def _known(task: Task, values: Row) -> Row:
    names = {each.name for each in task.params}
    return {name: value for name, value in values.items() if name in names}


def _asked(task: Task, request: Row | None, signature: Row) -> Row:
    """The request without what MLflow filled in: a value equal to the signature's default is the signature's."""
    asked = check_params(task, request)
    return {name: value for name, value in asked.items() if not _is_filled_in(value, signature.get(name))}


def _is_filled_in(value: Any, default: Any) -> bool:
    return value == default and type(value) is type(default)


def accepted_names(pipeline: Any) -> frozenset[str]:
    """Names of the arguments that this pipeline's call takes, generation parameters included."""
    from inspect import Parameter, signature

    arguments = signature(pipeline._sanitize_parameters).parameters.values()
    named = {each.name for each in arguments if each.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)}
    config = getattr(pipeline.model, "generation_config", None)
    if getattr(pipeline, "_pipeline_calls_generate", False) and config is not None:
        named |= {name for name in vars(config) if not name.startswith("_")}
    return frozenset(named)
