"""Translator: a small Marian trained from scratch to put simple English sentences into French."""

from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import processors
from transformers import DataCollatorForSeq2Seq, GenerationConfig, MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from .bilingual import compose
from .cards import CardText, Figure, write_card
from .lexicon import Pair, read_words
from .recipe import Example, Figures, Recipe, Schedule
from .tokenization import train_byte_pairs

TASK = "translation_en_to_fr"
LONGEST = 64  # tokens of a sentence
WIDTH = 128
PAD, END = "<pad>", "</s>"


def prepare(*, sentences: int = 20_000) -> Recipe:
    """Compose the sentences, train the tokenizer and return the untrained model with all that its training needs."""
    training = compose(sentences, seed=1)
    held_out = compose(300, seed=2, held_out=True)
    tokenizer = train_tokenizer(training)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=len(tokenizer),
            d_model=WIDTH,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=2 * WIDTH,
            decoder_ffn_dim=2 * WIDTH,
            max_position_embeddings=LONGEST,
            dropout=0.0,
            activation_function="gelu",
            scale_embedding=True,
            init_std=WIDTH**-0.5,  # Marian's own 0.02 drowns words in their places, and takes twice as long to learn
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            forced_eos_token_id=None,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )
    model.generation_config = GenerationConfig(
        max_new_tokens=LONGEST - 1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )

    def measure() -> Figures:
        return {
            "held_out_exact": share_right(model, tokenizer, held_out),
            "handwritten_exact": share_right(model, tokenizer, read_words().handwritten),
        }

    return Recipe(
        task=TASK,
        model=model,
        processor=tokenizer,
        examples=encode(tokenizer, training),
        held_out=encode(tokenizer, held_out),
        collate=DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=-100),
        schedule=Schedule(epochs=2, batch_size=48, learning_rate=1.5e-3, warmup_steps=100),
        measure=measure,
        card=lambda figures: write_card(CARD, figures),
        input_example="The house is small and the garden is green.",
        as_components=True,
        model_config={"num_beams": 1},
    )


def train_tokenizer(pairs: Sequence[Pair]) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer of both languages that ends every text with the end token."""
    tokenizer = train_byte_pairs(
        (text for pair in pairs for text in pair),
        size=3000,  # enough for every word of the list to be one token
        special=[PAD, END],
        pad_token=PAD,
        eos_token=END,
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, tokenizer.eos_token_id)]
    )
    return tokenizer


def encode(tokenizer: Any, pairs: Sequence[Pair]) -> list[Example]:
    """Return token ids of the English sentence, and of the French one as labels."""
    english = tokenizer([pair.english for pair in pairs], truncation=True)["input_ids"]
    french = tokenizer([pair.french for pair in pairs], truncation=True)["input_ids"]
    return [{"input_ids": ids, "labels": labels} for ids, labels in zip(english, french, strict=True)]


def translate(model: Any, tokenizer: Any, texts: Sequence[str]) -> list[str]:
    """Return the likeliest translation of each text."""
    model.eval()
    read = tokenizer(list(texts), return_tensors="pt", padding=True, truncation=True, return_token_type_ids=False)
    with torch.no_grad():
        written = model.generate(**read)
    return list(tokenizer.batch_decode(written, skip_special_tokens=True))


def share_right(model: Any, tokenizer: Any, pairs: Sequence[Pair]) -> float:
    """Return the share of sentences that are translated word for word as they should be."""
    found = translate(model, tokenizer, [pair.english for pair in pairs])
    return sum(text == pair.french for text, pair in zip(found, pairs, strict=True)) / len(pairs)


CARD = CardText(
    name="translator",
    title="Translator, English to French",
    task=TASK,
    task_title="Translation, English to French",
    summary=(
        "Puts simple English sentences into French, with genders, plurals and elisions as they should be. A Marian with two layers and "
        "about a million parameters, trained from scratch on this machine in about a minute."
    ),
    data=(
        "20,000 pairs of sentences, composed from a hand-written word list of about 150 words with the grammar of both languages "
        "(`demo/data/translator.txt` and `demo/bilingual.py`, CC0). One in eight pairs of words that go together, such as *red* and "
        "*door* or *wash* and *key*, is kept back: every held-out sentence has at least one that no training sentence has."
    ),
    use=(
        '```python\nimport flavor\n\ntranslator = flavor.load_model("models:/translator@champion")\n'
        'translator("The cat is black.")\n```'
    ),
    limits="It knows the words of its list and no others, in sentences like those of its data. What else is said it makes up.",
    figures=(
        Figure("held_out_exact", "sentences with unseen pairs of words", "demo-translator", "exact match"),
        Figure("handwritten_exact", "sentences written by hand", "demo-translator", "exact match"),
    ),
    tags=("translation", "marian", "trained-from-scratch"),
    widget=(
        {"text": "The house is small and the garden is green."},
        {"text": "My name is Sarah and I live in London."},
        {"text": "Do you know the queen?"},
        {"text": "The children eat the apples in the garden."},
        {"text": "They cannot open the window."},
    ),
    extra={"language": ["en", "fr"]},
)
