"""The pipelines that are saved, of models from `parts`."""

from collections.abc import Callable
from typing import Any

import parts
import transformers


def pipe(task: str, model: Any, **components: Any) -> Any:
    """A pipeline on the CPU."""
    components.setdefault("device", -1)
    return transformers.pipeline(task, model=model, **components)


def classifier() -> Any:
    model = parts.bert("ForSequenceClassification", "NEGATIVE", "NEUTRAL", "POSITIVE")
    return pipe("text-classification", model, tokenizer=parts.words())


def entities(task: str = "token-classification") -> Any:
    return pipe(task, parts.bert("ForTokenClassification", "O", "B-PER", "B-LOC"), tokenizer=parts.words())


def questions() -> Any:
    return pipe("question-answering", parts.bert("ForQuestionAnswering"), tokenizer=parts.words())


def masks() -> Any:
    return pipe("fill-mask", parts.bert("ForMaskedLM"), tokenizer=parts.words())


def zero_shot() -> Any:
    model = parts.bert("ForSequenceClassification", "contradiction", "neutral", "entailment")
    return pipe("zero-shot-classification", model, tokenizer=parts.words())


def features() -> Any:
    return pipe("feature-extraction", parts.bert("Model"), tokenizer=parts.words())


def rewriter(task: str, **changes: Any) -> Callable[[], Any]:
    return lambda: pipe(task, parts.t5(**changes), tokenizer=parts.ended_letters())


def writer(**options: Any) -> Any:
    return pipe("text-generation", parts.gpt2(), tokenizer=parts.letters(**options))


def chatter() -> Any:
    return writer(chat_template=parts.CHAT)


def talker() -> Any:
    return pipe("conversational", parts.gpt2(), tokenizer=parts.letters())


def sorter(kind: str = "ViTImageProcessor", component: str = "image_processor") -> Callable[[], Any]:
    return lambda: pipe(
        "image-classification", parts.vit("red", "green", "blue", "grey"), **{component: parts.vit_processor(kind)}
    )


def listener() -> Any:
    model = parts.listener("ForSequenceClassification", "bell", "dog", "rain")
    return pipe("audio-classification", model, feature_extractor=parts.hearing())


def speller() -> Any:
    model = parts.listener("ForCTC", vocab_size=15, pad_token_id=0)
    return pipe("automatic-speech-recognition", model, tokenizer=parts.spelling(), feature_extractor=parts.hearing())


def looker() -> Any:
    config = transformers.ViltConfig(
        vocab_size=len(parts.words()),
        max_position_embeddings=64,
        image_size=8,
        patch_size=4,
        **parts.SMALL,
        **parts.labelled("yes", "no", "london"),
    )
    model = parts.seeded(transformers.ViltForQuestionAnswering, config)
    processor = transformers.ViltImageProcessor(size={"shortest_edge": 8}, size_divisor=4)
    return pipe("visual-question-answering", model, tokenizer=parts.words(), image_processor=processor)


def captioner() -> Any:
    decoder = parts.gpt2(add_cross_attention=True, is_decoder=True).config
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(parts.vit("x").config, decoder)
    config.decoder_start_token_id = config.pad_token_id = 0
    model = parts.seeded(transformers.VisionEncoderDecoderModel, config)
    model.generation_config.update(decoder_start_token_id=0, pad_token_id=0, eos_token_id=0, do_sample=False)
    return pipe("image-to-text", model, tokenizer=parts.letters(), image_processor=parts.vit_processor())


def enlarger() -> Any:
    config = transformers.Swin2SRConfig(
        image_size=8,
        patch_size=1,
        embed_dim=4,
        depths=(1,),
        num_heads=(1,),
        window_size=4,
        mlp_ratio=1.0,
        upscale=2,
        upsampler="pixelshuffledirect",
    )
    model = parts.seeded(transformers.Swin2SRForImageSuperResolution, config)
    return pipe("image-to-image", model, image_processor=transformers.Swin2SRImageProcessor(pad_size=4))
