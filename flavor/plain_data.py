"""What YAML and JSON files of strangers hold, as JSON that any database takes."""

import math
from typing import Any

MOST_VALUES = 200_000  # aliases of YAML make a few lines into billions of values
DEEPEST = 60


class TooMuch(ValueError):
    """A file that is small on disk and has no end in memory."""


def plain(value: Any) -> Any:
    """Return `value` as JSON has it: dates as text, NaN as None, no NUL characters, names as text.

    Raises TooMuch for more values, or a deeper nest, than any honest file has.
    """
    return _plain(value, [MOST_VALUES], 0)


def as_dict(value: Any) -> dict[str, Any]:
    """Return `value` when it is a dict, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return `value` when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any, longest: int | None = None) -> str:
    """Return `value` when it is a text, cut to `longest`, else an empty one."""
    return value.replace("\0", "")[:longest] if isinstance(value, str) else ""


def _plain(value: Any, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > DEEPEST:
        raise TooMuch(f"more than {MOST_VALUES:,} values, or nested deeper than {DEEPEST}")
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_plain(str(name), left, depth): _plain(each, left, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each, left, depth + 1) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int) or value is None:
        return value
    return _plain(str(value), left, depth)
