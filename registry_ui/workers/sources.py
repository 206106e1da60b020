"""What a log job may log: a checkpoint below the allowed folders, a Hub id, or an artifact that MLflow holds."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from ..jobs.events import JobEvents
from ..jobs.failures import JobFailed
from .artifacts import fetch

_HUB_ID = re.compile(r"[\w][\w.\-]*(/[\w][\w.\-]*)?(@[\w.\-/]+)?")
_ARTIFACT = ("runs:/", "models:/")


@dataclass(frozen=True)
class Source:
    """A source that was checked. `path` is a folder on this machine, None for a Hub id."""

    given: str
    path: str | None = None

    @property
    def is_mlflow_model(self) -> bool:
        """Whether it is a logged model already, to be registered as it is."""
        return self.path is not None and (Path(self.path) / "MLmodel").is_file()


def resolve(source: str, events: JobEvents) -> Source:
    """Check a source and bring it to this machine if MLflow holds it. Raises JobFailed naming the way out."""
    if source.startswith(_ARTIFACT):
        directory = fetch(source, lambda done, total: events.stage("fetching", done, total, "bytes"), events.is_cancelled)
        return Source(source, directory)
    folder = _folder(source)
    if folder is not None:
        return Source(source, str(_checked(folder, source)))
    if _HUB_ID.fullmatch(source):
        return Source(source)
    detail = f"{source!r} is no checkpoint folder, Hub id, runs:/<run id>/<path> or models:/<name>/<version>."
    raise JobFailed("invalid-input", detail, "source")


def _folder(source: str) -> Path | None:
    """Return the path that is meant: an absolute one, or one relative to an allowed folder that has it."""
    text = source.removeprefix("file://")
    if text.startswith(("/", "./", "../", "~")):
        return Path(text)
    return next((root / text for root in settings.CHECKPOINT_ROOTS if (root / text).exists()), None)


def _checked(folder: Path, source: str) -> Path:
    resolved = folder.resolve()
    if not _is_allowed(resolved):
        roots = ", ".join(str(root) for root in settings.CHECKPOINT_ROOTS)
        detail = f"{source!r} lies outside the folders that may be read ({roots}); copy it there or set CHECKPOINT_ROOTS."
        raise JobFailed("path-not-allowed", detail, "source")
    if not resolved.is_dir():
        raise JobFailed("invalid-input", f"There is no folder {source!r} on the worker's machine.", "source")
    for entry in _entries(resolved):
        if entry.is_symlink() and not _is_allowed(entry.resolve()):
            name = entry.relative_to(resolved)
            detail = f"{name} in {source!r} is a link that leads outside the folders that may be read; replace it by the file."
            raise JobFailed("path-not-allowed", detail, "source")
    return resolved


def _is_allowed(resolved: Path) -> bool:
    return any(resolved.is_relative_to(root.resolve()) for root in settings.CHECKPOINT_ROOTS)


def _entries(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent) / name for name in (*folders, *files))
