"""What an artifact could run by being loaded, and who allowed it: nothing runs unless somebody named its content hash."""

from pathlib import Path
from typing import Any

from .artifact_code import foreign_code
from .artifact_files import ArtifactFiles, Unreadable, local_files
from .artifact_weights import pickles_needed
from .errors import ModelNotLoadable, UntrustedCode
from .flavor_config import FlavorConfig
from .weights import LOADED_FOLDERS, Listed, content_hash, hash_of

NAMES_OF_CODE = ("auto_map", "custom_pipelines")  # keys of configurations


def check(folder: Path, config: FlavorConfig, trust: str | None) -> bool:
    """Return whether the artifact brings code or pickles that may run.

    Raises UntrustedCode when it does and `trust` is not the hash of exactly this content.
    """
    files = ArtifactFiles(*local_files(folder))
    dangerous = [*pickles_needed(files, config), *foreign_code(files, config)]
    if not dangerous:
        return False
    found = hash_folder(folder)
    if trust != found:
        others = f" and {len(dangerous) - 1} more" if len(dangerous) > 1 else ""
        given = f" (trust named {trust})" if trust else ""
        raise UntrustedCode(
            f"{dangerous[0]}{others} could run any code when this model is loaded{given}. "
            f"When you know who made it, load it with trust={found!r}; safetensors without code need no trust."
        )
    if elsewhere := code_elsewhere(files):
        raise UntrustedCode(
            f"{elsewhere[0]} names code of another repository, so no content hash says what it would run; put that code into the "
            "model's own folder and log that."
        )
    return True


def code_elsewhere(files: ArtifactFiles) -> list[str]:
    """Return the configurations that name code outside the artifact, as `org/name--module.Class`. Raises ModelNotLoadable."""
    try:
        return [path for path in files.named("*config.json") if _names_elsewhere(files.json(path))]
    except Unreadable as error:
        raise ModelNotLoadable(f"{error} Log the model again.") from error


def _names_elsewhere(content: Any, *, is_code: bool = False) -> bool:
    if isinstance(content, dict):
        return any(_names_elsewhere(each, is_code=is_code or key in NAMES_OF_CODE) for key, each in content.items())
    if isinstance(content, list):
        return any(_names_elsewhere(each, is_code=is_code) for each in content)
    return is_code and "--" in str(content)


def hash_folder(folder: Path) -> str:
    """Return the content hash of an artifact from its files as they are now."""
    listed = []
    for name in LOADED_FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                listed.append(Listed(path.relative_to(folder).as_posix(), path.stat().st_size, hash_of(path)))
    return content_hash(listed)
