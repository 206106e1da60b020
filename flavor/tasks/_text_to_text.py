"""Shared by the tasks that read one text and write another: their fields, their parameters, their rows."""

from typing import Any

from ._base import Field, Kind, Param, Row
from ._generation import FALLBACKS, GENERATION_PARAMS

MODELS = ("ForConditionalGeneration", "MTModel")  # of encoder and decoder; Marian's is called MarianMTModel

LENGTH_PARAMS = (
    Param(
        "max_length",
        int,
        None,
        "Most tokens of the answer, the one it starts with included; max_new_tokens goes before it.",
        minimum=2,
        maximum=1_000_000,
        advanced=True,
    ),
    Param(
        "min_length",
        int,
        None,
        "The answer has at least this many tokens, the one it starts with included.",
        minimum=0,
        maximum=1_000_000,
        advanced=True,
    ),
)
TEXT_TO_TEXT_PARAMS = (*GENERATION_PARAMS, *LENGTH_PARAMS)

# What the pipelines of transformers 4 do where the model says nothing.
TEXT_TO_TEXT_FALLBACKS: Row = {**FALLBACKS, "do_sample": False, "num_beams": 4}


def written_fields(name: str, help: str) -> tuple[Field, ...]:
    """The output fields of a task whose text is called `name`."""
    return (
        Field(name, Kind.TEXT, help),
        Field("finish_reason", Kind.TEXT, "stop: the model ended or a stop text came; length, time or cancelled: it was ended."),
        Field("generated_tokens", Kind.INTEGER, "Tokens written, the end token included."),
    )


def rows_of_sequences(raw: list[Any], name: str) -> list[list[Row]]:
    """N lists of written sequences to N lists of rows, one row per sequence, whose text is called `name`."""
    return [[_row(sequence, name) for sequence in sequences] for sequences in raw]


def stock_texts(results: list[list[Row]], name: str) -> list[str]:
    """Stock's texts in one list, stripped, those of the first input first: one per input unless more sequences are asked for."""
    return [text for rows in results for text in ([row[name].strip() for row in rows] or [""])]


def _row(sequence: Row, name: str) -> Row:
    return {
        name: sequence["generated_text"],
        "finish_reason": sequence["finish_reason"],
        "generated_tokens": sequence["generated_tokens"],
    }
