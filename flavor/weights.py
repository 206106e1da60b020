"""Files on their way into an artifact: written once, hashed on the way, told, stoppable, listed in a manifest."""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event

from .artifact_files import SAFETENSORS, is_named
from .errors import Cancelled, ModelNotLoadable

Progress = Callable[[str, int | None, int | None, str], None]
ShouldStop = Callable[[], bool]

MANIFEST = "flavor_manifest.json"
CHUNK_BYTES = 8 * 2**20  # of a copy within the kernel
PIECE_BYTES = 2**18  # of reads and writes: fits into a core's own memory, and kernels take long over larger writes
HASHED_AT_ONCE = 4
SHARD_BYTES = 5 * 10**9  # small enough to be sent again, large enough that most models are one file
MOST_SHARDS = 50
# What loading reads; the rest of an artifact (card, requirements, what MLflow adds later) does not change what a model does.
LOADED_FOLDERS = ("model", "components", "peft", "pipeline", "code")


class How(StrEnum):
    """How a file gets into the artifact."""

    COPY = "copy"
    HARD_LINK = "hard link"  # only where nobody ever writes into the source
    SYMBOLIC_LINK = "symbolic link"  # a stop on the way to a remote store


@dataclass(frozen=True)
class Listed:
    """One file of an artifact in its manifest."""

    path: str
    size_bytes: int
    sha256: str


