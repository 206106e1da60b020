"""What a demo module hands to the training: a model, its data, and how well it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Example = dict[str, Any]
Figures = dict[str, float]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a model learns."""

    epochs: int
    batch_size: int
    learning_rate: float
    warmup_steps: int = 50
    weight_decay: float = 0.01
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Everything one training needs; `model` is the very object that is trained, saved and measured."""

    task: str
    model: Any
    processor: Any  # tokenizer or image processor, saved beside the model
    examples: Sequence[Example]
    held_out: Sequence[Example]  # watched during training; `measure` gives the final figures
    collate: Callable[[list[Example]], dict[str, Any]]
    schedule: Schedule
    measure: Callable[[], Figures]  # figures of `model` on data it never saw
    card: Callable[[Figures], str]
    input_example: Any
    prompt_template: str | None = None
    model_config: dict[str, Any] | None = None  # params that serve this model best
    sorts_by_length: bool = True
    as_components: bool | None = None  # logged part by part from memory, rather than file by file
