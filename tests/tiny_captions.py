"""Tiny seeded models that put pictures into words; see `tests/tiny_models.py`."""

from typing import Any

from transformers import (
    BertConfig,
    BlipConfig,
    BlipForConditionalGeneration,
    GitConfig,
    GitForCausalLM,
    Pipeline,
    PreTrainedModel,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)

from flavor.pipelines.image_to_text import ImageToTextPipeline
from tests.tiny_models import image_processor, seeded, word_tokenizer

WRITTEN_TOKENS = 32  # places of the decoder
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "initializer_range": 0.5,
}
_SEEN: dict[str, Any] = {"image_size": 16, "patch_size": 4}


def _pipeline(model: PreTrainedModel, tokenizer: Any) -> Pipeline:
    return ImageToTextPipeline(
        model=model, tokenizer=tokenizer, image_processor=image_processor(), task="image-to-text", device="cpu"
    )


def vision_encoder_decoder(*, seed: int = 0) -> Pipeline:
    """A ViT that sees and a BERT that writes."""
    tokenizer = word_tokenizer()
    decoder = BertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=WRITTEN_TOKENS,
        is_decoder=True,
        add_cross_attention=True,
        **_SMALL,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(ViTConfig(**_SMALL, **_SEEN), decoder)
    config.decoder_start_token_id = tokenizer.cls_token_id
    config.pad_token_id = tokenizer.pad_token_id
    model = seeded(VisionEncoderDecoderModel, config, seed=seed)
    model.generation_config.decoder_start_token_id = tokenizer.cls_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.eos_token_id = tokenizer.sep_token_id
    return _pipeline(model, tokenizer)


def blip(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    text = {
        **_SMALL,
        "vocab_size": len(tokenizer),
        "encoder_hidden_size": 32,
        "projection_dim": 32,
        "max_position_embeddings": WRITTEN_TOKENS,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config = BlipConfig(text_config=text, vision_config={**_SMALL, **_SEEN, "projection_dim": 32}, projection_dim=32)
    return _pipeline(seeded(BlipForConditionalGeneration, config, seed=seed), tokenizer)


def git(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    config = GitConfig(
        vision_config={**_SMALL, **_SEEN},
        vocab_size=len(tokenizer),
        max_position_embeddings=WRITTEN_TOKENS,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **_SMALL,
    )
    return _pipeline(seeded(GitForCausalLM, config, seed=seed), tokenizer)
