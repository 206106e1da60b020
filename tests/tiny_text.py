"""Tiny seeded pipelines of the text tasks beyond the first: see `tests/tiny_models.py`."""

from typing import Any

from transformers import (
    BertForMaskedLM,
    BertForSequenceClassification,
    FillMaskPipeline,
    Pipeline,
    ZeroShotClassificationPipeline,
)

from tests.tiny_models import encoder_config, seeded, word_tokenizer


def fill_mask(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertForMaskedLM, encoder_config(tokenizer, ("LABEL_0",)), seed=seed)
    return FillMaskPipeline(model=model, tokenizer=tokenizer, task="fill-mask", device="cpu")


def zero_shot_classification(
    *, labels: tuple[str, ...] = ("contradiction", "neutral", "entailment"), seed: int = 0, **config: Any
) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertForSequenceClassification, encoder_config(tokenizer, labels, **config), seed=seed)
    return ZeroShotClassificationPipeline(model=model, tokenizer=tokenizer, task="zero-shot-classification", device="cpu")
