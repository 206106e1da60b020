"""The Hugging Face Hub: ids told from paths, snapshots fetched at a commit, and what to do without it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import HubUnavailable
from .tasks._base import InvalidInput

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.\-]*(/[A-Za-z0-9][\w.\-]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")

CHECKPOINT_FILES = ("*.json", "*.txt", "*.model", "*.spm", "*.tiktoken", "*.jinja", "*.md", "*.py", "LICENSE*", "*.codes")
WEIGHTS_FILES = ("*.safetensors",)


@dataclass(frozen=True)
class Snapshot:
    """A repository of the Hub on this machine, at one commit."""

    hub_id: str
    revision: str
    folder: Path


def is_hub_id(text: str) -> bool:
    """Whether `text` could name a repository of the Hub (and is no folder here)."""
    name = text.partition("@")[0]
    return bool(_HUB_ID.fullmatch(name)) and ".." not in name and len(name) <= 200 and not Path(text).exists()


def fetch(hub_id: str, *, revision: str | None = None, with_weights: bool = True) -> Snapshot:
    """Return the snapshot of `org/name` or `org/name@revision`, from the cache when it is there, else from the Hub.

    Raises HubUnavailable when it is needed and cannot be reached, InvalidInput when there is no such repository.
    """
    name, _, said = hub_id.partition("@")
    revision = revision or said or None
    if constants().HF_HUB_OFFLINE or (revision and _COMMIT.fullmatch(revision)):
        snapshot = cached(name, revision)
        if snapshot and (not with_weights or any(snapshot.folder.glob(WEIGHTS_FILES[0])) or constants().HF_HUB_OFFLINE):
            return snapshot
    return _downloaded(name, revision, [*CHECKPOINT_FILES, *(WEIGHTS_FILES if with_weights else ())])


def cached(name: str, revision: str | None = None) -> Snapshot | None:
    """Return the snapshot that lies in the cache, None when none does. Asks nobody."""
    from huggingface_hub import snapshot_download  # heavy
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError):
        return None
    return Snapshot(name, folder.name, folder)


def constants() -> Any:
    """Return the Hub library's settings, which it reads from the environment."""
    from huggingface_hub import constants as found  # heavy

    return found


def _downloaded(name: str, revision: str | None, patterns: Sequence[str]) -> Snapshot:
    from huggingface_hub import snapshot_download  # heavy
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if constants().HF_HUB_OFFLINE:
        raise HubUnavailable(
            f"{name!r} is a Hub id, and this process works offline (HF_HUB_OFFLINE) and has no copy of it; "
            "give the folder of a checkpoint, or download it first."
        )
    try:
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except GatedRepoError as error:
        raise InvalidInput("transformers_model", f"{name!r} is gated; accept its terms on the Hub and set HF_TOKEN.") from error
    except RevisionNotFoundError as error:
        raise InvalidInput(
            "transformers_model", f"{name!r} has no revision {revision!r}; leave it out for the newest."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise InvalidInput("transformers_model", f"There is neither a folder nor a Hub repository {name!r}.") from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise HubUnavailable(f"{name!r} cannot be fetched from the Hub: {reason}; try again, or give a folder.") from error
    return Snapshot(name, folder.name, folder)
