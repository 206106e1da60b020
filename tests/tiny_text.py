"""Tiny seeded pipelines of the text tasks beyond the first: see `tests/tiny_models.py`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    FeatureExtractionPipeline,
    FillMaskPipeline,
    GPT2Config,
    GPT2Model,
    Pipeline,
    TableQuestionAnsweringPipeline,
    TapasConfig,
    TapasForQuestionAnswering,
    TapasTokenizer,
    ZeroShotClassificationPipeline,
)

from flavor.pipelines.question_answering import QuestionAnsweringPipeline
from tests.tiny_models import (
    CONTEXT_TOKENS,
    LETTERS,
    WORDS,
    byte_tokenizer,
    encoder_config,
    seeded,
    word_tokenizer,
)


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


def question_answering(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertForQuestionAnswering, encoder_config(tokenizer, ("LABEL_0", "LABEL_1")), seed=seed)
    return QuestionAnsweringPipeline(model=model, tokenizer=tokenizer, task="question-answering", device="cpu")


def feature_extraction(*, seed: int = 0) -> Pipeline:
    tokenizer = word_tokenizer()
    model = seeded(BertModel, encoder_config(tokenizer, ("LABEL_0",)), seed=seed)
    return FeatureExtractionPipeline(model=model, tokenizer=tokenizer, task="feature-extraction", device="cpu")


def decoder_features(*, pads: bool = True) -> Pipeline:
    """Features of a model that continues texts: positions are counted from the left, and some have no padding token."""
    tokenizer = byte_tokenizer()
    tokenizer.padding_side = "left"
    if not pads:
        tokenizer.pad_token = None
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=CONTEXT_TOKENS, n_embd=32, n_layer=2, n_head=4, initializer_range=0.5
    )
    model = seeded(GPT2Model, config)
    return FeatureExtractionPipeline(model=model, tokenizer=tokenizer, task="feature-extraction", device="cpu")


TABLE_TOKENS = 128
AGGREGATORS = ("NONE", "SUM", "AVERAGE", "COUNT")


def table_tokenizer(**options: Any) -> TapasTokenizer:
    """TAPAS reads its vocabulary from a file only."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[EMPTY]", *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(dict.fromkeys(pieces)), encoding="utf-8")
        return TapasTokenizer(str(path), model_max_length=TABLE_TOKENS, **options)


def table_question_answering(*, aggregators: tuple[str, ...] = AGGREGATORS, seed: int = 0) -> Pipeline:
    tokenizer = table_tokenizer()
    config = TapasConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=37,
        max_position_embeddings=TABLE_TOKENS,
        initializer_range=0.5,
        num_aggregation_labels=len(aggregators),
        aggregation_labels=dict(enumerate(aggregators)),
        no_aggregation_label_index=0,
    )
    model = seeded(TapasForQuestionAnswering, config, seed=seed)
    return TableQuestionAnsweringPipeline(model=model, tokenizer=tokenizer, task="table-question-answering", device="cpu")
