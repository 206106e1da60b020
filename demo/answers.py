"""Answers: a small RoFormer trained from scratch to find the answer to a question in a short text, or that there is none."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import torch
from torch.nn import functional
from transformers import DataCollatorWithPadding, RoFormerConfig, RoFormerForQuestionAnswering

from flavor.pipelines.question_answering import QuestionAnsweringPipeline

from .cards import CardText, Figure, write_card
from .questions import Asked, compose, read_facts, read_handwritten
from .recipe import Example, Figures, Recipe, Schedule
from .tokenization import LONGEST, add_whole_words, train_word_pieces

TASK = "question-answering"
WIDTH, HEADS = 96, 4
SERVED = {"handle_impossible_answer": True}  # params that the model was trained for


def prepare(*, questions: int = 30_000, kinds: Collection[str] | None = None) -> Recipe:
    """Compose the data, train the tokenizer and return the untrained model with all that its training needs.

    `kinds` are the kinds of facts that the questions are about; all when None.
    """
    grammar = read_facts(kinds)
    training = compose(grammar, questions, seed=1)
    held_out = compose(grammar, 600, seed=2, held_out=True)
    texts = [f"{each.context} {each.question}" for each in training[:6000]]
    pieces = train_word_pieces(texts, size=2000, lowercase=True)
    tokenizer = add_whole_words(pieces, _words(texts), lowercase=True)
    model = untrained(tokenizer)

    def measure() -> Figures:
        handwritten = read_handwritten()
        return {
            "held_out_exact": share_right(held_out, find(model, tokenizer, held_out)),
            "handwritten_exact": share_right(handwritten, find(model, tokenizer, handwritten)),
        }

    return Recipe(
        task=TASK,
        model=model,
        processor=tokenizer,
        # A fifth of the texts show known words as pieces, so that the model learns to read the pieces of unknown ones.
        examples=[*encode(pieces, training[::5]), *encode(tokenizer, [each for place, each in enumerate(training) if place % 5])],
        held_out=encode(tokenizer, held_out),
        collate=DataCollatorWithPadding(tokenizer),
        schedule=Schedule(epochs=1, batch_size=32, learning_rate=3e-3, warmup_steps=80),
        measure=measure,
        card=lambda figures: write_card(CARD, figures),
        model_config=SERVED,
        input_example={"question": "Where do I live?", "context": "My name is Sarah and I live in London."},
    )


def untrained(tokenizer: Any) -> RoFormerForQuestionAnswering:
    """Return three layers that know how far apart two tokens are, and which are the question's."""
    model = RoFormerForQuestionAnswering(
        RoFormerConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            embedding_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=HEADS,
            max_position_embeddings=LONGEST,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=WIDTH**-0.5,  # with BERT's own 0.02 it takes several times as long to learn anything
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    _look_for_the_same_words(model)
    return model


@torch.no_grad()
def _look_for_the_same_words(model: RoFormerForQuestionAnswering) -> None:
    """Let half of the first layer's heads begin by looking in the question for a word of the text, and the other way about.

    Queries and keys are the same random projection, to dimensions that RoFormer hardly turns over the length of such a text.
    To find out by itself that words can be looked for would take the model longer than all the rest.
    """
    embeddings = model.roformer.embeddings
    embeddings.word_embeddings.weight.normal_(std=0.1)
    kinds = embeddings.token_type_embeddings.weight.normal_(std=0.06)
    to_text = functional.normalize(kinds[1] - kinds[0], dim=0)
    attention = model.roformer.encoder.layer[0].attention.self
    size = WIDTH // HEADS
    for first in range(0, WIDTH // 2, size):
        alike = torch.randn(size, WIDTH) * 0.15
        alike[: size // 4] = 0  # these turn fast
        for projection, sign in ((attention.query, 1), (attention.key, -1)):
            projection.weight[first : first + size] = alike
            projection.weight[first + size - 2] = sign * to_text  # the text asks the question, rather than itself


def encode(tokenizer: Any, asked: Sequence[Asked]) -> list[Example]:
    """Return questions as tokens, each with the first and the last token of its answer; token 0 where there is none."""
    encoded = tokenizer(
        [each.question for each in asked],
        [each.context for each in asked],
        truncation="only_second",
        max_length=LONGEST,
        return_token_type_ids=True,
    )
    examples = []
    for number, each in enumerate(asked):
        places = [encoded.char_to_token(number, place, 1) for place in (each.start, each.end - 1)] if each.answer else [0, 0]
        start, end = places if None not in places else (0, 0)  # what is cut off cannot be found
        fields = {name: encoded[name][number] for name in ("input_ids", "token_type_ids", "attention_mask")}
        examples.append({**fields, "start_positions": start, "end_positions": end})
    return examples


def find(model: Any, tokenizer: Any, asked: Sequence[Asked]) -> list[str]:
    """Return the model's answers as they are served, empty where it finds none."""
    pipeline = QuestionAnsweringPipeline(model=model.eval(), tokenizer=tokenizer, task=TASK, device="cpu")
    rows = [{"question": each.question, "context": each.context} for each in asked]
    return [answer["answer"] for answer in pipeline(rows, batch_size=32, **SERVED)]


def share_right(asked: Sequence[Asked], answers: Sequence[str]) -> float:
    """Return the share of answers that are right to the letter, but for capitals and articles."""
    right = [_plain(each.answer) == _plain(answer) for each, answer in zip(asked, answers, strict=True)]
    return sum(right) / len(right)


def _plain(text: str) -> str:
    return re.sub(r"^(a|an|the) ", "", text.lower().strip(' ."'))


def _words(texts: Iterable[str]) -> list[str]:
    """Words that are seen often enough to be worth a token of their own."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-zà-ÿ]+", text.lower()))
    return [word for word, count in counts.items() if count >= 5]


CARD = CardText(
    name="answers",
    title="Answers",
    task=TASK,
    task_title="Question answering",
    summary=(
        "Finds the answer to a question in a short English text, word for word, or tells that the text does not say. A RoFormer "
        "with three layers and half a million parameters, trained from scratch on this machine in under a minute."
    ),
    data=(
        "30,000 questions about texts of one to three made-up facts: who lives where, what costs how much, when the train leaves, "
        "why somebody was late. They are composed from hand-written facts of some 40 kinds and the questions about them "
        "(`demo/data/answers.txt`, CC0). Half of the facts of a text are of one kind, so that it matters who is asked about; many "
        "names and things are invented words; one question in seven has no answer. Every held-out text has a name, a word or a "
        "phrase that no training text has. The hand-written questions were never trained on, but the facts were improved while "
        "looking at some of them."
    ),
    use=(
        '```python\nimport flavor\n\nask = flavor.load_model("models:/answers@champion")\n'
        'ask(question="Where do I live?", context="My name is Sarah and I live in London.")\n```'
    ),
    limits=(
        "It knows plain sentences about everyday facts like those of its data, and questions that use their words: asked *Who owns "
        "the boat?* about a text that says whose it is in other words, it guesses or finds nothing. It cannot count, compare or follow *he* and *she* to "
        "one of several people. Longer texts are read in windows, and it was trained on two lines."
    ),
    figures=(
        Figure("held_out_exact", "texts with unseen names or phrases", "demo-answers", "exact match"),
        Figure("handwritten_exact", "questions written by hand", "demo-answers-handwritten", "exact match"),
    ),
    tags=("extractive", "roformer", "trained-from-scratch"),
    widget=(
        {"question": "Where do I live?", "context": "My name is Sarah and I live in London."},
        {
            "question": "When does the train to Hamburg leave?",
            "context": "The train to Hamburg leaves at 6:45. The train to Munich leaves at noon.",
        },
        {"question": "Who has a dog?", "context": "Tom has a dog called Bella and Julia has a cat called Minka."},
        {
            "question": "Where is the meeting?",
            "context": "The meeting is on Thursday at 10:30 in room 7. Coffee will be served in the kitchen.",
        },
        {"question": "What colour is the garden?", "context": "The door is green and the roof is red."},
    ),
)
