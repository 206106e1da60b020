"""The task of a model with several adapters: its own, and a parameter that chooses which of them answers."""

import copy
from collections.abc import Sequence

from ._base import Param, Task

ADAPTER = "adapter"
BASE = "none"  # no adapter: the base answers


def with_adapters(task: Task, names: Sequence[str], active: str | None = None) -> Task:
    """Return the task with the parameter `adapter`; a model of one adapter has nothing to choose and its task as it was."""
    if len(names) < 2:
        return task
    choices = (*names, *((BASE,) if BASE not in names else ()))
    param = Param(
        ADAPTER, str, active or names[0], f"Which of the model's adapters answers; {BASE} is the base alone.", choices=choices
    )
    found = copy.copy(task)
    found.params = (*task.params, param)
    return found


def has_adapters(task: Task) -> bool:
    """Whether a task is of a model with several adapters."""
    return any(each.name == ADAPTER for each in task.params)
