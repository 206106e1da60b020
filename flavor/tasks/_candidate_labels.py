"""Shared by the tasks whose labels come with the request: the field, the sentence that labels are put into, their length."""

from typing import Any

from ._base import Field, InvalidInput, Kind, Param, Row, Warned

PLACE = "{}"
LABELS = "candidate_labels"
TEMPLATE = "hypothesis_template"

LABELS_FIELD = Field(LABELS, Kind.LABELS, "The labels to choose from, in words that say what is meant.")


def template_param(default: str) -> Param:
    """The sentence that each label is put into."""
    return Param(TEMPLATE, str, default, "The sentence each label is put into, in place of {}.")


def check_template(params: Row) -> None:
    """Raise InvalidInput unless the sentence has one place for a label: anything else in braces would be read as a format."""
    sentence = params[TEMPLATE]
    if sentence.count(PLACE) != 1 or len(sentence) != len(sentence.replace("{", "").replace("}", "")) + len(PLACE):
        raise InvalidInput(
            f"params.{TEMPLATE}",
            f"params.{TEMPLATE} must have {{}} once, where the label goes, and no other braces; got {sentence!r}.",
        )


def cut_labels(tokenizer: Any, labels: list[str], params: Row) -> list[Warned]:
    """Return a warning when a label in its sentence has more tokens than the model reads, about the longest."""
    return cut_texts(tokenizer, [params[TEMPLATE].format(label) for label in labels])


def cut_texts(tokenizer: Any, texts: list[str]) -> list[Warned]:
    """Return a warning when a label, as the model reads it, has more tokens than it reads, about the longest."""
    limit = tokenizer.model_max_length
    encoded = tokenizer(texts, truncation=False, verbose=False)
    longest = max(len(ids) for ids in encoded["input_ids"])
    return [Warned("input_truncated", f"{limit} of {longest} tokens of a label used")] if longest > limit else []
