"""How fresh the index is, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from .models import SyncState

# Shorter than anybody would notice.
NEVER_STALE_BEFORE = timedelta(seconds=60)


@dataclass(frozen=True)
class Freshness:
    """A tone (ok, warn, bad), a few words that the time may follow, and the whole sentence."""

    tone: str
    words: str
    since: datetime | None = None
    detail: str = ""

    @classmethod
    def of(cls, state: SyncState) -> "Freshness":
        """Say how fresh the index is."""
        since = state.last_succeeded_at
        if state.problem:
            return cls("bad", "MLflow is away, last synced" if since else "MLflow is away", since, state.problem)
        if since is None:
            return cls("warn", "Not synced yet", None, "No worker has read MLflow yet.")
        if timezone.now() - since > max(NEVER_STALE_BEFORE, 6 * timedelta(seconds=settings.CATALOG_POLL_S)):
            return cls("warn", "Last synced", since, "No worker has read MLflow lately; see Workers.")
        return cls("ok", "Synced", since, "What is shown here is what MLflow holds.")
