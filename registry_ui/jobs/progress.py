"""How far something is, in the numbers that people read."""

from dataclasses import dataclass

from ..web.templatetags.format import format_bytes, number

BYTES = "bytes"


@dataclass(frozen=True)
class Progress:
    """So much done, of so much in all where that is known."""

    done: int
    total: int | None = None
    unit: str = ""

    @classmethod
    def of(cls, done: int | None, total: int | None, unit: str) -> "Progress | None":
        """Return None when nothing was counted."""
        return None if done is None else cls(done, total or None, unit)

    @property
    def percent(self) -> int | None:
        """0 to 100, never 100 before the end; None when the whole is not known."""
        if not self.total:
            return None
        return min(100 * self.done // self.total, 100)

    @property
    def text(self) -> str:
        """As words: "340 MB of 980 MB", "120 of 400 steps", "12 files"."""
        if self.unit == BYTES:
            return f"{format_bytes(self.done)} of {format_bytes(self.total)}" if self.total else format_bytes(self.done)
        counted = f"{number(self.done)} of {number(self.total)}" if self.total else number(self.done)
        return f"{counted} {self.unit}".rstrip()
