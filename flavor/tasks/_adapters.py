"""The task of a model with several adapters: its own, and a parameter that chooses which of them answers."""

import copy
from collections.abc import Sequence

from ._base import Param, Task

ADAPTER = "adapter"
BASE = "none"  # no adapter: the base answers


def with_adapters(task: Task, names: Sequence[str], active: str | None = None, *, base_answers: bool = True) -> Task:
    """Return the task with the parameter `adapter`; a model of one adapter has nothing to choose and its task as it was.

    `none` is a choice where the base answers without an adapter, which it does at random when its head was brought by them.
    """
    if len(names) < 2:
        return task
    choices = (*names, *((BASE,) if base_answers and BASE not in names else ()))
    more = f"; {BASE} is the base alone" if BASE in choices else ""
    param = Param(ADAPTER, str, active or names[0], f"Which of the model's adapters answers{more}.", choices=choices)
    found = copy.copy(task)
    found.params = (*task.params, param)
    return found


def has_adapters(task: Task) -> bool:
    """Whether a task is of a model with several adapters."""
    return any(each.name == ADAPTER for each in task.params)
