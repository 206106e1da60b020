"""Tiny seeded pipelines that decide, for releases of transformers that have such; see `tests/tiny_models.py`."""

from transformers import (
    DecisionPipeline,
    JevConfig,
    JevForDecision,
    LlamaConfig,
    LlamaForCausalLM,
    Pipeline,
    PreTrainedTokenizerFast,
)
from transformers.decision import DecisionConfig

from tests.tiny_models import byte_tokenizer, decoder_config, seeded

DECISION_TOKENS = 1024


def decision(*, settings: DecisionConfig | None = None, seed: int = 0) -> Pipeline:
    """A writing model that decides by the likelihood of labels."""
    tokenizer, config = _deciding_parts()
    model = seeded(LlamaForCausalLM, config, seed=seed)
    return DecisionPipeline(model=model, tokenizer=tokenizer, decision_config=settings, task="decision", device="cpu")


def decision_head(*, settings: DecisionConfig | None = None, seed: int = 0) -> Pipeline:
    """A model that was trained to decide."""
    tokenizer, text_config = _deciding_parts()
    config = JevConfig(text_config=text_config, hidden_size=text_config.hidden_size)
    model = seeded(JevForDecision, config, seed=seed)
    return DecisionPipeline(model=model, tokenizer=tokenizer, decision_config=settings, task="decision", device="cpu")


def _deciding_parts() -> tuple[PreTrainedTokenizerFast, LlamaConfig]:
    tokenizer = byte_tokenizer()
    tokenizer.add_tokens(["Yes", "No"])  # labels are single tokens
    config = decoder_config(tokenizer)
    tokenizer.model_max_length = config.max_position_embeddings = DECISION_TOKENS
    return tokenizer, config
