"""What could be logged: checkpoints in the folders that workers may read, as far as this machine sees them."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings

CONFIG = "config.json"
DEEPEST = 3
MOST = 50
# Folders looked at before giving up: a root may be a whole disk.
LOOKED_AT = 500


def list_checkpoints() -> list[str]:
    """Return paths of folders that hold a config.json, at most `MOST`; none where the roots are elsewhere."""
    return sorted(islice(_found(), MOST))


def _found() -> Iterator[str]:
    folders = (folder for root in settings.CHECKPOINT_ROOTS for folder in _folders(root, 0))
    return (str(folder) for folder in islice(folders, LOOKED_AT) if (folder / CONFIG).is_file())


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    if depth == DEEPEST:
        return
    try:
        with os.scandir(folder) as entries:
            inner = [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    except OSError:
        return
    for each in sorted(inner):
        yield from _folders(each, depth + 1)
