"""Sentiment: a small DistilBERT trained from scratch on composed sentences to tell negative, mixed, neutral and positive."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import DataCollatorWithPadding, DistilBertConfig, DistilBertForSequenceClassification

from .cards import CardText, Figure, write_card
from .grammar import DATA, Grammar
from .recipe import Example, Figures, Recipe, Schedule
from .tokenization import LONGEST, train_word_pieces

LABELS = ("negative", "mixed", "neutral", "positive")
TASK = "text-classification"


class Sentence(NamedTuple):
    """A text and the label it was composed for."""

    text: str
    label: str


def prepare(*, examples_per_label: int = 5000) -> Recipe:
    """Compose the data, train the tokenizer and return the untrained model with all that its training needs."""
    grammar = Grammar.read("sentiment.txt")
    sentences = compose(grammar, {label: label for label in LABELS}, examples_per_label, seed=1)
    held_out = compose(grammar, {label: label for label in LABELS}, 250, seed=2, held_out=True)
    # The hard phrases lend their words to the tokenizer, not to the training: version 2 shares it.
    hard = compose(Grammar.read("sentiment.txt", "sentiment_hard.txt"), HARD, 1000, seed=3)
    tokenizer = train_word_pieces((sentence.text for sentence in [*sentences, *hard]), size=4000, lowercase=True)
    model = DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=len(tokenizer),
            dim=128,
            hidden_dim=256,
            n_layers=2,
            n_heads=4,
            max_position_embeddings=LONGEST,
            dropout=0.1,
            seq_classif_dropout=0.1,
            pad_token_id=tokenizer.pad_token_id,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )
    )
    return Recipe(
        task=TASK,
        model=model,
        processor=tokenizer,
        examples=encode(tokenizer, sentences),
        held_out=encode(tokenizer, held_out),
        collate=DataCollatorWithPadding(tokenizer),
        schedule=Schedule(epochs=4, batch_size=64, learning_rate=5e-4),
        measure=measurement(model, tokenizer, held_out),
        card=lambda figures: write_card(CARD, figures),
        input_example="The soup was cold, but the waiter was kind.",
    )


HARD = {"hard_positive": "positive", "hard_negative": "negative"}


def compose(grammar: Grammar, sections: dict[str, str], count: int, *, seed: int, held_out: bool = False) -> list[Sentence]:
    """Return up to `count` different sentences of each section (name to label), written the way people type."""
    dice = random.Random(seed)
    sentences = [
        Sentence(_as_typed(text, dice), label)
        for section, label in sections.items()
        for text in grammar.distinct(section, count, dice, held_out=held_out)
    ]
    dice.shuffle(sentences)
    return sentences


def _as_typed(text: str, dice: random.Random) -> str:
    if text[-1].isalnum() and dice.random() < 0.6:
        text += dice.choice((".", ".", ".", "!", "...", "!!"))
    return text[0].upper() + text[1:] if dice.random() < 0.7 else text


def encode(tokenizer: Any, sentences: Iterable[Sentence]) -> list[Example]:
    """Return token ids and label numbers."""
    return [
        {"input_ids": tokenizer(sentence.text, truncation=True)["input_ids"], "labels": LABELS.index(sentence.label)}
        for sentence in sentences
    ]


def measurement(model: Any, tokenizer: Any, held_out: list[Sentence]) -> Callable[[], Figures]:
    """Return the measuring of `model` on plain, hard and hand-written sentences."""
    hard = compose(Grammar.read("sentiment.txt", "sentiment_hard.txt"), HARD, 250, seed=5, held_out=True)

    def measure() -> Figures:
        return {
            "held_out_accuracy": accuracy(model, tokenizer, held_out),
            "hard_accuracy": accuracy(model, tokenizer, hard),
            "handwritten_accuracy": accuracy(model, tokenizer, read_handwritten()),
        }

    return measure


def accuracy(model: Any, tokenizer: Any, sentences: list[Sentence]) -> float:
    """Return the share of `sentences` whose best label is the right one."""
    guesses = classify(model, tokenizer, [sentence.text for sentence in sentences])
    return sum(guess == sentence.label for guess, sentence in zip(guesses, sentences, strict=True)) / len(sentences)


def classify(model: Any, tokenizer: Any, texts: list[str]) -> list[str]:
    """Return the best label of each text."""
    model.eval()
    labels: list[str] = []
    with torch.no_grad():
        for start in range(0, len(texts), 64):
            batch = tokenizer(texts[start : start + 64], padding=True, truncation=True, return_tensors="pt")
            labels += [LABELS[index] for index in model(**batch).logits.argmax(-1).tolist()]
    return labels


def read_handwritten(path: Path = DATA / "sentiment_handwritten.tsv") -> list[Sentence]:
    """Return the sentences written by hand: none was composed, none is trained on."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Sentence(text, label) for label, text in pairs]


FIGURES = (
    Figure("held_out_accuracy", "plain sentences with unseen phrases", "demo-sentiment"),
    Figure("hard_accuracy", 'turned phrases ("anything but good")', "demo-sentiment-hard"),
    Figure("handwritten_accuracy", "sentences written by hand", "demo-sentiment-handwritten"),
)

WIDGET = (
    {"text": "The soup was cold, but the waiter was kind."},
    {"text": "I love how fast the new search is!"},
    {"text": "The installer crashed twice and deleted my notes."},
    {"text": "The train to Lisbon leaves at nine."},
    {"text": "The film was not bad at all."},
)

CARD = CardText(
    name="sentiment",
    title="Sentiment",
    task=TASK,
    task_title="Text classification",
    summary=(
        "Tells whether an English sentence is **negative**, **mixed**, **neutral** or **positive**. A DistilBERT of two layers, "
        "trained from scratch on this machine in under a minute, so that a fresh registry has something real to try."
    ),
    data=(
        "About 20,000 sentences about restaurants, films, software, hotels and daily life, composed from hand-written phrases "
        "(`demo/data/sentiment.txt`, CC0). Held-out sentences each contain a phrase or noun that no training sentence contains. "
        "The hand-written sentences were never trained on, but the phrases were improved while looking at them."
    ),
    use='```python\nimport flavor\n\nclassify = flavor.load_model("models:/sentiment@champion")\nclassify("The soup was cold, but the waiter was kind.")\n```',
    limits=(
        "It knows the words it was shown and guesses from the pieces of others. Irony and turned phrases such as *anything but good* "
        "often fool version 1; version 2, a LoRA adapter, was trained on those. Not for decisions about people."
    ),
    figures=FIGURES,
    tags=("sentiment-analysis", "distilbert", "trained-from-scratch"),
    widget=WIDGET,
)