class Writer:
    """Puts files into one artifact's folder."""

    def __init__(
        self,
        folder: Path,
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
        how: How = How.COPY,
        max_shard_size: str | None = None,
    ) -> None:
        self.folder = folder
        self.how = how
        self.max_shard_size = max_shard_size
        self.listed: list[Listed] = []
        self._progress = progress
        self._should_stop = should_stop or (lambda: False)
        self._stage = "copying"
        self._done_bytes = 0
        self._total_bytes: int | None = None

    def expect(self, total_bytes: int) -> None:
        """Say how many bytes will be put, for the progress."""
        self._total_bytes = total_bytes

    def shard_size(self, total_bytes: int) -> int | str:
        """Return how large a weights file may be: as was asked, else by the size of the whole, so that there are never many."""
        return self.max_shard_size or max(SHARD_BYTES, -(-total_bytes // MOST_SHARDS))

    def stage(self, name: str) -> None:
        """Tell what begins. Raises Cancelled."""
        self.check()
        self._stage = name
        if self._progress:
            self._progress(name, None, None, "")

    def check(self) -> None:
        """Raise Cancelled when the caller said stop."""
        if self._should_stop():
            raise Cancelled("Logging was stopped before it was done; nothing of it is left.")

    def put(self, files: Mapping[str, Path]) -> None:
        """Bring files to their paths within the artifact, hashed beside the copying.

        Raises Cancelled, and ModelNotLoadable when somebody writes into a file meanwhile.
        """
        before = {path: _stamp(source) for path, source in files.items()}
        failed = Event()
        with ThreadPoolExecutor(HASHED_AT_ONCE, "flavor-hash") as pool:
            hashes = {path: pool.submit(self._hash, source, failed) for path, source in files.items()}
            try:
                for path, source in files.items():
                    self._bring(source, self.folder / path)
            except BaseException:
                failed.set()
                pool.shutdown(cancel_futures=True)
                raise
        for path, source in files.items():
            sha256 = hashes[path].result()
            if _stamp(source) != before[path]:
                raise ModelNotLoadable(
                    f"{source} was changed while it was read; wait until its training has ended and log it again."
                )
            self.listed.append(Listed(path, before[path][1], sha256))

    def write(self, path: str, head: bytes, contents: Iterable[memoryview] = ()) -> None:
        """Write a file from memory, its contents hashed beside the writing. Raises Cancelled."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        found = hashlib.sha256(head)
        with ThreadPoolExecutor(1, "flavor-hash") as pool, target.open("wb", buffering=0) as file:
            _write(file.fileno(), memoryview(head))
            for content in contents:
                hashed = pool.submit(found.update, content)
                for start in range(0, len(content), CHUNK_BYTES):
                    _write(file.fileno(), content[start : start + CHUNK_BYTES])
                    _send_to_disk(file.fileno())
                    self._advance(len(content[start : start + CHUNK_BYTES]))
                hashed.result()
        protect(target)
        self.listed.append(Listed(path, target.stat().st_size, found.hexdigest()))

    def adopt(self, *folders: str) -> None:
        """List and hash what else was written into these folders of the artifact."""
        known = {each.path for each in self.listed}
        for folder in folders:
            for path in sorted(each for each in (self.folder / folder).rglob("*") if each.is_file()):
                name = path.relative_to(self.folder).as_posix()
                if name in known:
                    continue
                self.listed.append(Listed(name, path.stat().st_size, hash_of(path, self.check)))
                protect(path)

    def write_manifest(self) -> None:
        """Write the list of files with their hashes."""
        files = [asdict(each) for each in sorted(self.listed, key=lambda each: each.path)]
        (self.folder / MANIFEST).write_text(json.dumps({"format": 1, "files": files}, indent=1), encoding="utf-8")

    def _bring(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        real = source.resolve()  # the cache of the Hub holds links
        if self.how is How.SYMBOLIC_LINK:
            target.symlink_to(real)
            self._advance(real.stat().st_size)
        elif self.how is How.HARD_LINK and _linked(real, target):
            self._advance(real.stat().st_size)
        else:
            for count in _copied(real, target):
                self._advance(count)
            protect(target)

    def _advance(self, count: int) -> None:
        self._done_bytes += count
        self.check()
        if self._progress:
            self._progress(self._stage, self._done_bytes, self._total_bytes, "bytes")

    def _hash(self, path: Path, failed: Event) -> str:
        def check() -> None:
            if failed.is_set():
                raise Cancelled("Another file failed.")
            self.check()

        return hash_of(path, check)


def hash_of(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Return a file's sha256; `check` is called between pieces and may raise."""
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        buffer = memoryview(bytearray(PIECE_BYTES))
        while count := file.readinto(buffer):
            found.update(buffer[:count])
            check()
    return found.hexdigest()


def content_hash(listed: list[Listed]) -> str:
    """Return the one hash of all that loading reads: what `trust=` names and the manifest proves."""
    lines = sorted(f"{each.sha256}  {each.path}" for each in listed if each.path.split("/", 1)[0] in LOADED_FOLDERS)
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def weights_hash(listed: list[Listed], below: str) -> str:
    """Return the hash of a folder's safetensors files, the same wherever the folder lies; empty when it has none."""
    prefix = f"{below}/" if below else ""
    found = [each for each in listed if each.path.startswith(prefix) and is_named(each.path, SAFETENSORS)]
    lines = sorted(f"{each.sha256}  {each.path.removeprefix(prefix)}" for each in found)
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def list_folder(folder: Path, check: Callable[[], None] = lambda: None, *, only_weights: bool = False) -> list[Listed]:
    """Return the files of a folder with their hashes; this reads all of them, or those of its weights."""
    found = folder.glob(SAFETENSORS) if only_weights else folder.rglob("*")
    paths = sorted(each for each in found if each.is_file())
    return [Listed(each.relative_to(folder).as_posix(), each.stat().st_size, hash_of(each, check)) for each in paths]


def read_manifest(folder: Path) -> list[Listed] | None:
    """Return the manifest of an artifact, None when it has none. Raises ModelNotLoadable when it is damaged."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        return [Listed(**each) for each in json.loads(path.read_text(encoding="utf-8"))["files"]]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelNotLoadable(f"{path} is damaged; fetch the model again.") from error


def protect(path: Path) -> None:
    """Take the right to write from a file that must never change."""
    if not path.is_symlink():
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def _stamp(path: Path) -> tuple[int, int]:
    """When a file was last written, and its size."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        return False
    return True


def _copied(source: Path, target: Path) -> Iterator[int]:
    """Copy within the kernel, which shares the blocks where the file system can; yields the bytes of each piece."""
    with source.open("rb", buffering=0) as reader, target.open("wb", buffering=0) as writer:
        try:
            while count := os.copy_file_range(reader.fileno(), writer.fileno(), CHUNK_BYTES):
                _send_to_disk(writer.fileno())
                yield count
        except OSError:  # file systems that cannot, and old kernels between two of them
            yield from _copied_by_hand(reader.fileno(), writer.fileno())


def _copied_by_hand(reader: int, writer: int) -> Iterator[int]:
    """Go on where the kernel stopped."""
    while piece := os.read(reader, PIECE_BYTES):
        _write(writer, memoryview(piece))
        yield len(piece)


def _send_to_disk(file: int) -> None:
    """Let the kernel begin with what was written last, so that the disk works while processors hash."""
    end = os.lseek(file, 0, os.SEEK_CUR)
    os.posix_fadvise(file, max(0, end - CHUNK_BYTES), CHUNK_BYTES, os.POSIX_FADV_DONTNEED)


def _write(file: int, content: memoryview) -> None:
    while content:
        content = content[os.write(file, content[:PIECE_BYTES]) :]
