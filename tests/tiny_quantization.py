"""A quantisation that needs no package: when they are loaded, weights of linear layers are rounded to a grid.

It is registered with transformers by the means that transformers offers for it.
"""

from dataclasses import dataclass
from typing import Any

import torch
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

METHOD = "rounded"


@register_quantization_config(METHOD)
@dataclass
class RoundedConfig(QuantizationConfigMixin):
    """Weights become multiples of `step`."""

    step: float = 0.5
    quant_method: str = METHOD  # type: ignore[assignment]


@register_quantizer(METHOD)
class RoundedQuantizer(HfQuantizer):
    """Rounds the weights after they were loaded; made of numbers again, they stay rounded."""

    def _process_model_after_weight_loading(self, model: Any, **kwargs: Any) -> Any:
        step = self.quantization_config.step
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.data = torch.round(module.weight.data / step) * step
        return model

    def is_serializable(self) -> bool:
        return True

    @property
    def is_trainable(self) -> bool:
        return True

    def _dequantize(self, model: Any, dtype: Any = None) -> Any:
        return model
