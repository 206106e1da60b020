"""Whether an artifact is what was logged: its files against its manifest."""

from pathlib import Path

from .errors import ModelNotLoadable
from .weights import MANIFEST, Progress, hash_of, read_manifest


def check(folder: Path, progress: Progress | None = None) -> None:
    """Raise ModelNotLoadable naming the first file that is missing or not the one that was logged."""
    listed = read_manifest(folder)
    if listed is None:
        raise ModelNotLoadable(f"{folder} has no {MANIFEST}, so nobody can say whether it is whole; load it without verify.")
    done, total = 0, sum(each.size_bytes for each in listed)
    for each in listed:
        path = folder / each.path
        if not path.is_file():
            raise ModelNotLoadable(f"{each.path} is missing; fetch the model again.")
        if path.stat().st_size != each.size_bytes or hash_of(path) != each.sha256:
            raise ModelNotLoadable(f"{each.path} is not what was logged; fetch the model again.")
        done += each.size_bytes
        if progress:
            progress("checking", done, total, "bytes")
