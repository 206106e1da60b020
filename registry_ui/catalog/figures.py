"""Which of a version's metrics is the one to show where there is room for one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Best known first; each is looked for at the end of names: `eval_accuracy`, `handwritten_accuracy`.
_MAIN = (
    "accuracy",
    "f1",
    "f1_macro",
    "macro_f1",
    "exact_match",
    "rouge_l",
    "rougel",
    "bleu",
    "chrf",
    "map",
    "mean_average_precision",
    "mean_iou",
    "roc_auc",
    "auc",
    "precision",
    "recall",
    "wer",
    "cer",
    "perplexity",
    "loss",
)
_SMALLER_IS_BETTER = ("wer", "cer", "perplexity", "loss")
# Figures of data that the model has not seen come first, those of its training last.
_PREFIXES = ("held_out_", "heldout_", "test_", "eval_", "val_", "validation_", "")
_SEEN = "train_"
# Said by trainers about themselves.
_NO_QUALITY = ("runtime", "per_second", "epoch", "total_flos", "learning_rate", "grad_norm", "global_step", "system/")


@dataclass(frozen=True)
class Figure:
    """One metric and its latest value."""

    name: str
    value: Any


def main_figure(metrics: Mapping[str, Any]) -> Figure | None:
    """Return the metric that says most about quality, None when none does."""
    best = in_order(name for name in metrics if is_quality(name))[:1]
    return Figure(best[0], metrics[best[0]]) if best else None


def main_names(all_metrics: Iterable[Mapping[str, Any]], *, limit: int) -> list[str]:
    """Return the metrics to compare versions by, most telling first."""
    return in_order({name for metrics in all_metrics for name in metrics if is_quality(name)})[:limit]


def in_order(names: Iterable[str]) -> list[str]:
    """Return metric names, those that say most about quality first, a trainer's own last."""
    return sorted(names, key=lambda name: (not is_quality(name), *_rank(name.lower()), name.lower()))


def direction(name: str) -> int:
    """Return 1 when more of it is better, -1 when less is, 0 when nobody can say."""
    known = next((each for each in _MAIN if name.lower() == each or name.lower().endswith(f"_{each}")), None)
    if known is None or not is_quality(name):
        return 0
    return -1 if known in _SMALLER_IS_BETTER else 1


def is_quality(name: str) -> bool:
    return not any(part in name.lower() for part in _NO_QUALITY)


def _rank(name: str) -> tuple[bool, int, int]:
    """Known metrics come first, then other names; of one metric the known data before any other: `held_out_f1`, `ours_f1`."""
    for rank, known in enumerate(_MAIN):
        if name == known or name.endswith(f"_{known}"):
            prefix = name.removesuffix(known)
            return prefix.startswith(_SEEN), rank, _PREFIXES.index(prefix) if prefix in _PREFIXES else len(_PREFIXES)
    return name.startswith(_SEEN), len(_MAIN), 0
