"""Folders that appear whole or not at all: written beside their place, and moved there in one step.

Whoever writes into such a folder holds a lock on it, which ends with the process. A folder that nobody holds, and into which
nobody has written for a while, was left behind by one that was killed: the next that writes at the same place removes it.
"""

import fcntl
import glob
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .tasks._base import InvalidInput

LAST = "MLmodel"  # the file that makes a folder a model
ABANDONED_AFTER_S = 3600  # so that a file system whose locks other machines cannot see loses nothing that is in the making


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
    with beside(path) as staging:
        yield staging
        if path.is_dir() and any(path.iterdir()):
            lay_over(staging, path)
        else:
            os.rename(staging, path)  # over an empty folder too


@contextmanager
def beside(path: Path, *, is_private: bool = False) -> Iterator[Path]:
    """Give a new folder beside `path`, hidden and held, which is removed in the end when it is still there."""
    remove_abandoned(path)
    folder = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    folder.mkdir(mode=0o700 if is_private else 0o777)
    lock = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def temporary() -> Iterator[Path]:
    """Give a folder among the temporary files, for what is on its way elsewhere."""
    with beside(Path(tempfile.gettempdir(), "flavor"), is_private=True) as folder:
        yield folder


def lay_over(staging: Path, path: Path) -> None:
    """Move the files of a folder into another one, over those of the same names, the MLmodel file last."""
    files = sorted((each for each in staging.rglob("*") if each.is_file()), key=lambda each: each.name == LAST)
    for file in files:
        target = path / file.relative_to(staging)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, target)


def remove_abandoned(path: Path) -> bool:
    """Remove the folders beside `path` that were made to become it and that nobody holds; say whether there were any."""
    found = path.parent.glob(f".{glob.escape(path.name)}-{'[0-9a-f]' * 8}")
    return bool([folder for folder in found if folder.is_dir() and _removed(folder)])


def _removed(folder: Path) -> bool:
    try:
        if time.time() - _last_change(folder) < ABANDONED_AFTER_S or folder.stat().st_uid != os.getuid():
            return False
    except FileNotFoundError:  # it has just become what it was made for
        return False
    lock = _lock(folder)
    if lock is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
    return True


def _lock(folder: Path) -> int | None:
    """Hold a folder until the descriptor is closed; None when another does, or where the file system knows no locks."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _last_change(folder: Path) -> float:
    return max(each.lstat().st_ctime for each in (folder, *folder.rglob("*")))
