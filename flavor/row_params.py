"""Params that stand among the inputs of a row: a column of a frame, or a key of one of stock's requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ModelFailed
from .tasks._base import InvalidInput, Row, Task


def runs_of(task: Task, rows: list[Row]) -> list[tuple[list[int], list[Row], Row]]:
    """Return the rows in groups that have such params alike: their places, the rows without them, and the params."""
    names = {each.name for each in task.params} - {each.name for each in task.inputs}
    groups: dict[str, tuple[list[int], list[Row], Row]] = {}
    for place, row in enumerate(rows):
        own = {name: value for name, value in row.items() if name in names and value is not None}
        key = json.dumps(own, sort_keys=True, default=repr)
        places, together, _ = groups.setdefault(key, ([], [], own))
        places.append(place)
        together.append({name: value for name, value in row.items() if name not in names})
    return list(groups.values())


@contextmanager
def rows_at(places: list[int]) -> Iterator[None]:
    """Let the error of a row in a group name the place that the row had before."""
    try:
        yield
    except (InvalidInput, ModelFailed) as error:
        if error.row is not None:
            error.row = places[error.row]
        raise
