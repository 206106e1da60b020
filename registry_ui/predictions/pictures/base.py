"""What every picture is drawn from, and what several of them need."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flavor.tasks import Kind, Row, Task

from ...web.badges import Badge
from ..values import MEDIA, Medium, medium_of

HUES = 8  # colors of labels; they come round again after that
_FINISHES = {
    "stop": Badge("ended by itself", "ok", "circle-check"),
    "length": Badge("cut at its length", "warn", "dots"),
    "time": Badge("cut at its time", "warn", "hourglass"),
    "cancelled": Badge("stopped", "quiet", "player-stop"),
}


@dataclass(frozen=True)
class Answer:
    """One input row and the records that answer it."""

    task: Task
    row: Row
    records: list[Row] = field(default_factory=list)

    @property
    def media(self) -> list[Medium]:
        """The media of the input, in the task's order."""
        found = [
            medium_of(self.row[each.name], each.kind)
            for each in self.task.inputs
            if self.row.get(each.name) and each.kind in MEDIA
        ]
        return [each for each in found if each is not None]

    @property
    def image(self) -> Medium | None:
        """The first image of the input."""
        return next((each for each in self.media if each.is_image), None)

    @property
    def texts(self) -> list[str]:
        """The texts of the input, in the task's order."""
        values = [self.row.get(each.name) for each in self.task.inputs if each.kind is Kind.TEXT]
        return [value for value in values if isinstance(value, str)]

    def text_of(self, record: Row, *preferred: str) -> str:
        """Return the text of a record: the first of the preferred names, else its first text field."""
        names = [*preferred, *(each.name for each in self.task.outputs if each.kind is Kind.TEXT)]
        return next((record[name] for name in names if isinstance(record.get(name), str)), "")


@dataclass(frozen=True)
class Hue:
    """A label and its color; `count` is how often it was found, `note` what is said instead of that."""

    label: str
    number: int  # 1 to HUES
    count: int
    note: str = ""


def hues_of(labels: Iterable[str]) -> dict[str, Hue]:
    """Return a color for each label in the order in which they appear."""
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return {label: Hue(label, place % HUES + 1, count) for place, (label, count) in enumerate(counts.items())}


def number_of(value: Any) -> float | None:
    """Return a number, None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole_of(value: Any) -> int | None:
    """Return a whole number, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def finish_of(record: Row) -> Badge | None:
    """Return why the writing ended, as a badge."""
    reason = record.get("finish_reason")
    return _FINISHES.get(reason) or Badge(str(reason), "quiet", "ban") if reason else None


def media_of(record: Row) -> list[Medium]:
    """Return the media that a record holds."""
    found = [medium_of(value, Kind.IMAGE) for value in record.values()]
    return [medium for medium in found if medium is not None]


def images_of(record: Row) -> list[Medium]:
    """Return the images that a record holds."""
    return [medium for medium in media_of(record) if medium.is_image]
