"""Where the files of a model lie: a folder here, or fetched by MLflow."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from .artifact_files import MLMODEL, PICKLES, SAFETENSORS, Unreadable, is_named, parsed_yaml
from .errors import ModelNotLoadable
from .flavor_config import FlavorConfig
from .plain_data import as_dict
from .tasks._base import InvalidInput


def local_folder(uri: str, dst_path: str | None = None) -> Path:
    """Return the folder of `models:/…`, `runs:/…`, an artifact URI or a path; what lies here is used in place.

    Raises InvalidInput when there is nothing at a path, MlflowException when MLflow does not have it.
    """
    path = path_of(uri)
    if path is not None:
        if not path.is_dir():
            raise InvalidInput(
                "model_uri", f"There is no folder {uri!r}; give a folder, models:/<name>/<version> or runs:/<id>/<name>."
            )
        return path
    from mlflow.artifacts import download_artifacts  # heavy

    return Path(download_artifacts(artifact_uri=uri, dst_path=dst_path))


def folder_in_place(uri: str) -> Path | None:
    """Return the folder when the artifact's own place is a folder on this machine, None when it would be downloaded."""
    path = path_of(uri)
    if path is not None:
        return path.absolute()
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # heavy
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    repository = get_artifact_repository(uri)
    inner = getattr(repository, "repo", repository)
    return Path(inner.artifact_dir) if isinstance(inner, LocalArtifactRepository) else None


def fetch_without_weights(uri: str, folder: Path) -> None:
    """Download an artifact's small files into a folder: configurations, tokenizers, the MLmodel file."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # heavy

    repository = get_artifact_repository(uri)
    folders = [""]
    while folders:
        for entry in repository.list_artifacts(folders.pop()):
            if entry.is_dir:
                folders.append(entry.path)
            elif not is_named(entry.path, SAFETENSORS, *PICKLES):
                repository.download_artifacts(entry.path, dst_path=str(folder))


def address_of(uri: str) -> str:
    """Return the artifact address behind `models:/…` and `runs:/…`, that of the LoggedModel where there is one."""
    from mlflow import MlflowClient  # heavy

    client = MlflowClient()
    name = uri.removeprefix("models:/").strip("/")
    if uri.startswith("runs:/"):
        return _address_in_run(client, *uri.removeprefix("runs:/").strip("/").split("/", 1))
    if not uri.startswith("models:/"):
        return uri
    if name.startswith("m-") and "/" not in name:
        return str(client.get_logged_model(name).artifact_location)
    model, _, number = name.rpartition("@" if "@" in name else "/")
    version = client.get_model_version_by_alias(model, number) if "@" in name else client.get_model_version(model, number)
    source = version.source or ""
    if source.startswith("models:/m-"):
        return address_of(source)
    return str(client.get_model_version_download_uri(version.name, version.version))


def _address_in_run(client: Any, run_id: str, path: str = "") -> str:
    run = client.get_run(run_id)
    for logged in client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run_id}'"):
        if logged.name == path:
            return str(logged.artifact_location)
    return "/".join(part for part in (run.info.artifact_uri.rstrip("/"), path) if part)


def path_of(uri: str) -> Path | None:
    """Return the path that a plain path or a `file:` URI names, None for any other URI."""
    parsed = urlparse(uri)
    if parsed.scheme == "file":
        return Path(unquote(parsed.path))
    return Path(uri).expanduser() if not parsed.scheme else None


def read_mlmodel(folder: Path) -> dict[str, Any]:
    """Return an artifact's MLmodel file. Raises ModelNotLoadable when there is none, or none that can be read."""
    path = folder / MLMODEL
    if not path.is_file():
        raise ModelNotLoadable(f"There is no MLmodel file in {folder}, so this is no logged model.")
    try:
        return as_dict(parsed_yaml(path.read_text(encoding="utf-8"), str(path)))
    except (Unreadable, UnicodeDecodeError) as error:
        raise ModelNotLoadable(f"{path} cannot be read: {error}") from error


def read_config(folder: Path) -> FlavorConfig:
    """Return what an artifact's MLmodel says of its Transformers model. Raises ModelNotLoadable when it holds none."""
    config = FlavorConfig.read(read_mlmodel(folder))
    if not config.is_transformers:
        flavors = ", ".join(config.flavors) or "none"
        raise ModelNotLoadable(f"{folder} holds no Transformers model; its flavors are: {flavors}.")
    return config
