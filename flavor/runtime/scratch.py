"""Where children put temporary files: a folder for each, gone when it ends, however it ends."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "flavor-children-"


class Scratch:
    """The private folder of a process that has children; what a process that was killed left behind is removed first."""

    def __init__(self) -> None:
        _remove_abandoned()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))

    def make(self) -> Path:
        """Return a new folder for one child."""
        return Path(tempfile.mkdtemp(dir=self._folder))

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)


def use(folder: str) -> None:
    """In a child: let temporary files go into its folder."""
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # what the zygote found out before it knew this folder


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, ValueError):
            owner = int(folder.name.removeprefix(_PREFIX).partition("-")[0])
            if folder.stat().st_uid == os.getuid() and not _is_alive(owner):
                shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
