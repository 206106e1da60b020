"""What a pipeline writes by itself, heard token by token: told on as it comes, and ended when nobody wants it any more."""

from collections.abc import Callable
from typing import Any

import torch
from transformers.generation import StoppingCriteria

from .token_text import TokenText


class Listener(StoppingCriteria):
    """Stands among the stopping criteria of `generate`; `on_text` gets the text of the one row without spaces at its ends.

    Of several rows, or of the beams of one, nothing is told: their last words may still change. `end` is the token that ends
    an answer, where that is another than the one that ends all writing.
    """

    def __init__(
        self,
        tokenizer: Any,
        should_stop: Callable[[], bool] | None,
        on_text: Callable[[str], None] | None,
        *,
        end: int | None = None,
    ) -> None:
        self._written = TokenText(tokenizer)
        self._end = end
        self._has_ended = False
        self._should_stop = should_stop
        self._on_text = on_text
        self._spaces = ""
        self._has_begun = False

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        rows = input_ids.shape[0]
        token = int(input_ids[0, -1])
        self._has_ended = self._has_ended or token == self._end
        if rows == 1 and not self._has_ended:
            self._tell(self._written.push(token))
        is_unwanted = bool(self._should_stop and self._should_stop())
        return torch.full((rows,), is_unwanted, dtype=torch.bool, device=input_ids.device)

    def finish(self) -> None:
        """Tell what was held back: the bytes of a character that never became whole."""
        self._tell(self._written.finish())

    def _tell(self, piece: str) -> None:
        piece = self._spaces + piece if self._has_begun else piece.lstrip()
        shown = piece.rstrip()
        self._spaces = piece[len(shown) :]
        if shown and self._on_text:
            self._has_begun = True
            self._on_text(shown)
