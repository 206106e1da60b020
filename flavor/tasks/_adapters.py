"""The task of a model with several adapters: its own, and a parameter that chooses which of them answers."""

import copy
from collections.abc import Sequence

from ._base import Param, Row, Task

ADAPTER = "adapter"
BASE = "none"  # no adapter: the base answers


def with_adapters(task: Task, names: Sequence[str]) -> Task:
    """Return the task with the parameter `adapter`; a model of one adapter has nothing to choose and its task as it was."""
    if len(names) < 2:
        return task
    choices = (*names, *((BASE,) if BASE not in names else ()))
    param = Param(
        ADAPTER, str, None, "Which of the model's adapters answers; the one it was logged with when left out.", choices=choices
    )
    found = copy.copy(task)
    found.params = (*task.params, param)
    return found


def without_adapter(values: Row) -> Row:
    """Return parameters without the choice of an adapter, which no pipeline knows."""
    return {name: value for name, value in values.items() if name != ADAPTER}
