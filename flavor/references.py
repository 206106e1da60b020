"""Models that are logged as a reference to the Hub: at the commit that lies here, and only when the weights are its own."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import hub
from .artifact_files import SAFETENSORS
from .checkpoints import references
from .hub import Snapshot
from .memory import ModelInMemory
from .tasks._base import InvalidInput

logger = logging.getLogger(__name__)


def referring(source: ModelInMemory) -> ModelInMemory:
    """Return a model in memory as a reference to the snapshot it was loaded from; its components are saved all the same.

    A model that came from no Hub id is saved whole, with a warning, as in stock.
    Raises InvalidInput when the snapshot is not in the cache, or its weights are others.
    """
    hub_id = source.config.source_name
    if not hub_id:
        logger.warning("The model came from no Hub id, so its weights are saved although save_pretrained is False.")
        return source
    snapshot = hub.cached(hub_id)
    if snapshot is None:
        raise InvalidInput(
            "save_pretrained",
            f"{hub_id} is not in the cache of this machine, so nobody can say which commit this is; leave save_pretrained out.",
        )
    different = first_difference(source.parts.model, snapshot)
    if different:
        raise InvalidInput(
            "save_pretrained",
            f"the weights in memory are not those of {hub_id} at {snapshot.revision} ({different}), so a reference would load "
            "others; leave save_pretrained out to save them.",
        )
    config = replace(
        source.config,
        model_binary="",
        revision=snapshot.revision,
        component_sources=references(source.config.components, snapshot),
    )
    return replace(source, config=config)


def first_difference(model: Any, snapshot: Snapshot) -> str:
    """Return the name of a weight that is not the snapshot's, empty when all are."""
    import torch  # heavy

    stored = StoredWeights(snapshot.folder)
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    for name, tensor in model.state_dict().items():
        kept = stored.find((name, prefix + name, name.removeprefix(prefix)))
        if kept is None:
            if name in tied:
                continue
            return f"{name} is not in it"
        if kept.shape != tensor.shape or not torch.equal(kept.to(tensor.dtype), tensor.to("cpu")):
            return name
    return ""


def first_changed(state: dict[str, Any], folder: Path) -> str:
    """Return the name of a weight that a folder holds with other numbers, empty when there is none.

    A name that the folder does not have says nothing: checkpoints name some weights otherwise than models do.
    """
    import torch  # heavy

    stored = StoredWeights(folder)
    for name, tensor in state.items():
        kept = stored.find((name,))
        if kept is not None and (kept.shape != tensor.shape or not torch.equal(kept.to(tensor.dtype), tensor.to("cpu"))):
            return name
    return ""


class StoredWeights:
    """The tensors of a folder's safetensors files, read one by one."""

    def __init__(self, folder: Path) -> None:
        from safetensors import safe_open  # heavy

        self._files = {path: safe_open(path, framework="pt") for path in sorted(folder.glob(SAFETENSORS))}
        self._where = {name: file for file in self._files.values() for name in file.keys()}  # noqa: SIM118

    def find(self, names: tuple[str, ...]) -> Any:
        """Return the first tensor of these names that there is, None when there is none."""
        return next((self._where[name].get_tensor(name) for name in names if name in self._where), None)
