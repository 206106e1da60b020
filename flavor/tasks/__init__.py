"""The tasks: one public module each, found by walking this folder. Importing this costs milliseconds (no torch)."""

from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Sound, Task, Warned

__all__ = [
    "Display",
    "Field",
    "InvalidInput",
    "Kind",
    "Param",
    "Row",
    "Sound",
    "Task",
    "Warned",
    "all_tasks",
    "find_task",
    "get_task",
]


@cache
def all_tasks() -> tuple[Task, ...]:
    """Return every task, sorted by name."""
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__) if not info.name.startswith("_"))
    return tuple(sorted((module.TASK for module in modules), key=lambda task: task.name))


@cache
def _by_name() -> dict[str, Task]:
    return {name: task for task in all_tasks() for name in (task.name, *task.aliases)}


def find_task(name: str | None) -> Task | None:
    """Return the task called `name` (aliases and variants such as translation_en_to_fr count), or None."""
    return (_by_name().get(name) or _variant(name)) if name else None


@lru_cache(maxsize=256)
def _variant(name: str) -> Task | None:
    return next((found for task in all_tasks() if (found := task.variant(name)) is not None), None)


def get_task(name: str) -> Task:
    """Return the task called `name` (aliases count).

    Raises InvalidInput naming the tasks there are.
    """
    task = find_task(name)
    if task is None:
        known = ", ".join(each.name for each in all_tasks())
        raise InvalidInput("task", f"task {name!r} is not known here; use one of: {known}.")
    return task
