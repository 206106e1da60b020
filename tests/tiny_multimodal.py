"""Tiny seeded models that answer and write about pictures, pages and sounds; see `tests/tiny_models.py`."""

from typing import Any

from tokenizers import pre_tokenizers
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    BlipProcessor,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    DonutImageProcessorPil,
    DonutSwinConfig,
    GenerationConfig,
    JanusConfig,
    JanusForConditionalGeneration,
    JanusImageProcessorPil,
    JanusProcessor,
    JanusVisionConfig,
    JanusVQVAEConfig,
    LayoutLMConfig,
    LayoutLMForQuestionAnswering,
    LayoutLMv3Config,
    LayoutLMv3ForQuestionAnswering,
    LayoutLMv3ImageProcessorPil,
    LayoutLMv3Tokenizer,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    MBartConfig,
    OPTConfig,
    Pipeline,
    Qwen2AudioConfig,
    Qwen2AudioEncoderConfig,
    Qwen2AudioForConditionalGeneration,
    Qwen2AudioProcessor,
    Qwen2Config,
    ViltConfig,
    ViltForQuestionAnswering,
    ViltImageProcessorPil,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    WhisperFeatureExtractor,
)

from flavor.pipelines.any_to_any import AnyToAnyPipeline
from flavor.pipelines.document_question_answering import DocumentQuestionAnsweringPipeline
from flavor.pipelines.image_text_to_text import ImageTextToTextPipeline
from flavor.pipelines.visual_question_answering import VisualQuestionAnsweringPipeline
from tests.tiny_models import MAX_TOKENS, byte_tokenizer, decoder_config, image_processor, seeded, word_tokenizer

WRITTEN_TOKENS = 32  # places of decoders
_SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 37,
    "initializer_range": 0.5,
}
_SEEN: dict[str, Any] = {"image_size": 16, "patch_size": 4}
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<{{ part['type'] }}>{% endif %}{% endfor %}"
    "{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


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


def _blip_config(tokenizer: Any) -> BlipConfig:
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
    return BlipConfig(text_config=text, vision_config={**_SMALL, **_SEEN, "projection_dim": 32}, projection_dim=32)


def blip_questions(*, seed: int = 0) -> Pipeline:
    """Reads the question with an encoder and writes the answer."""
    tokenizer = word_tokenizer()
    config = _blip_config(tokenizer)
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


def donut(*, seed: int = 0) -> Pipeline:
    """Sees the page and writes the answer, whose last token is the one that ends it."""
    tokenizer = byte_tokenizer(chat_template=None)
    marks = ["<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>", "</s_answer>"]
    tokenizer.add_tokens(marks, special_tokens=True)
    decoder = MBartConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=32,
        max_position_embeddings=128,
        init_std=0.5,
        is_decoder=True,
        add_cross_attention=True,
    )
    seeing = DonutSwinConfig(image_size=(32, 32), patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(seeing, decoder)
    model = seeded(VisionEncoderDecoderModel, config, seed=seed)
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.decoder_start_token_id = tokenizer.bos_token_id
    model.generation_config.forced_eos_token_id = tokenizer.convert_tokens_to_ids("</s_answer>")
    return DocumentQuestionAnsweringPipeline(
        model=model,
        tokenizer=tokenizer,
        image_processor=DonutImageProcessorPil(size={"height": 32, "width": 32}),
        task="document-question-answering",
        device="cpu",
    )


def llava(*, chat_template: str | None = CHAT_TEMPLATE, seed: int = 0) -> Pipeline:
    """Goes on from texts with images in them; the processor puts each where a token of the text says."""
    tokenizer = byte_tokenizer(chat_template=None)
    tokenizer.add_tokens(["<image>"], special_tokens=True)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_SMALL, **_SEEN),
        text_config=decoder_config(tokenizer),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}),
        tokenizer=tokenizer,
        patch_size=4,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat_template,
    )
    model = seeded(LlavaForConditionalGeneration, config, seed=seed)
    return ImageTextToTextPipeline(model=model, processor=processor, task="image-text-to-text", device="cpu")


def blip_captions(*, seed: int = 0) -> Pipeline:
    """Goes on from the first words of a caption; its image has no place among them."""
    tokenizer = word_tokenizer()
    config = _blip_config(tokenizer)
    processor = BlipProcessor(image_processor=image_processor(), tokenizer=tokenizer)
    model = seeded(BlipForConditionalGeneration, config, seed=seed)
    return ImageTextToTextPipeline(model=model, processor=processor, task="image-text-to-text", device="cpu")


def llava_any(*, seed: int = 0) -> Pipeline:
    """The same model for the task that reads anything."""
    seeing = llava(seed=seed)
    return AnyToAnyPipeline(model=seeing.model, processor=seeing.processor, task="any-to-any", device="cpu")


def qwen2_audio(*, seed: int = 0) -> Pipeline:
    """Goes on from texts with sounds of up to two seconds in them."""
    tokenizer = byte_tokenizer(chat_template=None)
    tokenizer.add_tokens(["<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"], special_tokens=True)
    config = Qwen2AudioConfig(
        audio_config=Qwen2AudioEncoderConfig(
            num_mel_bins=16,
            encoder_layers=1,
            encoder_attention_heads=2,
            encoder_ffn_dim=16,
            d_model=16,
            max_source_positions=100,
            initializer_range=0.5,
        ),
        text_config=Qwen2Config(
            **_SMALL,
            vocab_size=len(tokenizer),
            num_key_value_heads=2,
            max_position_embeddings=256,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ),
        audio_token_index=tokenizer.convert_tokens_to_ids("<|AUDIO|>"),
    )
    extractor = WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    template = CHAT_TEMPLATE.replace("<{{ part['type'] }}>", "<|audio_bos|><|AUDIO|><|audio_eos|>")
    processor = Qwen2AudioProcessor(feature_extractor=extractor, tokenizer=tokenizer, chat_template=template)
    model = seeded(Qwen2AudioForConditionalGeneration, config, seed=seed)
    return AnyToAnyPipeline(model=model, processor=processor, task="any-to-any", device="cpu")


def janus(*, seed: int = 0) -> Pipeline:
    """Answers with words, or with an image of 16 by 16 pixels."""
    tokenizer = byte_tokenizer(chat_template=None)
    special = {"image_token": "<image>", "boi_token": "<boi>", "eoi_token": "<eoi>"}
    tokenizer.add_tokens(list(special.values()), special_tokens=True)
    tokenizer._set_model_specific_special_tokens(special)
    config = JanusConfig(
        text_config=decoder_config(tokenizer),
        vision_config=JanusVisionConfig(
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=4,
            image_size=16,
            patch_size=4,
            projection_dim=32,
            num_image_tokens=16,
            depth=1,
        ),
        vq_config=JanusVQVAEConfig(
            embed_dim=4,
            num_embeddings=32,
            latent_channels=32,
            base_channels=32,
            channel_multiplier=[1, 1, 1],
            num_res_blocks=1,
            projection_dim=32,
            num_hidden_layers=1,
            image_token_embed_dim=32,
        ),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    processor = JanusProcessor(
        image_processor=JanusImageProcessorPil(size={"height": 16, "width": 16}, min_size=4),
        tokenizer=tokenizer,
        chat_template=CHAT_TEMPLATE,
        num_image_tokens=16,
    )
    model = seeded(JanusForConditionalGeneration, config, seed=seed)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        generation_kwargs={"boi_token_id": tokenizer.convert_tokens_to_ids("<boi>")},
    )
    return AnyToAnyPipeline(model=model, processor=processor, task="any-to-any", device="cpu")
