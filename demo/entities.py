"""Entities: a small DistilBERT trained from scratch to find people, places, organisations and dates in a sentence."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from transformers import DataCollatorForTokenClassification, DistilBertConfig, DistilBertForTokenClassification

from .cards import CardText, Figure, write_card
from .grammar import DATA, Grammar, tidy
from .recipe import Example, Figures, Recipe, Schedule
from .tokenization import LONGEST, add_whole_words, train_word_pieces

KINDS = ("PER", "ORG", "LOC", "DATE")
LABELS = ("O", *(f"{place}-{kind}" for kind in KINDS for place in "BI"))
TASK = "token-classification"

# What a section of the grammar is when it is not part of another one.
_KIND_OF_SECTION = {
    **dict.fromkeys(("person", "first", "last"), "PER"),
    **dict.fromkeys(("organisation", "company", "body"), "ORG"),
    **dict.fromkeys(("place", "city", "country"), "LOC"),
    **dict.fromkeys(("exact", "year", "near", "nearpart", "month", "monthyear", "weekday"), "DATE"),
}
_MARKED = re.compile(r"\[([^|\]]+)\|(\w+)\]")


class Span(NamedTuple):
    """An entity: where it starts and ends in the text, and what it is."""

    start: int
    end: int
    kind: str


class Sentence(NamedTuple):
    """A text and the entities in it."""

    text: str
    spans: tuple[Span, ...]


def prepare(*, sentences: int = 14_000) -> Recipe:
    """Compose the data, train the tokenizer and return the untrained model with all that its training needs."""
    grammar = Grammar.read("entities.txt")
    training = compose(grammar, sentences, seed=1)
    held_out = compose(grammar, 800, seed=2, held_out=True)
    pieces = train_word_pieces(_tokenizer_texts(training), size=2500, lowercase=False)
    tokenizer = add_whole_words(pieces, _names(training), lowercase=False)
    model = DistilBertForTokenClassification(
        DistilBertConfig(
            vocab_size=len(tokenizer),
            dim=128,
            hidden_dim=256,
            n_layers=2,
            n_heads=4,
            max_position_embeddings=LONGEST,
            pad_token_id=tokenizer.pad_token_id,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )
    )

    def measure() -> Figures:
        handwritten = read_handwritten()
        return {
            "held_out_f1": span_f1(held_out, find_spans(model, tokenizer, [sentence.text for sentence in held_out])),
            "handwritten_f1": span_f1(handwritten, find_spans(model, tokenizer, [sentence.text for sentence in handwritten])),
        }

    return Recipe(
        task=TASK,
        model=model,
        processor=tokenizer,
        # Half of the sentences show known names as pieces, or the model would never learn to read the pieces of unknown ones.
        examples=encode(tokenizer, training[::2]) + encode(pieces, training[1::2]),
        held_out=encode(tokenizer, held_out),
        collate=DataCollatorForTokenClassification(tokenizer),
        schedule=Schedule(epochs=4, batch_size=64, learning_rate=1e-3),
        measure=measure,
        card=lambda figures: write_card(CARD, figures),
        model_config={"aggregation_strategy": "first"},
        input_example="Sarah from London works at Siemens.",
    )


def compose(grammar: Grammar, count: int, *, seed: int, held_out: bool = False) -> list[Sentence]:
    """Return `count` different sentences, some of them all in small letters as people type them."""
    dice = random.Random(seed)
    marked: dict[str, None] = {}
    while len(marked) < count:
        pieces = grammar.pieces("sentence", dice, held_out=held_out)
        text = tidy("".join(_mark(kind, "".join(texts)) for kind, texts in _by_kind(pieces)))
        marked[_as_typed(text, dice)] = None
    return [parse(text) for text in marked]


def _by_kind(pieces: Iterable[Any]) -> Iterable[tuple[str | None, list[str]]]:
    kinds = (
        (next((_KIND_OF_SECTION[name] for name in piece.path if name in _KIND_OF_SECTION), None), piece.text) for piece in pieces
    )
    for kind, group in itertools.groupby(kinds, key=lambda pair: pair[0]):
        yield kind, [text for _, text in group]


def _mark(kind: str | None, text: str) -> str:
    return f"[{text}|{kind}]" if kind else text


def _as_typed(text: str, dice: random.Random) -> str:
    if text[-1] not in ".?!" and dice.random() < 0.6:
        text += "."
    if dice.random() < 0.03:
        return _MARKED.sub(lambda match: f"[{match[1].lower()}|{match[2]}]", text)
    first = text.find("[") + 1 if text.startswith("[") else 0
    return text[:first] + text[first].upper() + text[first + 1 :]


def parse(marked: str) -> Sentence:
    """Read a sentence with its entities in brackets: "[Sarah|PER] from [London|LOC]"."""
    text, spans, end = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[end : match.start()]
        spans.append(Span(len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        end = match.end()
    return Sentence(text + marked[end:], tuple(spans))


def read_handwritten() -> list[Sentence]:
    """Return the sentences written by hand: none was composed, none is trained on."""
    lines = (DATA / "entities_handwritten.tsv").read_text(encoding="utf-8").splitlines()
    return [parse(line) for line in lines if line and not line.startswith("#")]


def _tokenizer_texts(sentences: list[Sentence]) -> Iterable[str]:
    """Yield the texts without their names, then every name once: common words stay whole, names fall into pieces."""
    for sentence in sentences:
        text = sentence.text
        for span in reversed(sentence.spans):
            text = text[: span.start] + text[span.end :]
        yield text
    yield from sorted({text[span.start : span.end] for text, spans in sentences for span in spans})


def _names(sentences: list[Sentence], *, at_least: int = 8) -> list[str]:
    """Return the words that occur often within names."""
    words = Counter(
        word for text, spans in sentences for span in spans for word in re.findall(r"\w+", text[span.start : span.end])
    )
    return [word for word, count in words.most_common() if count >= at_least]


def encode(tokenizer: Any, sentences: Iterable[Sentence]) -> list[Example]:
    """Return token ids and a label for every token; -100 for the special ones."""
    return [_encode_one(tokenizer, sentence) for sentence in sentences]


def _encode_one(tokenizer: Any, sentence: Sentence) -> Example:
    encoded = tokenizer(sentence.text, truncation=True, return_offsets_mapping=True)
    labels = [_label_of(start, end, sentence.spans) for start, end in encoded["offset_mapping"]]
    return {"input_ids": encoded["input_ids"], "labels": labels}


def _label_of(start: int, end: int, spans: tuple[Span, ...]) -> int:
    if start == end:
        return -100
    for span in spans:
        if span.start <= start < span.end:
            return LABELS.index(f"{'B' if start == span.start else 'I'}-{span.kind}")
    return 0


def find_spans(model: Any, tokenizer: Any, texts: list[str]) -> list[list[Span]]:
    """Return the entities found in each text; a word is what its first piece is."""
    model.eval()
    found = []
    for text in texts:
        encoded = tokenizer(text, truncation=True, return_offsets_mapping=True, return_tensors="pt")
        offsets = encoded.pop("offset_mapping")[0].tolist()
        with torch.no_grad():
            guesses = [LABELS[index] for index in model(**encoded).logits[0].argmax(-1).tolist()]
        found.append(_join(encoded.word_ids(0), offsets, guesses))
    return found


def _join(words: list[int | None], offsets: list[list[int]], guesses: list[str]) -> list[Span]:
    spans: list[Span] = []
    last_word, is_open = None, False
    for word, (start, end), guess in zip(words, offsets, guesses, strict=True):
        if word is None:
            continue
        if word == last_word:
            if is_open:
                spans[-1] = spans[-1]._replace(end=end)
            continue
        last_word = word
        kind = guess[2:]
        continues = is_open and guess.startswith("I-") and spans[-1].kind == kind
        is_open = guess != "O"
        if continues:
            spans[-1] = spans[-1]._replace(end=end)
        elif is_open:
            spans.append(Span(start, end, kind))
    return spans


def span_f1(sentences: list[Sentence], found: list[list[Span]]) -> float:
    """Return F1 over entities; one counts as right when its start, end and kind all are."""
    right = sum(len(set(sentence.spans) & set(spans)) for sentence, spans in zip(sentences, found, strict=True))
    expected = sum(len(sentence.spans) for sentence in sentences)
    guessed = sum(len(spans) for spans in found)
    return 2 * right / (expected + guessed) if right else 0.0


CARD = CardText(
    name="entities",
    title="Entities",
    task=TASK,
    task_title="Token classification",
    summary=(
        "Finds people (**PER**), organisations (**ORG**), places (**LOC**) and dates (**DATE**) in English sentences. A DistilBERT "
        "of two layers, trained from scratch on this machine in under a minute. Names fall into word pieces, so it reads names "
        "it never saw by their pieces and their surroundings."
    ),
    data=(
        "About 14,000 sentences composed from hand-written phrases and some 900 names (`demo/data/entities.txt`, CC0), with invented "
        "names mixed in and a few of them all in small letters. Every held-out sentence contains a name or a phrase that no "
        "training sentence contains. The hand-written sentences were never trained on, but the phrases were improved while looking at them."
    ),
    use='```python\nimport flavor\n\nfind = flavor.load_model("models:/entities@champion")\nfind("Sarah from London works at Siemens.")\n```',
    limits="It knows short, plain sentences. Long ones, headlines and names that are also words (*Will*, *May*) confuse it.",
    figures=(
        Figure("held_out_f1", "sentences with unseen names or phrases", "demo-entities", "f1"),
        Figure("handwritten_f1", "sentences written by hand", "demo-entities-handwritten", "f1"),
    ),
    tags=("named-entity-recognition", "distilbert", "trained-from-scratch"),
    widget=(
        {"text": "Sarah from London works at Siemens."},
        {"text": "My name is Clara and I live in Berkeley, California."},
        {"text": "Hugging Face is a company based in New York."},
        {"text": "Elon Musk bought Twitter in October 2022."},
        {"text": "The train from Vienna to Budapest leaves on Monday."},
    ),
)
