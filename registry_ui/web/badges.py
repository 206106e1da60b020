"""What a state is called, and which tone and icon say it at a glance."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Badge:
    """A word, its icon and its tone: ok, warn, bad, info or quiet."""

    word: str
    tone: str
    icon: str
    moves: bool = False  # the icon turns while something is under way


# States of jobs, of models on workers, of model versions in MLflow, of predictions; what a change does to callers.
_BADGES = {
    "queued": Badge("Queued", "quiet", "clock"),
    "running": Badge("Running", "info", "loader-2", moves=True),
    "succeeded": Badge("Succeeded", "ok", "circle-check"),
    "failed": Badge("Failed", "bad", "alert-triangle"),
    "timed_out": Badge("Timed out", "bad", "hourglass"),
    "cancelled": Badge("Cancelled", "quiet", "ban"),
    "cancelling": Badge("Cancelling", "warn", "loader-2", moves=True),
    "cold": Badge("Cold", "quiet", "snowflake"),
    "fetching": Badge("Fetching", "info", "download"),
    "loading": Badge("Loading", "info", "loader-2", moves=True),
    "warm": Badge("Warm", "ok", "flame"),
    "pending": Badge("Pending", "info", "loader-2", moves=True),
    "ready": Badge("Ready", "ok", "circle-check"),
    "pending_registration": Badge("Registering", "info", "loader-2", moves=True),
    "failed_registration": Badge("Registration failed", "bad", "alert-triangle"),
    "breaking": Badge("Breaking", "bad", "alert-triangle"),
    "other answers": Badge("Other answers", "warn", "info-circle"),
    "compatible": Badge("Compatible", "ok", "circle-check"),
}


def badge_of(state: object) -> Badge:
    """Return the badge of a state; one that is not known here is shown by its own word."""
    value = str(getattr(state, "value", state) or "")
    return _BADGES.get(value.lower()) or Badge(value.replace("_", " ").capitalize() or "Unknown", "quiet", "circle-dashed")


def icon_of(tone: str) -> str:
    """Return the icon of a notice of this tone."""
    return {"ok": "circle-check", "warn": "alert-triangle", "bad": "alert-triangle"}.get(tone, "info-circle")
