"""The files of one model: a folder on this machine read in place, or one behind MLflow's artifact repository.

Paths come from strangers (a URL, an index of files somebody else wrote): whatever leads out of the folder is refused.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote, urlparse

from flavor.inspection import FileEntry

from .mlflow_client import MlflowUnavailable, artifact_repository

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

MAX_FILES = 5000
# A remote file up to this size is fetched to look into it; MLflow's repositories cannot read a part of one.
CHEAP_BYTES = 10 * 2**20
_REFUSED_SIGNS = frozenset("\\\0%#?:")


class FileRefused(Exception):
    """The path is no file of this model that may be read; the message says why."""


class LocalFolder:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> list[FileEntry]:
        """Return every file but links, sorted by path; the first 5,000 of more."""
        return sorted(islice(self._walk(), MAX_FILES), key=lambda entry: entry.path)

    def read(self, path: str, limit: int | None = None) -> bytes | None:
        """Return the first `limit` bytes of a file, all of them when None. Raises FileRefused."""
        with self.open(path) as file:
            return file.read(-1 if limit is None else limit)

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Open a file for reading. Raises FileRefused."""
        with open(self._inside(path), "rb", opener=_no_link) as file:
            yield file

    def _walk(self) -> Iterator[FileEntry]:
        for folder, folders, names in os.walk(self._folder):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if stat.S_ISREG((status := path.lstat()).st_mode):
                    yield FileEntry(path=path.relative_to(self._folder).as_posix(), size_bytes=status.st_size)

    def _inside(self, path: str) -> Path:
        """Walk down name by name, so that no link on the way is followed either."""
        found = self._folder
        for part in _parts(path):
            found = found / part
            try:
                mode = found.lstat().st_mode
            except OSError as error:
                raise FileRefused(f"There is no file {path} in this model (any more).") from error
            if stat.S_ISLNK(mode):
                raise FileRefused(f"{path} is a symbolic link; links in models are not followed.")
        if not stat.S_ISREG(mode):
            raise FileRefused(f"{path} is no file.")
        return found


class RemoteFolder:
    """A folder in an object store or behind an MLflow server."""

    def __init__(self, repository: "ArtifactRepository", address: str) -> None:
        self._repository = repository
        self._address = address
        self._sizes: dict[str, int] = {}

    def files(self) -> list[FileEntry]:
        """Return every file, sorted by path; the first 5,000 of more."""
        found = list(islice(self._walk(None), MAX_FILES))
        self._sizes = {entry.path: entry.size_bytes for entry in found}
        return sorted(found, key=lambda entry: entry.path)

    def read(self, path: str, limit: int | None = None) -> bytes | None:
        """Return the first `limit` bytes of a file, None when it is too large to fetch for a look. Raises FileRefused."""
        if self._sizes.get(path, 0) > CHEAP_BYTES:
            return None
        with self.open(path) as file:
            return file.read(-1 if limit is None else limit)

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Fetch a file into a private folder and open it; the folder goes afterwards. Raises FileRefused."""
        parts = _parts(path)
        folder = Path(tempfile.mkdtemp(prefix="registry-file-"))
        try:
            with LocalFolder(folder).open(self._fetched("/".join(parts), folder)) as file:
                yield file
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fetched(self, path: str, folder: Path) -> str:
        try:
            self._repository.download_artifacts(path, dst_path=str(folder))
        except Exception as error:  # every object store raises its own
            raise MlflowUnavailable(f"{path} could not be fetched from {self._address}: {error}"[:300]) from error
        return path

    def _walk(self, path: str | None) -> Iterator[FileEntry]:
        try:
            entries = self._repository.list_artifacts(path)
        except Exception as error:  # every object store raises its own
            raise MlflowUnavailable(f"The files at {self._address} could not be listed: {error}"[:300]) from error
        for entry in entries:
            if entry.is_dir:
                yield from self._walk(entry.path)
            else:
                yield FileEntry(path=entry.path, size_bytes=entry.file_size or 0)


ArtifactFolder = LocalFolder | RemoteFolder


def open_folder(address: str) -> ArtifactFolder:
    """Return the folder at an artifact URI. Raises MlflowUnavailable when it is not there."""
    parsed = urlparse(address)
    if parsed.scheme not in {"", "file"}:
        return RemoteFolder(artifact_repository(address), address)
    folder = Path(unquote(parsed.path))
    if not folder.is_dir():
        raise MlflowUnavailable(f"The folder {folder} with the model's files does not exist on this machine (any more).")
    return LocalFolder(folder)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _parts(path: str) -> tuple[str, ...]:
    """Split a path into names. Raises FileRefused for one that could mean anything but a file below the folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or _REFUSED_SIGNS & set(path):
        raise FileRefused(f"{path!r} is no path of a file in a model.")
    return parts
