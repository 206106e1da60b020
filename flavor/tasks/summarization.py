"""Summarization: a long text to a short one."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._generation import PROMPT_PARAMS, generation_defaults
from ._text_to_text import MODELS, TEXT_TO_TEXT_FALLBACKS, TEXT_TO_TEXT_PARAMS, rows_of_sequences, stock_texts, written_fields


class Summarization(Task):
    name = "summarization"
    title = "Summarization"
    summary = "Makes a long text short."
    modality = "text"
    pipeline = "..pipelines.summarization:SummarizationPipeline"
    auto_model = "AutoModelForSeq2SeqLM"
    architecture_suffixes = MODELS

    inputs = (Field("text", Kind.TEXT, "The text to make short."),)
    outputs = written_fields("summary_text", "The summary, as the model wrote it: nothing is stripped.")
    params = (*TEXT_TO_TEXT_PARAMS, *PROMPT_PARAMS)
    fallbacks = TEXT_TO_TEXT_FALLBACKS
    example = {
        "text": (
            "The tower is 324 metres tall, about the same height as an 81-storey building, and the tallest structure in Paris. "
            "Its base is square, measuring 125 metres on each side. It was the first structure in the world to reach a height "
            "of 300 metres."
        )
    }
    example_params = {"max_new_tokens": 60}
    display = Display.TEXT
    accepts_prompt_template = True
    streams = True
    written = "summary_text"
    generates = True
    preprocesses = True

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row["text"] for row in rows]

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return rows_of_sequences(raw, "summary_text")

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's texts, one per input."""
        return stock_texts(results, "summary_text")


TASK = Summarization()
