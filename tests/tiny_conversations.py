"""Tiny seeded models that answer what is said; see `tests/tiny_models.py`."""

from typing import Any

from transformers import LlamaForCausalLM, Pipeline, PreTrainedModel

from flavor.pipelines.conversational import ConversationalPipeline
from tests.tiny_models import CHAT_TEMPLATE, byte_tokenizer, decoder_config, seeded
from tests.tiny_text_to_text import ending_tokenizer, t5


def _pipeline(model: PreTrainedModel, tokenizer: Any) -> Pipeline:
    return ConversationalPipeline(model=model, tokenizer=tokenizer, task="conversational", device="cpu")


def conversational(*, chat_template: str | None = CHAT_TEMPLATE, seed: int = 0) -> Pipeline:
    tokenizer = byte_tokenizer(chat_template=chat_template)
    return _pipeline(seeded(LlamaForCausalLM, decoder_config(tokenizer), seed=seed), tokenizer)


def conversational_by_encoder(*, seed: int = 0) -> Pipeline:
    """A model that reads what was said with an encoder, as BlenderBot does."""
    tokenizer = ending_tokenizer()
    return _pipeline(t5(tokenizer, seed=seed), tokenizer)
