"""Sentiment, version 2: a LoRA adapter on version 1, trained on turned phrases such as "anything but good"."""

import dataclasses
from pathlib import Path

from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding

from . import sentiment
from .cards import write_card
from .grammar import Grammar
from .recipe import Recipe, Schedule
from .sentiment import HARD, LABELS, compose, encode, measurement


def prepare(*, base: Path, hard_per_section: int = 3000, plain_per_label: int = 1200) -> Recipe:
    """Put an untrained adapter on the version 1 saved at `base` and return what its training needs.

    Raises FileNotFoundError when version 1 was not trained yet.
    """
    if not (base / "config.json").is_file():
        raise FileNotFoundError(f"There is no trained sentiment model in {base}; train the demo 'sentiment' first.")
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    version_1 = AutoModelForSequenceClassification.from_pretrained(base, local_files_only=True)
    adapter = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=16,
        lora_alpha=32,
        lora_dropout=0.05,
        target_modules=["q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2"],
        modules_to_save=["pre_classifier", "classifier"],
    )
    model = get_peft_model(version_1, adapter)
    grammar = Grammar.read("sentiment.txt", "sentiment_hard.txt")
    labels = {label: label for label in LABELS}
    # Plain sentences come along, or the adapter would unlearn what version 1 can do.
    training = compose(grammar, HARD, hard_per_section, seed=11) + compose(grammar, labels, plain_per_label, seed=12)
    held_out = compose(grammar, labels, 250, seed=2, held_out=True)
    return Recipe(
        task=sentiment.TASK,
        model=model,
        processor=tokenizer,
        examples=encode(tokenizer, training),
        held_out=encode(tokenizer, compose(grammar, HARD, 250, seed=5, held_out=True)),
        collate=DataCollatorWithPadding(tokenizer),
        schedule=Schedule(epochs=4, batch_size=64, learning_rate=3e-3),
        measure=measurement(model, tokenizer, held_out),
        card=lambda figures: write_card(CARD, figures),
        input_example="The film was anything but boring.",
    )


CARD = dataclasses.replace(
    sentiment.CARD,
    title="Sentiment, version 2: turned phrases",
    summary=(
        "A **LoRA adapter** on version 1 of this model. It was trained on what version 1 gets wrong: turned negations (*not bad at all*, "
        "*anything but good*), comparisons (*worse than before*), wishes and plain irony. Same labels: negative, mixed, neutral, positive."
    ),
    data=(
        "About 11,000 sentences composed from `demo/data/sentiment_hard.txt` and, so that nothing is unlearned, `demo/data/sentiment.txt` "
        "(both CC0). It is measured on the same held-out sentences as version 1, so their figures compare."
    ),
    use=(
        '```python\nimport flavor\n\nclassify = flavor.load_model("models:/sentiment@challenger")\n'
        'classify("The film was anything but boring.")\n```'
    ),
    limits="Irony without a familiar phrase still fools it. Not for decisions about people.",
    tags=("sentiment-analysis", "distilbert", "lora", "peft"),
    widget=(
        {"text": "The film was anything but boring."},
        {"text": "I have never been happier."},
        {"text": "Thanks for nothing."},
        {"text": "The hotel was far from perfect."},
        {"text": "The soup was cold, but the waiter was kind."},
    ),
    base_model="models:/sentiment@champion",
    library="peft",
)
