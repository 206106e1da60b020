"""Line by line, how the longer texts of two versions differ: templates and cards."""

import difflib
from dataclasses import dataclass

from .models import ModelVersion

_CONTEXT = 2
_MOST_LINES = 400  # of one change; the rest is said to be left out


@dataclass(frozen=True)
class Line:
    """A line with its sign: `+` came, `-` went, a space is as before, `@` is where lines were left out."""

    sign: str
    text: str


@dataclass(frozen=True)
class TextChange:
    """How one text of `version` differs from the baseline's."""

    title: str
    version: ModelVersion
    lines: list[Line]
    left_out: int = 0


def between(baseline: ModelVersion, version: ModelVersion) -> list[TextChange]:
    """Return the texts that differ."""
    pairs = {
        "Prompt template": (baseline.prompt_template, version.prompt_template),
        "Chat template": (baseline.chat_template, version.chat_template),
        "Card": (baseline.card, version.card),
    }
    return [_change(title, version, before, after) for title, (before, after) in pairs.items() if before != after]


def _change(title: str, version: ModelVersion, before: str, after: str) -> TextChange:
    compared = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    # The first three lines are names of files and where the first change is.
    lines = [_line(text) for text in list(compared)[3:]]
    return TextChange(title, version, lines[:_MOST_LINES], max(0, len(lines) - _MOST_LINES))


def _line(text: str) -> Line:
    sign = text[:1] or " "
    return Line("@", "") if sign == "@" else Line(sign, text[1:])
