"""Folders that appear whole or not at all: written beside their place, and moved there in one step."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tasks._base import InvalidInput

LAST = "MLmodel"  # the file that makes a folder a model


@contextmanager
def saved_at(path: Path, *, is_new: bool = True) -> Iterator[Path]:
    """Give a folder to write into, which becomes `path` when all went well and is removed when not.

    A path that is not new gets the files laid over what it has, the MLmodel file last.
    Raises InvalidInput when something is at a new `path` already.
    """
    path = path.absolute()
    if is_new and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InvalidInput("path", f"{path} exists and is not empty; give another path, or remove it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    staging.mkdir()
    try:
        yield staging
        if path.is_dir() and any(path.iterdir()):
            lay_over(staging, path)
        else:
            os.rename(staging, path)  # over an empty folder too
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def lay_over(staging: Path, path: Path) -> None:
    """Move the files of a folder into another one, over those of the same names, the MLmodel file last."""
    files = sorted((each for each in staging.rglob("*") if each.is_file()), key=lambda each: each.name == LAST)
    for file in files:
        target = path / file.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)
