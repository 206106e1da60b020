"""A pipeline taken apart and put together: the model, its tokenizer, its processors."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from . import tasks
from .architectures import choose_task
from .component_files import COMPONENTS
from .errors import MissingDependency, UnsupportedTask
from .tasks import Task, get_task
from .tasks._base import InvalidInput

FIELD = "transformers_model"
DTYPE_KEYS = ("dtype", "torch_dtype")


@dataclass(frozen=True)
class Parts:
    """A model in memory and what belongs to it; `components` by name, such as `tokenizer`."""

    model: Any
    components: dict[str, Any] = field(default_factory=dict)
    task: str | None = None
    dtype: Any = None
    pipeline: Any = None  # that they were taken from


def taken_apart(given: Any, *, processor: Any = None) -> Parts:
    """Return the parts of a pipeline, of a dict of components, or of a bare model with its `processor`.

    Raises InvalidInput naming what was found instead.
    """
    if isinstance(given, dict):
        parts = _from_dict(given)
    elif hasattr(given, "model") and hasattr(given, "postprocess"):
        parts = Parts(given.model, _attributes(given), getattr(given, "task", None) or None, pipeline=given)
    elif hasattr(given, "save_pretrained") and hasattr(given, "config"):
        parts = Parts(given)
    else:
        raise InvalidInput(
            FIELD,
            "transformers_model must be a pipeline, a dict of components, a model, the folder of a checkpoint or a Hub id, "
            f"got {type(given).__name__}.",
        )
    if not (hasattr(parts.model, "save_pretrained") and hasattr(parts.model, "config")):
        raise InvalidInput(f"{FIELD}.model", f"model must be a model of transformers or peft, got {type(parts.model).__name__}.")
    _check_is_in_one_place(parts.model)
    extra = {kind_of(processor): processor} if processor is not None else {}
    return replace(parts, components=parts.components | extra)


def kind_of(component: Any) -> str:
    """Return the name of the component that an object is: `tokenizer`, `image_processor` …"""
    import transformers  # heavy

    kinds = {
        "tokenizer": transformers.PreTrainedTokenizerBase,
        "processor": transformers.ProcessorMixin,
        "image_processor": transformers.ImageProcessingMixin,
        "feature_extractor": transformers.FeatureExtractionMixin,
        "video_processor": getattr(transformers, "BaseVideoProcessor", ()),
    }
    for name, kind in kinds.items():
        if isinstance(component, kind):
            return name
    raise InvalidInput("processor", f"processor must be a processor, a tokenizer or the like, got {type(component).__name__}.")


def task_of(parts: Parts, asked: str | None, architecture: str) -> Task:
    """Return the task of parts in memory: the pipeline's own, else the one asked for, else the architecture's."""
    own = get_task(parts.task) if parts.task else None
    if own and asked and get_task(asked) is not own:
        raise InvalidInput("task", f"what is logged does {own.name}, not {asked}; leave task out.")
    return own or choose_task(asked, architecture)


def completed(task: Task, parts: Parts) -> Parts:
    """Return parts with every component that the task needs; those that only a processor holds are taken out of it.

    Raises InvalidInput naming one that was not given.
    """
    given = parts.components
    missing = [name for name in task.components if name not in given and task.alternatives.get(name) not in given]
    held = {name: part for name in missing if (part := getattr(given.get("processor"), name, None)) is not None}
    others = {name: component for name, component in given.items() if name != "processor" or not held}
    _check_complete(task, {**others, **held})
    return replace(parts, components={**others, **held})


def _check_complete(task: Task, components: dict[str, Any]) -> None:
    for name in task.components:
        if name not in components and task.alternatives.get(name) not in components:
            raise InvalidInput(
                f"{FIELD}.{name}", f"{task.name} needs a {name.replace('_', ' ')}; give it as {name!r} in the dict of components."
            )


def pipeline_class(task: Task) -> Any:
    """Return the class that runs a task: transformers' own, or ours where transformers has none any more."""
    module, _, name = task.pipeline.partition(":")
    try:
        return getattr(import_module(module, tasks.__name__), name)
    except ImportError as error:
        package = error.name or module
        raise MissingDependency(f"{task.name} needs the package {package}; install it.", package=package) from error
    except AttributeError as error:
        raise UnsupportedTask(f"The installed {module} has no {name}, which {task.name} needs.") from error


def put_together(task: Task, model: Any, components: dict[str, Any], *, device: Any = None, **options: Any) -> Any:
    """Return the pipeline of a task around a model that is where it shall stay; `options` go to its class."""
    named = {name: component for name, component in components.items() if name in _ACCEPTED}
    placed = {} if device is None or hasattr(model, "hf_device_map") else {"device": device}
    with _without_list_of_models(), _with_a_device_first(model):
        return pipeline_class(task)(model=model, task=task.name, **named, **placed, **options)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars of transformers out of logs that nobody scrolls; ours go through `progress`."""
    from transformers.utils.logging import disable_progress_bar, enable_progress_bar, is_progress_bar_enabled  # heavy

    was_on = is_progress_bar_enabled()
    disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            enable_progress_bar()


_ACCEPTED = tuple(COMPONENTS)


@contextmanager
def _without_list_of_models() -> Iterator[None]:
    """Pipelines log every class they support, as an error, when they get one of peft's, which they run as well."""
    logger = logging.getLogger("transformers.pipelines.base")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _with_a_device_first(model: Any) -> Iterator[None]:
    """Pipelines take the first place of a map for the device of their inputs, and the disk is none."""
    places = getattr(model, "hf_device_map", None)
    if not places or next(iter(places.values())) != "disk":
        yield
        return
    model.hf_device_map = {"": next((place for place in places.values() if place != "disk"), "cpu")}
    try:
        yield
    finally:
        model.hf_device_map = places


def _from_dict(given: dict[str, Any]) -> Parts:
    allowed = ("model", "task", *COMPONENTS, *DTYPE_KEYS)  # as `load_model` hands them out
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise InvalidInput(f"{FIELD}.{unknown[0]}", f"{unknown[0]!r} is no component; accepted are {', '.join(allowed)}.")
    if "model" not in given:
        raise InvalidInput(f"{FIELD}.model", "the dict of components has no 'model'.")
    components = {name: given[name] for name in COMPONENTS if given.get(name) is not None}
    return Parts(given["model"], components, given.get("task"), given.get("dtype") or given.get("torch_dtype"))


def _attributes(pipeline: Any) -> dict[str, Any]:
    found = {name: getattr(pipeline, name, None) for name in COMPONENTS}
    return {name: component for name, component in found.items() if component is not None}


def _check_is_in_one_place(model: Any) -> None:
    """A model spread over devices cannot be saved whole (https://github.com/huggingface/transformers/issues/20072)."""
    placement = getattr(model, "hf_device_map", None) or {}
    if len(set(placement.values())) > 1:
        raise InvalidInput(FIELD, "the model is spread over several devices; load it without device_map and log that.")
