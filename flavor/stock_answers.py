"""What stock `mlflow.transformers` answers, made of ours, down to its frames.

Some of its shapes depend on what was said: `top_k` turns the lines of a frame into columns. A value counts as said when the
model config, the signature or the request has it; what is nobody's but the task's or the model's does not.
"""

from typing import Any

from .tasks._base import Row, Task


class StockAnswers:
    """How one model answers as stock would have."""

    def __init__(self, task: Task, model_config: Row, signature_defaults: Row) -> None:
        self.task = task
        self._logged = {**model_config, **signature_defaults}

    def without_settings(self, params: Row) -> Row:
        """The params without those that trim stock's answers only."""
        return {name: value for name, value in params.items() if name not in self.task.stock_settings}

    def of(self, rows: list[Row], records: list[list[Row]], params: Row) -> Any:
        """The answers to `rows` in stock's shape; as they are where stock answers in none."""
        if not rows or not self.task.is_done_by_stock:
            return records
        said = {**self._logged, **{name: value for name, value in params.items() if value is not None}}
        return _framed(self.task.to_stock_of(rows, records, said))


def _framed(shape: Any) -> Any:
    """Stock hands label rows out as a DataFrame, and all else as it is."""
    if not isinstance(shape, list):
        return shape
    cell = shape[0][0] if shape and isinstance(shape[0], list) and shape[0] else next(iter(shape), None)
    if not isinstance(cell, dict):
        return shape
    from pandas import DataFrame  # heavy

    return DataFrame(shape)
