"""Tiny seeded models, made offline in well under a second: parts, the pipelines of the first tasks, and checkpoints on disk.

The weights are random but always the same, so a score may be compared, never believed. Every builder returns new objects.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    ImageClassificationPipeline,
    LlamaConfig,
    LlamaForCausalLM,
    Pipeline,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    TextClassificationPipeline,
    TextGenerationPipeline,
    TokenClassificationPipeline,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessorPil,
)

MAX_TOKENS = 64  # of the encoder and its tokenizer
CONTEXT_TOKENS = 256  # of the decoder
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'\"-_()[]{}<>/\\@#$%&*+=|~^`éüßñç"
WORDS = (
    "the",
    "a",
    "is",
    "and",
    "was",
    "soup",
    "cold",
    "waiter",
    "kind",
    "good",
    "bad",
    "sarah",
    "london",
    "paris",
    "lives",
    "in",
)
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def word_tokenizer() -> PreTrainedTokenizerFast:
    """A WordPiece tokenizer of a few words and all letters, truncating at MAX_TOKENS; unknown signs become [UNK]."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=200))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=MAX_TOKENS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def byte_tokenizer(*, chat_template: str | None = CHAT_TEMPLATE) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer that can write any text, adds <s> by itself, and has a chat template that adds <s> too."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: number for number, piece in enumerate(["<pad>", "<s>", "</s>", *letters])}
    backend = Tokenizer(models.BPE(vocabulary, [], unk_token=None))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", vocabulary["<s>"])]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=CONTEXT_TOKENS,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = chat_template
    return tokenizer


def encoder_config(tokenizer: PreTrainedTokenizerFast, labels: tuple[str, ...], **changes: Any) -> BertConfig:
    """A two-layer BERT over `tokenizer`'s vocabulary, with `labels` as its classes."""
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=37,
        max_position_embeddings=MAX_TOKENS,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **changes,
    )


def decoder_config(tokenizer: PreTrainedTokenizerFast, **changes: Any) -> LlamaConfig:
    """A two-layer Llama over `tokenizer`'s vocabulary."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=37,
        max_position_embeddings=CONTEXT_TOKENS,
        initializer_range=0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **changes,
    )


def image_processor() -> ViTImageProcessorPil:
    """To 16 by 16 pixels; the PIL backend, so torchvision is not needed."""
    return ViTImageProcessorPil(size={"height": 16, "width": 16})


def seeded(model_class: type[PreTrainedModel], config: Any, *, seed: int = 0) -> PreTrainedModel:
    """A model in evaluation mode whose weights depend on `seed` only; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model_class(config).eval()


def text_classification(
    *, labels: tuple[str, ...] = ("NEGATIVE", "NEUTRAL", "POSITIVE"), seed: int = 0, **config: Any
) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertForSequenceClassification, encoder_config(tokenizer, labels, **config), seed=seed)
    return TextClassificationPipeline(model=model, tokenizer=tokenizer, task="text-classification", device="cpu")


def token_classification(*, labels: tuple[str, ...] = ("O", "B-PER", "I-PER", "B-LOC"), seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertForTokenClassification, encoder_config(tokenizer, labels), seed=seed)
    return TokenClassificationPipeline(model=model, tokenizer=tokenizer, task="token-classification", device="cpu")


def text_generation(*, chat_template: str | None = CHAT_TEMPLATE, seed: int = 0) -> Pipeline:
    tokenizer = byte_tokenizer(chat_template=chat_template)
    model = seeded(LlamaForCausalLM, decoder_config(tokenizer), seed=seed)
    return TextGenerationPipeline(model=model, tokenizer=tokenizer, task="text-generation", device="cpu")


def image_classification(*, labels: tuple[str, ...] = tuple("0123456789"), seed: int = 0) -> Pipeline:
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=37,
        image_size=16,
        patch_size=4,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = seeded(ViTForImageClassification, config, seed=seed)
    return ImageClassificationPipeline(model=model, image_processor=image_processor(), task="image-classification", device="cpu")


def pipeline_for(kind: str, **options: Any) -> Pipeline:
    """The tiny pipeline of the builder that has the task's name: `pipeline_for("text-classification")`."""
    build: Callable[..., Pipeline] = globals()[kind.replace("-", "_")]
    return build(**options)


def save_checkpoint(kind: str, directory: str | Path, **options: Any) -> Path:
    """Write the tiny pipeline of task `kind` as `save_pretrained` does (config, safetensors, tokenizer or processor)."""
    pipeline_for(kind, **options).save_pretrained(directory)
    return Path(directory)
