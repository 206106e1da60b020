"""The files tab: a tree of what the index lists, and a look into one file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from flavor.safetensors_header import LENGTH_BYTES

from . import mlflow_client
from .artifact_folder import CHEAP_BYTES, ArtifactFolder, open_folder
from .models import ModelVersion
from .selectors import NotFound

LONGEST_TEXT = 256 * 1024
LONGEST_HEADER = 8 * 2**20
MOST_TENSORS = 1000
# Suffix or whole name to the language for colors; what is neither here nor an image is shown as text when it is text.
_LANGUAGES = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".py": "python",
    ".jinja": "jinja",
    ".toml": "toml",
    ".ini": "ini",
    ".sh": "bash",
    "mlmodel": "yaml",
    "registered_model_meta": "yaml",
}
_PICTURES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
_MARKDOWN = frozenset({".md", ".markdown"})
_PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib"})


class FileNotFound(NotFound):
    def __init__(self, version: ModelVersion, path: str) -> None:
        super().__init__(f"{version.model.name} version {version.version} has no file “{path}”.")


@dataclass(frozen=True)
class File:
    """One file of a version, as indexed."""

    path: str
    size_bytes: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix.lower()

    @property
    def picture_type(self) -> str | None:
        """The media type when it is a picture that browsers show without danger."""
        return _PICTURES.get(self.suffix)


@dataclass
class Folder:
    """A folder of files; `size_bytes` with all below."""

    name: str = ""
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    size_bytes: int = 0
    file_count: int = 0

    def add(self, file: File, parts: tuple[str, ...]) -> None:
        """Put a file where its path says."""
        self.size_bytes += file.size_bytes
        self.file_count += 1
        if len(parts) == 1:
            self.files.append(file)
            return
        below = self.folders.setdefault(parts[0], Folder(parts[0]))
        below.add(file, parts[1:])


@dataclass(frozen=True)
class Tensor:
    """One tensor of a safetensors file."""

    name: str
    dtype: str
    shape: list[int]
    size_bytes: int


@dataclass(frozen=True)
class Preview:
    """A look into one file; `note` says what is not shown and why."""

    file: File
    text: str = ""
    language: str = ""
    is_markdown: bool = False
    is_picture: bool = False
    tensors: list[Tensor] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    note: str = ""


def tree_of(version: ModelVersion) -> Folder:
    """Return the version's files as folders in folders."""
    root = Folder()
    for entry in version.files:
        root.add(File(entry["path"], entry["size_bytes"]), PurePosixPath(entry["path"]).parts or (entry["path"],))
    return root


def get_file(version: ModelVersion, path: str) -> File:
    """Return an indexed file; a path that the index does not list is never looked for. Raises FileNotFound."""
    for entry in version.files:
        if entry["path"] == path:
            return File(path, entry["size_bytes"])
    raise FileNotFound(version, path)


def folder_of(version: ModelVersion) -> ArtifactFolder:
    """Return where the version's files lie. Raises MlflowUnavailable."""
    return open_folder(version.artifact_uri or mlflow_client.artifact_uri_of(version.model.name, version.version))


def preview(version: ModelVersion, path: str) -> Preview:
    """Look into a file. Raises FileNotFound, FileRefused, MlflowUnavailable."""
    file = get_file(version, path)
    if file.picture_type:
        return Preview(file, is_picture=file.size_bytes <= CHEAP_BYTES, note="" if file.size_bytes <= CHEAP_BYTES else _LARGE)
    if file.suffix in _PICKLES:
        return Preview(file, note="A pickle can run any code when it is opened, so it is not opened here.")
    folder = folder_of(version)
    if file.suffix == ".safetensors":
        return _safetensors_preview(folder, file)
    content = folder.read(path, LONGEST_TEXT)
    return Preview(file, note=_REMOTE) if content is None else _text_preview(file, content)


_LARGE = "This file is too large to be shown here; download it."
_REMOTE = "This file lies in a remote store and is too large to be fetched for a look; download it."
_CUT = "Only the first 256 kB are shown; download the file for the rest."


def _text_preview(file: File, content: bytes) -> Preview:
    # The last character may be cut in the middle.
    text = content.decode("utf-8", errors="replace" if file.size_bytes > len(content) else "surrogateescape")
    if "\0" in text or any("\udc80" <= sign <= "\udcff" for sign in text):
        return Preview(file, note="This file holds no text; download it.")
    is_whole = file.size_bytes <= len(content)
    language = _LANGUAGES.get(file.suffix) or _LANGUAGES.get(file.name.lower(), "")
    if language == "json" and is_whole:
        text = _indented(text)
    if not text.strip():
        return Preview(file, note="This file is empty.")
    return Preview(file, text, language, file.suffix in _MARKDOWN and is_whole, note="" if is_whole else _CUT)


def _indented(text: str) -> str:
    """Break JSON of one line into many."""
    if "\n" in text.strip():
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _safetensors_preview(folder: ArtifactFolder, file: File) -> Preview:
    start = folder.read(file.path, LENGTH_BYTES)
    if start is None:
        return Preview(file, note=_REMOTE)
    length = int.from_bytes(start, "little")
    if not 0 < length <= min(LONGEST_HEADER, file.size_bytes):
        return Preview(file, note="Its header is damaged or too long to be shown.")
    content = folder.read(file.path, LENGTH_BYTES + length) or b""
    try:
        header = json.loads(content[LENGTH_BYTES:])
        tensors = list(_tensors(header))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Preview(file, note="Its header is damaged.")
    metadata = {str(name): str(value) for name, value in (header.get("__metadata__") or {}).items()}
    note = f"The first {MOST_TENSORS:,} of {len(tensors):,} tensors are shown." if len(tensors) > MOST_TENSORS else ""
    return Preview(file, tensors=tensors[:MOST_TENSORS], metadata=metadata, note=note)


def _tensors(header: dict[str, Any]) -> Iterator[Tensor]:
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            yield Tensor(name, str(entry["dtype"]), [int(side) for side in entry["shape"]], int(end) - int(start))
