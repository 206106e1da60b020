"""Where a training ran: versions, hardware, seeds."""

import platform
from typing import Any

import psutil

from ..requirements import versions_of

PACKAGES = (
    "transformers",
    "torch",
    "accelerate",
    "peft",
    "trl",
    "datasets",
    "tokenizers",
    "safetensors",
    "bitsandbytes",
    "numpy",
    "mlflow",
)


def describe(args: Any) -> dict[str, Any]:
    """Return what is known of the machine and of what the training's chance depends on."""
    import torch  # heavy

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions_of(list(PACKAGES)),
        "device": str(args.device),
        "gpus": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())],
        "cuda": torch.version.cuda,
        "cpus": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "processes": args.world_size,
        "seed": args.seed,
        "data_seed": args.data_seed,
        "full_determinism": args.full_determinism,
    }
