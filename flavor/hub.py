"""The Hugging Face Hub: ids told from paths, snapshots fetched at a commit, and what to do without it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .artifact_files import LARGEST_TEXT
from .errors import HubUnavailable
from .tasks._base import InvalidInput

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.\-]*(/[A-Za-z0-9][\w.\-]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")

CHECKPOINT_FILES = ("*.json", "*.txt", "*.model", "*.spm", "*.tiktoken", "*.jinja", "*.md", "*.py", "LICENSE*", "*.codes")
WEIGHTS_FILES = ("*.safetensors",)
README = "README.md"
README_TIMEOUT_S = 3.0
SILENCE_S = 600.0


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


@dataclass(frozen=True)
class Readme:
    """The README of a repository at a commit; empty when it has none, and `problem` says why nobody could tell."""

    text: str = ""
    revision: str = ""
    problem: str = ""


def read_readme(hub_id: str, revision: str = "") -> Readme:
    """Return the README of a repository: the cache's at the commit that lies there, else the Hub's by one request of seconds.

    Asks nobody when this process works offline, nor for minutes after the Hub could not be reached. Raises nothing.
    """
    here = cached(hub_id, revision or None)
    if here and (here.folder / README).is_file():
        return Readme((here.folder / README).read_text(encoding="utf-8", errors="replace"), here.revision)
    revision = revision or (here.revision if here else "")
    if constants().HF_HUB_OFFLINE:
        return Readme(revision=revision, problem="the Hub was not asked, since this process works offline")
    if time.monotonic() < _silence.until:
        return Readme(revision=revision, problem="the Hub was not asked again, since it could not be reached minutes ago")
    return _asked(hub_id, revision)


def _asked(hub_id: str, revision: str) -> Readme:
    from huggingface_hub.utils import get_session  # heavy

    url = f"{constants().ENDPOINT}/{hub_id}/resolve/{quote(revision or constants().DEFAULT_REVISION, safe='')}/{README}"
    try:
        answer = get_session().get(url, headers=_headers(), timeout=README_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - of whichever HTTP library huggingface_hub uses
        _silence.until = time.monotonic() + SILENCE_S
        return Readme(revision=revision, problem=f"the Hub could not be reached: {type(error).__name__}: {error}"[:300])
    if answer.status_code == 404:
        return Readme(revision=revision)
    if answer.status_code != 200 or len(answer.content) > LARGEST_TEXT:
        return Readme(revision=revision, problem=f"the Hub answered {answer.status_code} for the README of {hub_id}")
    return Readme(answer.text, answer.headers.get("x-repo-commit") or revision)


def _headers() -> dict[str, str]:
    """Made here: huggingface_hub's own ask the Hub for a list of the agents that may be running this program."""
    from huggingface_hub import get_token  # heavy

    token = None if constants().HF_HUB_DISABLE_IMPLICIT_TOKEN else get_token()
    return {"user-agent": "flavor", **({"authorization": f"Bearer {token}"} if token else {})}


@dataclass
class _Silence:
    """Until when the Hub is not asked, so that a machine without a network waits once and not at every log."""

    until: float = 0.0


_silence = _Silence()
