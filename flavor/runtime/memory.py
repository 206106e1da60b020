"""How much memory a process holds, and a model will."""

import os
from pathlib import Path

WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf"})
# Beside its weights: what a child writes of the pages it shares with the zygote, the tokenizer, and a batch on its way.
OVERHEAD_BYTES = 64 * 2**20
ACTIVATIONS = 1.2


def needed_bytes(*folders: str | Path) -> int:
    """Estimate what the model saved in `folders` will take; measured once it is loaded."""
    return int(ACTIVATIONS * sum(map(weight_bytes, folders))) + OVERHEAD_BYTES


def weight_bytes(folder: str | Path) -> int:
    """Return the size of the weight files in `folder`."""
    found = (Path(parent) / name for parent, _, names in os.walk(folder) for name in names)
    return sum(path.stat().st_size for path in found if path.suffix in WEIGHT_SUFFIXES)


def private_bytes(pid: int) -> int:
    """Return what would be free if the process ended; 0 when it is gone or cannot be asked.

    Weights that it alone has mapped count, pages that it shares with the zygote do not.
    """
    return sum(_rollup(pid, "Private_Clean:", "Private_Dirty:"))


def proportional_bytes(pid: int) -> int:
    """Return what the process holds, shared pages in parts (PSS); 0 when it is gone or cannot be asked."""
    return sum(_rollup(pid, "Pss:"))


def _rollup(pid: int, *names: str) -> list[int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return []
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith(names)]


def text_of(count: int) -> str:
    """Return bytes as people read them: 1.5 GB."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
