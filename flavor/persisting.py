"""Make a reference whole: bring the weights it refers to into its artifact, without loading the model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from .artifact_files import MLMODEL
from .artifacts import address_of, fetch_without_weights, path_of, read_config, read_mlmodel
from .checkpoints import Folder, component_plan, find_components, model_plan
from .errors import as_mlflow_does
from .flavor_config import COMPONENTS_FOLDER, MODEL_FOLDER, OURS, TRANSFORMERS, FlavorConfig
from .model_files import weights_folder
from .staging import beside, lay_over, temporary
from .tasks import get_task
from .uploads import upload
from .weights import (
    LOADED_FOLDERS,
    How,
    Listed,
    Progress,
    ShouldStop,
    Writer,
    content_hash,
    list_folder,
    read_manifest,
    weights_hash,
)


def persist_pretrained_model(model_uri: str, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
    """Bring the weights that a logged model refers to (on the Hub, or an adapter's base elsewhere) into its artifact.

    `model_uri` is any address of a model. Nothing happens to one that holds its weights. The MLmodel file changes last, so
    a failure leaves the reference as it was. Raises FlavorError and InvalidInput, both MlflowExceptions here.
    """
    with as_mlflow_does():
        address = address_of(model_uri)
        place = path_of(address)
        if place is not None:
            with beside(place / "persist") as staging:
                if _collect(place, staging, How.COPY, progress, should_stop):
                    lay_over(staging, place)
            return
        with temporary() as folder, temporary() as staging:
            fetch_without_weights(address, folder)
            if _collect(folder, staging, How.SYMBOLIC_LINK, progress, should_stop):
                upload(staging, address, check=Writer(staging, should_stop=should_stop).check, progress=progress)


def _collect(artifact: Path, staging: Path, how: How, progress: Progress | None, should_stop: ShouldStop | None) -> bool:
    """Put what the artifact lacks into `staging`, with its new manifest and MLmodel file; False when it lacks nothing."""
    config = read_config(artifact)
    if config.has_own_weights:
        return False
    writer = Writer(staging, how=how, progress=progress, should_stop=should_stop)
    source, task = Folder(weights_folder(artifact, config)), get_task(config.task)
    plan, tensors = model_plan(source, task)
    missing = [name for name in config.components if not (artifact / COMPONENTS_FOLDER / name).is_dir()]
    if missing:
        found = find_components([source], task)
        plan |= component_plan({name: found[name] for name in missing if name in found})
    writer.expect(sum(path.stat().st_size for path in plan.values()))
    writer.put(plan)
    new = {each.path for each in writer.listed}
    listed = read_manifest(artifact) or list_folder(artifact)
    writer.listed += [each for each in listed if each.path.split("/")[0] in LOADED_FOLDERS and each.path not in new]
    writer.write_manifest()
    whole = replace(
        config,
        model_binary=MODEL_FOLDER,
        component_sources={},
        parameter_count=tensors.parameter_count,
        dtype=tensors.dtype,
        weights_hash=weights_hash(writer.listed, MODEL_FOLDER),
        content_hash=content_hash(writer.listed),
    )
    _write_mlmodel(artifact, staging, whole, writer.listed)
    return True


def _write_mlmodel(artifact: Path, staging: Path, config: FlavorConfig, listed: list[Listed]) -> None:
    content: dict[str, Any] = read_mlmodel(artifact)
    stock = content["flavors"][TRANSFORMERS]
    gone = {"source_model_revision", "local_base_model_path"}
    gone |= {f"{name}_{suffix}" for name in config.components for suffix in ("name", "revision")}
    content["flavors"][TRANSFORMERS] = {key: value for key, value in stock.items() if key not in gone} | {
        "model_binary": MODEL_FOLDER
    }
    if OURS in content["flavors"]:
        content["flavors"][OURS] = config.flavor_block()
    content["model_size_bytes"] = sum(each.size_bytes for each in listed)
    (staging / MLMODEL).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
