"""What is done to the scores of the next token before chance, and what is noted of them: penalties and log-probabilities."""

from dataclasses import dataclass, field
from typing import Any

import torch
from transformers.generation import LogitsProcessor

from .tasks._base import Row


class Penalties(LogitsProcessor):
    """OpenAI's: each token written before costs `presence` once and `frequency` every time; the prompt costs nothing."""

    def __init__(self, presence: float, frequency: float) -> None:
        self._presence = presence
        self._frequency = frequency
        self._width = -1  # of what is read, known at the first token

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self._width < 0:
            self._width = input_ids.shape[1]
        written = input_ids[:, self._width :]
        if written.shape[1] == 0:
            return scores
        counts = torch.zeros_like(scores).scatter_add_(1, written, torch.ones_like(written, dtype=scores.dtype))
        return scores - self._presence * (counts > 0) - self._frequency * counts


@dataclass
class LogProbabilities(LogitsProcessor):
    """Notes how likely every token was at the last step; the scores pass unchanged."""

    alternatives: int
    _last: torch.Tensor | None = field(default=None, init=False)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self._last = torch.log_softmax(scores.float(), dim=-1)
        return scores

    def of(self, row: int, token: int, tokenizer: Any) -> Row:
        """Return how likely the token of a row was, and the likeliest others, in OpenAI's form."""
        assert self._last is not None  # a token was chosen from these scores
        scores = self._last[row]
        best = torch.topk(scores, min(self.alternatives, scores.shape[0])) if self.alternatives else None
        others = zip(best.indices.tolist(), best.values.tolist(), strict=True) if best else ()
        return {
            **_entry(tokenizer, token, float(scores[token])),
            "top_logprobs": [_entry(tokenizer, other, score) for other, score in others],
        }


def _entry(tokenizer: Any, token: int, score: float) -> Row:
    text = tokenizer.decode([token])
    return {"token": text, "logprob": max(score, -9999.0), "bytes": list(text.encode())}
