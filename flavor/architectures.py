"""From a model's architecture to its task and its classes, by names: nothing is instantiated."""

from typing import Any

from .errors import UnsupportedTask
from .plain_data import as_list, as_text
from .tasks import Task, all_tasks, find_task, get_task
from .tasks._base import InvalidInput

BARE_MODEL = "AutoModel"  # a task that uses it takes any model without its head


def architecture_of(config: dict[str, Any]) -> str:
    """Return the class of the model that a config.json names, empty when it names none."""
    return as_text(next(iter(as_list(config.get("architectures"))), ""))


def choose_task(asked: str | None, architecture: str, *, hint: str = "", where: str = "the model") -> Task:
    """Return the task asked for, else the one that the architecture does; `hint` (a card's) decides between several.

    Raises InvalidInput for an unknown or an ambiguous task, or one that the architecture cannot do, UnsupportedTask when
    no task here knows the architecture.
    """
    able = tasks_of(architecture)
    if asked is not None:
        return _checked(get_task(asked), able, architecture, where)
    hinted = find_task(hint)
    if len(able) > 1 and hinted not in able:
        names = ", ".join(each.name for each in able)
        raise InvalidInput("task", f"{where} is a {architecture}, which does several tasks; say task= one of: {names}.")
    if able:
        return hinted if hinted in able and hinted else able[0]
    if hinted and not architecture:
        return hinted
    known = ", ".join(each.name for each in all_tasks())
    said = f"is a {architecture}, which no task here knows" if architecture else "names no architecture"
    raise UnsupportedTask(f"{where} {said}; say task= one of: {known}.")


def tasks_of(architecture: str) -> list[Task]:
    """Return the tasks whose architectures end like this one, those with the longest ending."""
    found = [(_ending(task, architecture), task) for task in all_tasks()]
    longest = max((length for length, _ in found), default=0)
    return [task for length, task in found if length == longest and length]


def class_for(task: Task, config: dict[str, Any]) -> str:
    """Return the class of transformers that loads this configuration for this task.

    That is the architecture when it fits the task or the task takes any, else what its Auto class has for the model type.
    Raises UnsupportedTask.
    """
    architecture = architecture_of(config)
    takes_any = not task.architecture_suffixes and task.auto_model != BARE_MODEL
    if architecture and (takes_any or _ending(task, architecture)):
        return architecture
    found = _mapped(task, config) or architecture
    if not found:
        kind = as_text(config.get("model_type")) or "without a model_type"
        raise UnsupportedTask(f"A model {kind!r} cannot do {task.name} with the installed transformers.")
    return found


def is_known_to_transformers(name: str) -> bool:
    """Whether the installed transformers has a class of this name. Nothing is imported for it."""
    import transformers  # heavy

    return name in transformers.__all__  # type: ignore[attr-defined]  # dir() of it takes most of a second


def _checked(task: Task, able: list[Task], architecture: str, where: str) -> Task:
    if able and not _ending(task, architecture) and task.auto_model != BARE_MODEL and task.architecture_suffixes:
        names = ", ".join(each.name for each in able)
        raise InvalidInput(
            "task", f"{where} is a {architecture}, which does {names}, not {task.name}; leave task out, or log another model."
        )
    return task


def _mapped(task: Task, config: dict[str, Any]) -> str:
    """The class that the task's Auto class has for a configuration's model type, empty when it has none."""
    from transformers.models.auto import modeling_auto  # heavy

    mapping = getattr(getattr(modeling_auto, task.auto_model, None), "_model_mapping", None)
    found = getattr(mapping, "_model_mapping", {}).get(config.get("model_type"), "")
    return found if isinstance(found, str) else str(found[0])


def _ending(task: Task, architecture: str) -> int:
    """Length of the task's longest suffix that the architecture ends with."""
    return max((len(each) for each in task.architecture_suffixes if architecture.endswith(each)), default=0)
