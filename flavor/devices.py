"""Where a model runs and in which type: one device or a map, never both; names checked before weights are read."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .tasks._base import InvalidInput

DEFAULT_DEVICE_VARIABLE = "MLFLOW_DEFAULT_PREDICTION_DEVICE"  # stock's: a number, -1 for the CPU

# What a model may name to compute attention and experts with; anything else would be fetched from the Hub and run.
BUILT_IN_KERNELS = ("eager", "sdpa", "flash_attention_2", "flash_attention_3", "flex_attention", "grouped_mm", "batched_mm")
DEVICE_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")


@dataclass(frozen=True)
class Placement:
    """What was asked about device and type; `None` means: as the model says, on the GPU when there is one."""

    device: Any = None
    dtype: Any = None
    device_map: Any = None
    attn_implementation: str | None = None
    quantization_config: Any = None
    max_memory: Any = None
    offload_folder: Any = None

    @classmethod
    def said_in(cls, model_config: Mapping[str, Any], *, device: Any = None) -> "Placement":
        """Return what a saved model config says of device and type; `device` stands above it.

        Raises InvalidInput for a kernel or a map that does not come with transformers: the config is the model's, not ours.
        """
        kernel, device_map = model_config.get("attn_implementation"), model_config.get("device_map")
        for name, value, allowed in (
            ("attn_implementation", kernel, BUILT_IN_KERNELS),
            ("device_map", device_map, DEVICE_MAPS),
        ):
            if value is not None and value not in allowed:
                raise InvalidInput(
                    f"model_config.{name}", f"model_config.{name} must be one of {', '.join(allowed)}, got {value!r}."
                )
        return cls(
            device=device if device is not None else model_config.get("device"),
            dtype=model_config.get("dtype") or model_config.get("torch_dtype"),
            device_map=device_map if device is None else None,
            attn_implementation=kernel,
        )

    def arguments(self, saved_dtype: str = "") -> dict[str, Any]:
        """Return the arguments of `from_pretrained`. Raises InvalidInput for an unknown type, and what only a map can follow."""
        for name in ("max_memory", "offload_folder"):
            if getattr(self, name) is not None and self.device_map is None:
                raise InvalidInput(name, f"{name} says how a model is spread, which only device_map does; say device_map='auto'.")
        said = {
            "dtype": torch_dtype(self.dtype if self.dtype is not None else saved_dtype or "auto"),
            "device_map": self.device_map,
            "attn_implementation": self.attn_implementation,
            "quantization_config": self.quantization_config,
            "max_memory": self.max_memory,
            "offload_folder": str(self.offload_folder) if self.offload_folder is not None else None,
        }
        return {name: value for name, value in said.items() if value is not None}

    def settled_device(self) -> Any:
        """Return the torch device to move the model to, None when a device map places it.

        Raises InvalidInput when device and device_map are both given, or the device is not here.
        """
        if self.device_map is not None:
            if self.device is not None:
                raise InvalidInput("device", "device and device_map both say where the model goes; give one of them.")
            return None
        return torch_device(self.device if self.device is not None else _default())


def torch_device(named: Any) -> Any:
    """Return a torch device from `"cuda:0"`, `0`, `-1` (the CPU) or a device. Raises InvalidInput when it is not here."""
    import torch  # heavy

    try:
        device = torch.device("cpu") if named == -1 else torch.device(named)
    except (RuntimeError, TypeError, ValueError) as error:
        raise InvalidInput("device", f"device {named!r} is none; use 'cpu', 'cuda', 'cuda:1' or a number.") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InvalidInput("device", f"device {named!r} is not here; there are {torch.cuda.device_count()} GPUs.")
    return device


def torch_dtype(named: Any) -> Any:
    """Return a torch dtype from `"bfloat16"`, `"torch.bfloat16"` or a dtype; `"auto"` stays. Raises InvalidInput."""
    import torch  # heavy

    if named is None or named == "auto" or isinstance(named, torch.dtype):
        return named
    found = getattr(torch, str(named).removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise InvalidInput("dtype", f"dtype {named!r} is none of torch's; use 'float32', 'float16', 'bfloat16' or 'auto'.")
    return found


def _default() -> Any:
    """What stock's variable says, else the first GPU, else the CPU."""
    import torch  # heavy

    said = os.environ.get(DEFAULT_DEVICE_VARIABLE, "").strip()
    if said.lstrip("-").isdigit():
        return int(said)
    return "cuda" if torch.cuda.is_available() else "cpu"
