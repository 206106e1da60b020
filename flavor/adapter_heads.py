"""Heads that adapters bring: a base without one, or with one for other labels, is loaded with room for what was trained."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .artifact_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, CONFIG, SAFETENSORS, ArtifactFiles, Unreadable, local_files
from .plain_data import as_dict, as_list
from .safetensors_header import TensorEntry, list_tensors

PREFIX = "base_model.model."  # peft's, before the base's own names
HEADS = ("classifier.weight", "score.weight", "classifier.out_proj.weight", "classification_head.out_proj.weight")


def brought_by(folder: Path) -> frozenset[str]:
    """Return the names of the base's weights that each adapter of an artifact holds whole, so that the base may lack them."""
    adapters = [ArtifactFiles(*local_files(file.parent)) for file in folder.rglob(ADAPTER_CONFIG)]
    found = [{each.name.removeprefix(PREFIX) for each in _tensors(files)} for files in adapters]
    return frozenset(set.intersection(*found)) if found else frozenset()


def heads_in(adapters: Iterable[ArtifactFiles]) -> dict[str, tuple[int, ...]]:
    """Return names and shapes of the weights that adapters bring whole (`modules_to_save`)."""
    found: dict[str, tuple[int, ...]] = {}
    for files in adapters:
        settings = as_dict(_or_nothing(partial(files.json, ADAPTER_CONFIG)))
        modules = set(map(str, as_list(settings.get("modules_to_save"))))
        tensors = {each.name.removeprefix(PREFIX): each.shape for each in _tensors(files)}
        found |= {name: shape for name, shape in tensors.items() if modules & set(name.split("."))}
    return found


def is_lacked(heads: Mapping[str, tuple[int, ...]], base: ArtifactFiles) -> bool:
    """Whether a base has not, or in another size, what adapters bring; False where its weights are not here to be asked."""
    tensors = _or_nothing(lambda: list_tensors(base, [path for path in base.named(SAFETENSORS) if "/" not in path])) or []
    there = {each.name: each.shape for each in tensors}
    return bool(there) and any(there.get(name) != shape for name, shape in heads.items())


def labels_in(files: ArtifactFiles, base_settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels of an adapter's folder: of a config.json in it, else as many as its head has where the base differs."""
    own = as_dict(_or_nothing(partial(files.json, CONFIG)))
    if own.get("id2label"):
        return labels_beyond(own, base_settings)
    rows = next((each.shape[0] for each in _tensors(files) if each.name.removeprefix(PREFIX) in HEADS), None)
    if rows is None or rows == len(_labels(base_settings)):
        return {}
    return {"id2label": {str(number): f"LABEL_{number}" for number in range(rows)}}


def labels_beyond(settings: Mapping[str, Any], base_settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model's configuration says of its labels otherwise than the configuration of its base."""
    found: dict[str, Any] = {}
    if _labels(settings) != _labels(base_settings):
        found["id2label"] = _labels(settings)
    if settings.get("problem_type") and settings["problem_type"] != base_settings.get("problem_type"):
        found["problem_type"] = settings["problem_type"]
    return found


def apply(labels: Mapping[str, Any], settings: Any) -> None:
    """Write labels into the configuration that a base is loaded with."""
    if names := as_dict(labels.get("id2label")):
        settings.id2label = {int(number): str(name) for number, name in names.items()}
        settings.label2id = {name: number for number, name in settings.id2label.items()}
    if labels.get("problem_type"):
        settings.problem_type = labels["problem_type"]


def _labels(settings: Mapping[str, Any]) -> dict[str, str]:
    named = as_dict(settings.get("id2label")) or {"0": "LABEL_0", "1": "LABEL_1"}  # transformers' own when nothing is said
    return {str(number): str(name) for number, name in named.items()}


def _tensors(files: ArtifactFiles) -> list[TensorEntry]:
    return (_or_nothing(partial(list_tensors, files, [ADAPTER_WEIGHTS])) or []) if ADAPTER_WEIGHTS in files else []


def _or_nothing(read: Any) -> Any:
    """What `read` returns, None for a file that cannot be read: whoever loads it says so."""
    try:
        return read()
    except Unreadable:
        return None
