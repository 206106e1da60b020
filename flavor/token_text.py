"""Tokens into text as they come: whole characters only, and never a piece of a stop text."""

from collections.abc import Sequence
from typing import Any

_INCOMPLETE = "\ufffd"  # what a decoder writes for a character whose bytes have not all come


class TokenText:
    """The text of one sequence while it grows.

    `push` decodes a short window only, whose first tokens are known already, so its cost does not grow with the text.
    `before` is the prompt that the text continues: many decoders write a space between two words only, not before the first.
    """

    def __init__(self, tokenizer: Any, stops: tuple[str, ...] = (), before: Sequence[int] = ()) -> None:
        self.text = ""
        self.is_stopped = False
        self._tokenizer = tokenizer
        self._stops = stops
        self._ids: list[int] = list(before)
        self._start = 0  # first token of the window
        self._read = len(self._ids)  # tokens whose text is settled
        self._given = 0  # characters handed out

    def push(self, token: int) -> str:
        """Add a token; return the characters that can be shown now. After a stop text nothing more is."""
        if self.is_stopped:
            return ""
        self._ids.append(token)
        self._settle(self._fresh(), is_last=False)
        return self._hand_out(len(self.text) if self.is_stopped else self._safe_length())

    def finish(self) -> str:
        """Return what `push` held back."""
        if not self.is_stopped:
            self._settle(self._fresh(), is_last=True)
        return self._hand_out(len(self.text))

    def _fresh(self) -> str:
        known = self._decode(self._ids[self._start : self._read])
        return self._decode(self._ids[self._start :])[len(known) :]

    def _settle(self, fresh: str, *, is_last: bool) -> None:
        if not fresh or (fresh.endswith(_INCOMPLETE) and not is_last):
            return
        searched = len(self.text)
        self.text += fresh
        self._start, self._read = self._read, len(self._ids)
        self._cut(searched)

    def _cut(self, searched: int) -> None:
        """Cut the text at the first stop text in it."""
        reach = max((len(stop) for stop in self._stops), default=0)
        places = [self.text.find(stop, max(0, searched - reach)) for stop in self._stops]
        found = [place for place in places if place >= 0]
        if found:
            self.text, self.is_stopped = self.text[: min(found)], True

    def _safe_length(self) -> int:
        """The length of the text without an end that may be the beginning of a stop text."""
        for start in range(max(0, len(self.text) - max(map(len, self._stops), default=0)), len(self.text)):
            if any(stop.startswith(self.text[start:]) for stop in self._stops):
                return start
        return len(self.text)

    def _hand_out(self, end: int) -> str:
        piece = self.text[self._given : end]
        self._given = max(self._given, end)
        return piece

    def _decode(self, ids: list[int]) -> str:
        return decode(self._tokenizer, ids)


def decode(tokenizer: Any, ids: list[int], before: list[int] | None = None) -> str:
    """Return the text of `ids` without special tokens, and with the spaces that the model wrote; it continues `before`."""
    if before:
        return decode(tokenizer, before + ids)[len(decode(tokenizer, before)) :]
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return text if isinstance(text, str) else "".join(text)
