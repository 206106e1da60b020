"""The files of a checkpoint or an artifact: read one by one, wherever they lie, and what their names say.

Standard library and YAML only: the web process reads artifacts with this, and never loads one.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from .plain_data import TooMuch, plain

MLMODEL = "MLmodel"
CONFIG = "config.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
SAFETENSORS = "*.safetensors"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle", "*.joblib", "*.msgpack", "*.h5")

LARGEST_TEXT = 10 * 2**20

Read = Callable[[str, int | None], bytes | None]

# libyaml is ten times faster; both are safe.
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class FileEntry:
    """One file of an artifact, by its path relative to the artifact's root."""

    path: str
    size_bytes: int


class Unreadable(ValueError):
    """A file whose content is not what its name promises; the message names both."""


class ArtifactFiles:
    """The files of one artifact; those that the reader cannot have cheaply count as absent when read."""

    def __init__(self, files: Sequence[FileEntry], read: Read) -> None:
        self.entries = sorted(files, key=lambda each: each.path)
        self._read = read

    @cached_property
    def sizes(self) -> dict[str, int]:
        return {each.path: each.size_bytes for each in self.entries}

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def named(self, *patterns: str, below: str = "") -> list[str]:
        """Return the paths below a folder whose last part matches one of the patterns."""
        prefix = f"{below.strip('/')}/" if below else ""
        return [path for path in self.sizes if path.startswith(prefix) and is_named(path, *patterns)]

    def has_below(self, folder: str) -> bool:
        return any(path.startswith(f"{folder.strip('/')}/") for path in self.sizes)

    def first(self, path: str, count: int) -> bytes | None:
        """Return the first `count` bytes of a file, None when they cannot be had cheaply."""
        return self._read(path, count) if path in self else None

    def text(self, path: str) -> str:
        """Return a text file, empty when it is absent. Raises Unreadable."""
        content = self.first(path, LARGEST_TEXT)
        if content is None:
            return ""
        if self.sizes[path] > LARGEST_TEXT:
            raise Unreadable(f"{path} has {self.sizes[path]:,} bytes; a text of a model has at most {LARGEST_TEXT:,}.")
        try:
            return content.decode("utf-8-sig").replace("\0", "")
        except UnicodeDecodeError as error:
            raise Unreadable(f"{path} is no UTF-8 text.") from error

    def json(self, path: str) -> Any:
        """Return a JSON file, None when it is absent. Raises Unreadable."""
        text = self.text(path)
        if not text:
            return None
        try:
            return plain(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"{path} is no valid JSON: {_reason(error)}.") from error

    def yaml(self, path: str) -> Any:
        """Return a YAML file, None when it is absent. Raises Unreadable."""
        return parsed_yaml(self.text(path), path)


def parsed_yaml(text: str, path: str) -> Any:
    """Return what YAML text says as plain data. Raises Unreadable naming `path`."""
    try:
        return plain(yaml.load(text, _YAML_LOADER)) if text else None  # a safe loader
    except (yaml.YAMLError, ValueError, TooMuch, RecursionError, OverflowError) as error:
        raise Unreadable(f"{path} is no valid YAML: {_reason(error)}.") from error


def local_files(folder: str | Path) -> tuple[list[FileEntry], Read]:
    """Return the files of a folder on this machine and how to read them; links are followed only within the folder."""
    root = Path(folder).resolve()
    entries = []
    for parent, folders, names in os.walk(root):
        folders.sort()
        for name in names:
            path = Path(parent) / name
            if path.resolve().is_relative_to(root) and path.is_file():
                entries.append(FileEntry(path.relative_to(root).as_posix(), path.stat().st_size))

    def read(path: str, limit: int | None) -> bytes | None:
        try:
            with (root / path).open("rb") as file:
                return file.read(-1 if limit is None else limit)
        except OSError:
            return None

    return entries, read


def is_named(path: str, *patterns: str) -> bool:
    """Whether the last part of `path` matches one of the patterns."""
    name = PurePosixPath(path).name
    return any(fnmatch(name, pattern) for pattern in patterns)


def _reason(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0].rstrip(".")[:200] if text else type(error).__name__
