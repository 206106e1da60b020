"""Tiny seeded models that answer and write about pictures, pages and sounds; see `tests/tiny_models.py`."""

from typing import Any

from tokenizers import pre_tokenizers
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    BlipConfig,
    BlipForQuestionAnswering,
    LayoutLMConfig,
    LayoutLMForQuestionAnswering,
    LayoutLMv3Config,
    LayoutLMv3ForQuestionAnswering,
    LayoutLMv3ImageProcessorPil,
    LayoutLMv3Tokenizer,
    OPTConfig,
    Pipeline,
    ViltConfig,
    ViltForQuestionAnswering,
    ViltImageProcessorPil,
)

from flavor.pipelines.document_question_answering import DocumentQuestionAnsweringPipeline
from flavor.pipelines.visual_question_answering import VisualQuestionAnsweringPipeline
from tests.tiny_models import MAX_TOKENS, byte_tokenizer, image_processor, seeded, word_tokenizer

WRITTEN_TOKENS = 32  # places of decoders
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "initializer_range": 0.5,
}
_SEEN: dict[str, Any] = {"image_size": 16, "patch_size": 4}


def _questions(model: Any, tokenizer: Any, processor: Any) -> Pipeline:
    return VisualQuestionAnsweringPipeline(
        model=model, tokenizer=tokenizer, image_processor=processor, task="visual-question-answering", device="cpu"
    )


def vilt(*, answers: tuple[str, ...] = ("a tree", "a dog", "2", "yes"), seed: int = 0) -> Pipeline:
    """Chooses among answers that it knows."""
    tokenizer = word_tokenizer()
    config = ViltConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=MAX_TOKENS,
        image_size=32,
        patch_size=8,
        max_image_length=-1,
        id2label=dict(enumerate(answers)),
        label2id={answer: number for number, answer in enumerate(answers)},
        **_SMALL,
    )
    processor = ViltImageProcessorPil(size={"shortest_edge": 32}, size_divisor=8)
    return _questions(seeded(ViltForQuestionAnswering, config, seed=seed), tokenizer, processor)


def blip_questions(*, seed: int = 0) -> Pipeline:
    """Reads the question with an encoder and writes the answer."""
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
    return _questions(seeded(BlipForQuestionAnswering, config, seed=seed), tokenizer, image_processor())


def blip2_questions(*, seed: int = 0) -> Pipeline:
    """Goes on from places for the picture and the question."""
    tokenizer = byte_tokenizer(chat_template=None)
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    text = OPTConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        ffn_dim=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        word_embed_proj_dim=32,
        max_position_embeddings=96,
        init_std=0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = Blip2Config(
        vision_config={**_SMALL, **_SEEN},
        qformer_config={**_SMALL, "vocab_size": 8, "encoder_hidden_size": 32},
        text_config=text.to_dict(),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _questions(seeded(Blip2ForConditionalGeneration, config, seed=seed), tokenizer, image_processor())


def layoutlm(*, seed: int = 0) -> Pipeline:
    """Reads the words of a page and where they stand."""
    tokenizer = word_tokenizer()
    config = LayoutLMConfig(vocab_size=len(tokenizer), max_position_embeddings=MAX_TOKENS, **_SMALL)
    model = seeded(LayoutLMForQuestionAnswering, config, seed=seed)
    return DocumentQuestionAnsweringPipeline(model=model, tokenizer=tokenizer, task="document-question-answering", device="cpu")


def layoutlmv3(*, seed: int = 0) -> Pipeline:
    """Looks at the page as well; its processor would call tesseract if it were let."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: place for place, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *letters])}
    tokenizer = LayoutLMv3Tokenizer(vocab=vocabulary, merges=[], model_max_length=128)
    config = LayoutLMv3Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=130,
        coordinate_size=4,
        shape_size=4,
        has_relative_attention_bias=False,
        has_spatial_attention_bias=False,
        input_size=16,
        patch_size=4,
        pad_token_id=1,
        **{**_SMALL, "hidden_size": 24},
    )
    processor = LayoutLMv3ImageProcessorPil(size={"height": 16, "width": 16})
    return DocumentQuestionAnsweringPipeline(
        model=seeded(LayoutLMv3ForQuestionAnswering, config, seed=seed),
        tokenizer=tokenizer,
        image_processor=processor,
        task="document-question-answering",
        device="cpu",
    )
