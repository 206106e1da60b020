"""Everything that can be known of a model without loading it, and whether it would load here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .artifact_code import foreign_code
from .artifact_files import MLMODEL, PICKLES, SAFETENSORS, ArtifactFiles, FileEntry, Read, Unreadable, is_named, local_files
from .artifact_weights import pickles_needed, weights_folders
from .artifacts import folder_in_place
from .errors import as_mlflow_does
from .flavor_config import FlavorConfig
from .inspection import Facts, read_facts
from .packages import version_of
from .pickle_imports import imports_of
from .plain_data import as_dict
from .safetensors_header import TensorEntry, list_tensors
from .tasks._base import InvalidInput
from .verdicts import Package, Verdict, packages_in, verdict_of
from .weights import read_manifest

__all__ = ["Examination", "Package", "Verdict", "inspect"]


@dataclass(frozen=True)
class Examination:
    """What `inspect` found. `reason` belongs to the verdict and is empty when the model loads here."""

    facts: Facts
    config: FlavorConfig
    verdict: Verdict
    reason: str
    tensors: list[TensorEntry] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)  # path to sha256, as logged
    generation_config: dict[str, Any] = field(default_factory=dict)
    code: list[str] = field(default_factory=list)
    pickle_imports: dict[str, list[str]] = field(default_factory=dict)
    packages: list[Package] = field(default_factory=list)


def inspect(model_uri: str) -> Examination:
    """Return what is known of a model (`models:/…`, `runs:/…` or a path) from its files; of a far store, without its weights.

    Nothing of it is run, loaded or unpickled. Raises InvalidInput or MlflowException when there is no such model.
    """
    with as_mlflow_does(), _files_of(str(model_uri)) as (entries, read, folder):
        files = ArtifactFiles(entries, read)
        facts = read_facts(entries, read)
        config = FlavorConfig.read(as_dict(_or_nothing(lambda: files.yaml(MLMODEL))))
        packages = packages_in(_or_nothing(lambda: files.text("requirements.txt")) or "", version_of)
        verdict, reason = verdict_of(facts.task, facts.problem, packages)
        pickles = pickles_needed(files, config)
        weights = [path for place in weights_folders(config) for path in files.named(SAFETENSORS, below=place)]
        return Examination(
            facts=facts,
            config=config,
            verdict=verdict,
            reason=reason,
            tensors=_or_nothing(lambda: list_tensors(files, weights)) or [],
            hashes={each.path: each.sha256 for each in read_manifest(folder) or []},
            generation_config=as_dict(_or_nothing(lambda: files.json(f"{config.model_folder}/generation_config.json"))),
            code=foreign_code(files, config),
            pickle_imports={path: imports_of(folder / path) for path in pickles if (folder / path).is_file()},
            packages=packages,
        )


@contextmanager
def _files_of(uri: str) -> Iterator[tuple[list[FileEntry], Read, Path]]:
    """Give the files, how to read them, and the folder in which those that were read lie."""
    folder = folder_in_place(uri)
    if folder is not None:
        if not folder.is_dir():
            raise InvalidInput("model_uri", f"There is no folder {uri!r}; give a folder, models:/<name>/<version> or runs:/….")
        entries, read = local_files(folder)
        yield entries, read, folder
        return
    with TemporaryDirectory(prefix="flavor-inspect-") as name:
        yield *_far_files(uri, Path(name)), Path(name)


def _far_files(uri: str, folder: Path) -> tuple[list[FileEntry], Read]:
    """The files of a store that is not here: listed, and downloaded when they are read, but for weights."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # heavy

    repository = get_artifact_repository(uri)
    entries, folders = [], [""]
    while folders:
        for entry in repository.list_artifacts(folders.pop()):
            if entry.is_dir:
                folders.append(entry.path)
            else:
                entries.append(FileEntry(entry.path, entry.file_size or 0))

    def read(path: str, limit: int | None) -> bytes | None:
        if is_named(path, SAFETENSORS, *PICKLES):
            return None
        local = folder / path
        if not local.is_file():
            repository.download_artifacts(path, dst_path=str(folder))
        with local.open("rb") as file:
            return file.read(-1 if limit is None else limit)

    return entries, read


def _or_nothing(read: Any) -> Any:
    """What `read` returns, None for a file that is not what it should be; the facts say why."""
    try:
        return read()
    except Unreadable:
        return None
