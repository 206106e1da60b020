"""The header of a safetensors file: how many parameters of which type, and whether the file is whole. Weights are not read."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from .artifact_files import ArtifactFiles, Unreadable

LONGEST_HEADER = 100_000_000  # the format's own limit
LENGTH_BYTES = 8

# Bits of a value, and torch's name of the type.
_TYPES = {
    "F64": (64, "float64"),
    "F32": (32, "float32"),
    "F16": (16, "float16"),
    "BF16": (16, "bfloat16"),
    "F8_E4M3": (8, "float8_e4m3fn"),
    "F8_E5M2": (8, "float8_e5m2"),
    "F8_E8M0": (8, "float8_e8m0fnu"),
    "F4": (4, "float4_e2m1fn_x2"),
    "I64": (64, "int64"),
    "I32": (32, "int32"),
    "I16": (16, "int16"),
    "I8": (8, "int8"),
    "U64": (64, "uint64"),
    "U32": (32, "uint32"),
    "U16": (16, "uint16"),
    "U8": (8, "uint8"),
    "BOOL": (8, "bool"),
    "C64": (64, "complex64"),
}


@dataclass(frozen=True)
class Tensors:
    """What one or several safetensors files hold."""

    parameter_count: int
    by_dtype: dict[str, int]  # torch's name to parameters

    @property
    def dtype(self) -> str:
        """The type of most parameters."""
        return max(self.by_dtype, key=lambda name: self.by_dtype[name]) if self.by_dtype else ""


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of a safetensors file."""

    name: str
    dtype: str  # torch's name
    shape: tuple[int, ...]
    path: str


def list_tensors(files: ArtifactFiles, paths: list[str]) -> list[TensorEntry]:
    """Return every tensor of these files, none of one that cannot be had cheaply. Raises Unreadable."""
    found = []
    for path in paths:
        for name, entry in (_header(files, path) or {}).items():
            found.append(TensorEntry(name, _tensor(path, name, entry)[0], tuple(entry["shape"]), path))
    return found


def read_tensors(files: ArtifactFiles, paths: list[str]) -> Tensors | None:
    """Return what these files hold together, None when one of them cannot be had cheaply.

    Raises Unreadable for a file that is not whole.
    """
    by_dtype: Counter[str] = Counter()
    for path in paths:
        header = _header(files, path)
        if header is None:
            return None
        for name, entry in header.items():
            dtype, count = _tensor(path, name, entry)
            by_dtype[dtype] += count
    return Tensors(sum(by_dtype.values()), dict(by_dtype))


def _header(files: ArtifactFiles, path: str) -> dict[str, Any] | None:
    size = files.sizes[path]
    start = files.first(path, LENGTH_BYTES)
    if start is None:
        return None
    length = int.from_bytes(start, "little") if len(start) == LENGTH_BYTES else -1
    if not 0 < length <= min(LONGEST_HEADER, size - LENGTH_BYTES):
        raise _broken(path, f"it has {size:,} bytes and no valid header")
    content = files.first(path, LENGTH_BYTES + length)
    if content is None:
        return None
    header = _parsed(path, content[LENGTH_BYTES:])
    header.pop("__metadata__", None)
    expected = LENGTH_BYTES + length + max((_end(path, name, entry) for name, entry in header.items()), default=0)
    if size != expected:
        raise _broken(path, f"it has {size:,} bytes instead of {expected:,}")
    return header


def _parsed(path: str, content: bytes) -> dict[str, Any]:
    try:
        header = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is no JSON object")
    return header


def _end(path: str, name: str, entry: Any) -> int:
    """Return where a tensor ends, after checking that its bytes fit its shape."""
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(_is_count(each) for each in offsets)):
        raise _broken(path, f"tensor {name[:100]!r} says no place")
    start, end = offsets
    bits = _TYPES.get(str(entry.get("dtype")), (None, ""))[0]
    if start > end or (bits is not None and (end - start) * 8 != _tensor(path, name, entry)[1] * bits):
        raise _broken(path, f"tensor {name[:100]!r} has a place that does not fit its shape")
    return end


def _tensor(path: str, name: str, entry: Any) -> tuple[str, int]:
    shape, dtype = entry.get("shape"), str(entry.get("dtype"))
    if not (isinstance(shape, list) and all(_is_count(each) for each in shape)):
        raise _broken(path, f"tensor {name[:100]!r} has no valid shape")
    return _TYPES.get(dtype, (None, dtype.lower()))[1], math.prod(shape)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _broken(path: str, reason: str) -> Unreadable:
    return Unreadable(f"{path} is damaged: {reason}. Copy or download it again.")
