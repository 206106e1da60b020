"""Where a model's card comes from: the caller, the checkpoint it was read from, or the Hub when that can be reached."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from . import cards, hub
from .artifact_files import Unreadable
from .sources import Source


class CardSource(StrEnum):
    CALLER = "caller"
    CHECKPOINT = "checkpoint"
    HUB = "hub"


@dataclass(frozen=True)
class FoundCard:
    """A card, where it comes from, and why there is none where one was looked for."""

    text: str = ""
    source: CardSource | None = None
    revision: str = ""  # of the Hub's repository
    problem: str = ""

    def recorded(self) -> dict[str, str]:
        """Return what is written of it into our block of the MLmodel file."""
        said = {"source": str(self.source or "none"), "revision": self.revision, "problem": self.problem}
        return {key: value for key, value in said.items() if value}


def find_card(given: Any, source: Source) -> FoundCard:
    """Return the card that was given, else the checkpoint's, else the one of the model's Hub repository at its commit.

    The Hub is asked once and for seconds only, and not at all when this process works offline; that it could not be asked
    is no error. Raises InvalidInput for a given card that cannot be read.
    """
    text = cards.card_text(given)
    if text:
        return FoundCard(text, CardSource.CALLER)
    if source.card:
        return FoundCard(source.card, CardSource.CHECKPOINT, source.config.revision)
    if not source.config.source_name:
        return FoundCard()
    return _of_hub(source.config.source_name, source.config.revision)


def _of_hub(hub_id: str, revision: str) -> FoundCard:
    found = hub.read_readme(hub_id, revision)
    try:
        cards.split(found.text, hub_id)
    except Unreadable as error:
        return FoundCard(revision=found.revision, problem=str(error))
    return FoundCard(found.text, CardSource.HUB if found.text else None, found.revision, found.problem)
