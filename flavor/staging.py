"""Folders that appear whole or not at all: written beside their place, and moved there in one step."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tasks._base import InvalidInput


@contextmanager
def saved_at(path: Path) -> Iterator[Path]:
    """Give a folder to write into, which becomes `path` when all went well and is removed when not.

    Raises InvalidInput when something is at `path` already.
    """
    path = path.absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InvalidInput("path", f"{path} exists and is not empty; give another path, or remove it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    staging.mkdir()
    try:
        yield staging
        if path.exists():
            path.rmdir()
        os.rename(staging, path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
