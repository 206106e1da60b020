"""Weights in memory on their way into safetensors files: hashed while they are written, piece by piece, told and stoppable.

transformers decides what goes into which file. Safetensors then writes each tensor with one call, which kernels with large
folios take several times longer for, and which nobody can stop; and the file would be read again for its hash.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any

from .weights import Writer

# As safetensors sorts them in a file, the last first.
DTYPES = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
    "int16": "I16",
    "float16": "F16",
    "bfloat16": "BF16",
    "int32": "I32",
    "float32": "F32",
    "float64": "F64",
    "int64": "I64",
}
_RANKS = {name: rank for rank, name in enumerate(DTYPES)}
_SAVE_FILE = "safe_save_file"  # the name by which transformers.modeling_utils knows safetensors' function

_writer: ContextVar[Writer | None] = ContextVar("writer", default=None)
_lock = Lock()
_users = 0


@contextmanager
def written_by(writer: Writer) -> Iterator[None]:
    """Let the weights files that transformers saves in this thread be written by `writer`, and listed in it.

    What a writer cannot do, and what other threads save, is done by safetensors.
    """
    token = _writer.set(writer)
    try:
        with _in_place_of_safetensors():
            yield
    finally:
        _writer.reset(token)


@contextmanager
def _in_place_of_safetensors() -> Iterator[None]:
    """Stand in while anybody here saves; transformers has no door for it."""
    from safetensors import torch as safetensors  # heavy
    from transformers import modeling_utils

    global _users
    with _lock:
        if not _users and getattr(modeling_utils, _SAVE_FILE, None) is safetensors.save_file:
            setattr(modeling_utils, _SAVE_FILE, save_file)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and getattr(modeling_utils, _SAVE_FILE, None) is save_file:
                setattr(modeling_utils, _SAVE_FILE, safetensors.save_file)


def save_file(tensors: dict[str, Any], filename: Any, metadata: dict[str, str] | None = None) -> None:
    """Write tensors as `safetensors.torch.save_file` does, to the byte."""
    writer = _writer.get()
    if writer is not None and Path(filename).is_relative_to(writer.folder) and _are_plain(tensors, metadata):
        ordered = dict(sorted(tensors.items(), key=lambda item: (-_RANKS[_dtype(item[1])], item[0])))
        contents = (_bytes_of(tensor) for tensor in ordered.values())
        writer.write(Path(filename).relative_to(writer.folder).as_posix(), _header(ordered, metadata), contents)
        return
    from safetensors.torch import save_file as original  # heavy

    original(tensors, filename, metadata=metadata)


def _are_plain(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None) -> bool:
    """Whether each tensor is a whole one in memory of its own, of a type that is known here."""
    import torch  # heavy

    kinds = (torch.Tensor, torch.nn.Parameter)
    plain = all(
        type(each) in kinds
        and each.layout is torch.strided
        and each.device.type != "meta"
        and each.is_contiguous()
        and _dtype(each) in DTYPES
        for each in tensors.values()
    )
    if not plain or sys.byteorder != "little" or len(metadata or {}) > 1:  # the order of several is safetensors' secret
        return False
    places = {(each.device, each.untyped_storage().data_ptr()) for each in tensors.values() if each.numel()}
    return len(places) == sum(1 for each in tensors.values() if each.numel())


def _header(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None) -> bytes:
    said: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for name, tensor in tensors.items():
        end = start + tensor.numel() * tensor.element_size()
        said[name] = {"dtype": DTYPES[_dtype(tensor)], "shape": list(tensor.shape), "data_offsets": [start, end]}
        start = end
    content = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    content += b" " * (-len(content) % 8)
    return len(content).to_bytes(8, "little") + content


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _bytes_of(tensor: Any) -> memoryview:
    import torch  # heavy

    return memoryview(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())
