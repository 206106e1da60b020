"""What one input row is answered with, and how answers become JSON."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from .tasks._base import Row, Warned


@dataclass(frozen=True)
class RowResult:
    """The answer to one row: its records, or an error of the form `{"code", "detail", "field"}`."""

    records: list[Row] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    usage: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, Row] = field(default_factory=dict)  # name to {"value", "source"}
    error: Row | None = None
    timing_ms: dict[str, float | None] = field(default_factory=dict)

    def to_json(self) -> Row:
        return {
            "records": json_safe(self.records),
            "warnings": [asdict(each) for each in self.warnings],
            "usage": dict(self.usage),
            "parameters": json_safe(self.parameters),
            "error": self.error,
            "timing_ms": dict(self.timing_ms),
        }


def json_safe(value: Any) -> Any:
    """Return `value` with plain numbers, lists and texts; images as PNG; numbers that JSON has not (NaN) as None."""
    if isinstance(value, dict):
        return {str(name): json_safe(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(each) for each in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _foreign(value)


def _foreign(value: Any) -> Any:
    if hasattr(value, "tolist"):  # arrays, tensors and their scalars
        return json_safe(value.tolist())
    if hasattr(value, "getbands"):  # a PIL image
        from .media import encode_image

        return encode_image(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"a result holds {type(value).__name__}, which has no JSON form")
