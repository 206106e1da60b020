"""Tiny seeded models that read one text and write another; see `tests/tiny_models.py`."""

from typing import Any

from tokenizers import processors
from transformers import (
    MarianConfig,
    MarianMTModel,
    MBart50Tokenizer,
    MBartConfig,
    MBartForConditionalGeneration,
    Pipeline,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from flavor.pipelines.summarization import SummarizationPipeline
from flavor.pipelines.text2text_generation import Text2TextGenerationPipeline
from flavor.pipelines.translation import TranslationPipeline
from tests.tiny_models import byte_tokenizer, seeded

READ_TOKENS = 128  # of every tiny model's encoder


def ending_tokenizer() -> PreTrainedTokenizerFast:
    """The byte-level tokenizer with </s> behind every text, as encoders want it."""
    tokenizer = byte_tokenizer(chat_template=None)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", tokenizer.eos_token_id)]
    )
    tokenizer.model_max_length = READ_TOKENS
    return tokenizer


def t5(tokenizer: PreTrainedTokenizerFast, *, seed: int = 0, **changes: Any) -> T5ForConditionalGeneration:
    """A two-layer T5, which reaches any distance."""
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        initializer_factor=2.0,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        **changes,
    )
    return seeded(T5ForConditionalGeneration, config, seed=seed)


def marian(tokenizer: PreTrainedTokenizerFast, *, positions: int = READ_TOKENS, seed: int = 0, **changes: Any) -> MarianMTModel:
    """A two-layer Marian, which reads and writes `positions` tokens."""
    config = MarianConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=37,
        decoder_ffn_dim=37,
        max_position_embeddings=positions,
        init_std=0.5,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
        decoder_start_token_id=tokenizer.pad_token_id,
        **changes,
    )
    return seeded(MarianMTModel, config, seed=seed)


def text2text_generation(**changes: Any) -> Pipeline:
    tokenizer = ending_tokenizer()
    return Text2TextGenerationPipeline(
        model=t5(tokenizer, **changes), tokenizer=tokenizer, task="text2text-generation", device="cpu"
    )


def summarization(**changes: Any) -> Pipeline:
    tokenizer = ending_tokenizer()
    return SummarizationPipeline(model=t5(tokenizer, **changes), tokenizer=tokenizer, task="summarization", device="cpu")


def translation(*, task: str = "translation", **changes: Any) -> Pipeline:
    tokenizer = ending_tokenizer()
    return TranslationPipeline(model=t5(tokenizer, **changes), tokenizer=tokenizer, task=task, device="cpu")


def translation_by_marian(*, task: str = "translation", **changes: Any) -> Pipeline:
    tokenizer = ending_tokenizer()
    return TranslationPipeline(model=marian(tokenizer, **changes), tokenizer=tokenizer, task=task, device="cpu")


def translation_of_languages(*, seed: int = 0) -> Pipeline:
    """An mBART, which is told from and into which of its languages."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁the", "▁a", "▁house", *"abcdefghijklmnopqrstuvwxyz."]
    tokenizer = MBart50Tokenizer(vocab=[(piece, -float(number)) for number, piece in enumerate(pieces)])
    config = MBartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=37,
        decoder_ffn_dim=37,
        max_position_embeddings=READ_TOKENS,
        init_std=0.5,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=None,
    )
    model = seeded(MBartForConditionalGeneration, config, seed=seed)
    return TranslationPipeline(model=model, tokenizer=tokenizer, task="translation", device="cpu")
