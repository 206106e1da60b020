"""Our MLflow Transformers flavor: log, load and run every Hugging Face pipeline task through MLflow.

The public door. Names resolve on first use, so that `import flavor.tasks` costs milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .card_drafts import draft_card as draft_card
    from .examination import inspect as inspect
    from .loading import load_model as load_model
    from .loading import load_pyfunc_model as load_pyfunc_model
    from .merging import merge_and_log as merge_and_log
    from .persisting import persist_pretrained_model as persist_pretrained_model
    from .saving import log_model as log_model
    from .saving import save_model as save_model
    from .training.autologging import autolog as autolog
    from .training.callback import TrainerCallback as TrainerCallback

FLAVOR_NAME = "transformers"

_DOOR = {
    "save_model": "saving",
    "log_model": "saving",
    "load_model": "loading",
    "load_pyfunc_model": "loading",
    "draft_card": "card_drafts",
    "inspect": "examination",
    "merge_and_log": "merging",
    "persist_pretrained_model": "persisting",
    "autolog": "training.autologging",
    "TrainerCallback": "training.callback",
    "get_default_pip_requirements": "requirements",
    "get_default_conda_env": "requirements",
    "_load_pyfunc": "loading",
}

__all__ = [
    "FLAVOR_NAME",
    "TrainerCallback",
    "autolog",
    "draft_card",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "inspect",
    "load_model",
    "load_pyfunc_model",
    "log_model",
    "merge_and_log",
    "persist_pretrained_model",
    "save_model",
]


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_DOOR[name]}", __name__), name)
