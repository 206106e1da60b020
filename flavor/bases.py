"""The base of an adapter: found when the adapter is logged, recorded under every name, found again when it is loaded.

A base that is registered is recorded as its logged model (`models:/m-…`), with the hash of its weights and, where its store
is a folder, that folder. So an adapter trained on `/tmp/run7` still loads when that is gone, if the same weights were
logged. A base that is nowhere else is copied into the adapter's artifact.
"""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import hub
from .artifact_files import CONFIG
from .artifacts import fetch_without_weights, folder_in_place, local_folder, path_of, read_config, read_mlmodel
from .errors import FlavorError, HubUnavailable, ModelNotLoadable
from .flavor_config import Base
from .logged_bases import logged_with
from .tasks._base import InvalidInput
from .weights import list_folder, weights_hash

ARTIFACT_SCHEMES = ("models:/", "runs:/")

# Looks for a logged model with these weights.
FindLogged = Callable[[str], Base | None]


@dataclass(frozen=True)
class FoundBase:
    """A base and the folder with its config.json. A base that nothing can be found by later is `to_copy`."""

    base: Base
    folder: Path
    to_copy: bool = False
    artifact: Path | None = None  # of a base that is a logged model: its components lie beside its folder


def find(named: str, *, find_logged: FindLogged | None = None, field: str = "base_model") -> FoundBase:
    """Return the base that is meant by `models:/…`, `runs:/…`, a folder or a Hub id.

    `find_logged` looks a folder's weights up among the logged models; without it, or when it finds none, the base is copied.
    Raises InvalidInput when there is nothing by that name, HubUnavailable.
    """
    if named.startswith(ARTIFACT_SCHEMES):
        return _logged(named)
    folder = path_of(named)
    if folder is not None and (folder / CONFIG).is_file():
        return _folder(folder, find_logged)
    if hub.is_hub_id(named):
        snapshot = _snapshot(named, field)
        return FoundBase(Base(hub_id=snapshot.hub_id, revision=snapshot.revision), snapshot.folder)
    raise InvalidInput(
        field,
        f"The adapter's base {named!r} is no folder with a {CONFIG} here and no Hub id; "
        "say base_model= a folder, models:/<name>/<version> or a Hub id.",
    )


def at_path(path: str) -> FoundBase:
    """Return the base in a folder that the caller promises to keep (stock's `base_model_path`). Raises InvalidInput."""
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise InvalidInput("base_model_path", f"base_model_path {path!r} is no folder; give one that holds the base model.")
    if not (folder / CONFIG).is_file():
        raise InvalidInput("base_model_path", f"{folder / CONFIG} is missing; give the folder that holds the base model.")
    return FoundBase(Base(path=str(folder)), folder)


def locate(base: Base, *, override: str | None = None, verify: bool = False) -> Path:
    """Return the folder of a recorded base: where it was, its logged model's now, the Hub's, or another with the same weights.

    Raises ModelNotLoadable saying where it was looked for, and, with `verify`, when its weights are others.
    """
    folder = at_path(override).folder if override else _located(base)
    if verify and base.weights_hash:
        check_weights(folder, base)
    return folder


def check_weights(folder: Path, base: Base) -> None:
    """Raise ModelNotLoadable when the folder's weights are not those that the adapter was trained on."""
    if hash_of_weights(folder) != base.weights_hash:
        raise ModelNotLoadable(f"The weights in {folder} are not those of the adapter's base {base.name}; give base_model_path=.")


def hash_of_weights(folder: Path) -> str:
    """Return the hash of the safetensors files of a folder; this reads them."""
    return weights_hash(list_folder(folder, only_weights=True), "")


def _logged(uri: str) -> FoundBase:
    here = folder_in_place(uri)
    artifact = here or _small_files(uri)
    config = read_config(artifact)
    if config.adapter_folder or not config.has_own_weights:
        raise InvalidInput("base_model", f"{uri} is itself an adapter or a reference; name a model that holds its weights.")
    folder = artifact / config.model_folder
    model_id = str(read_mlmodel(artifact).get("model_id") or "")
    base = Base(
        uri=f"models:/{model_id}" if model_id else uri,
        version=uri if uri.startswith("models:/") and not uri.startswith("models:/m-") else "",
        path=str(folder) if here else "",
        weights_hash=config.weights_hash or (hash_of_weights(folder) if here else ""),
    )
    return FoundBase(base, folder, artifact=artifact)


def _small_files(uri: str) -> Path:
    """A temporary folder that lives as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="flavor-base-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fetch_without_weights(uri, folder)
    return folder


def _folder(folder: Path, find_logged: FindLogged | None) -> FoundBase:
    known = hash_of_weights(folder)
    logged = find_logged(known) if find_logged and known else None
    if logged is None:
        return FoundBase(Base(weights_hash=known), folder, to_copy=True)
    return FoundBase(replace(logged, weights_hash=known), folder)


def _located(base: Base) -> Path:
    """Try the names of a base, the cheapest first."""
    if base.path and (Path(base.path) / CONFIG).is_file():
        return Path(base.path)
    tried = [base.path] if base.path else []
    for name, look in ((base.uri, _of_logged), (base.hub_id, _of_hub), (base.weights_hash, _of_hash)):
        if name:
            try:
                return look(base)
            except (FlavorError, InvalidInput) as error:
                tried.append(f"{name} ({error})")
    where = "; ".join(tried) or "nothing was recorded"
    raise ModelNotLoadable(f"The base of this adapter is not to be had: {where}. Give its folder as base_model_path=.")


def _of_logged(base: Base) -> Path:
    from mlflow.exceptions import MlflowException  # heavy

    try:
        artifact = local_folder(base.uri)
    except MlflowException as error:
        raise ModelNotLoadable(error.message.splitlines()[0][:300]) from error
    return artifact / read_config(artifact).model_folder


def _of_hash(base: Base) -> Path:
    """The same weights in another logged model, when the one that was recorded is gone."""
    from mlflow import MlflowClient  # heavy
    from mlflow.exceptions import MlflowException

    try:
        others = [each for each in logged_with(MlflowClient(), base.weights_hash) if each.uri != base.uri]
    except MlflowException as error:
        raise ModelNotLoadable(error.message.splitlines()[0][:300]) from error
    for other in others:
        try:
            folder = _of_logged(other)
            check_weights(folder, base)
        except ModelNotLoadable:
            continue
        return folder
    raise ModelNotLoadable("no other logged model has these weights")


def _of_hub(base: Base) -> Path:
    return hub.fetch(base.hub_id, revision=base.revision or None).folder


def _snapshot(hub_id: str, field: str) -> hub.Snapshot:
    """The small files of a base on the Hub: its weights are not needed to log an adapter."""
    try:
        return hub.fetch(hub_id, with_weights=False)
    except HubUnavailable as error:
        raise HubUnavailable(f"The adapter's base: {error} Or say {field}= a folder or models:/<name>/<version>.") from error
