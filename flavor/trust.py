"""What an artifact could run by being loaded, and who allowed it: nothing runs unless somebody named its content hash."""

from pathlib import Path

from .artifact_code import foreign_code
from .artifact_files import ArtifactFiles, local_files
from .artifact_weights import pickles_needed
from .errors import UntrustedCode
from .flavor_config import FlavorConfig
from .weights import LOADED_FOLDERS, Listed, content_hash, hash_of


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
    return True


def hash_folder(folder: Path) -> str:
    """Return the content hash of an artifact from its files as they are now."""
    listed = []
    for name in LOADED_FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                listed.append(Listed(path.relative_to(folder).as_posix(), path.stat().st_size, hash_of(path)))
    return content_hash(listed)
