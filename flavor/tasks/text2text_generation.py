"""Text to text: a text read by an encoder, another written by a decoder."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._generation import PROMPT_PARAMS, generation_defaults
from ._text_to_text import MODELS, TEXT_TO_TEXT_FALLBACKS, TEXT_TO_TEXT_PARAMS, rows_of_sequences, stock_texts, written_fields


class Text2TextGeneration(Task):
    name = "text2text-generation"
    title = "Text to text"
    summary = "Reads a text and writes another: an answer, a question, a correction, whatever the model was trained for."
    modality = "text"
    pipeline = "..pipelines.text2text_generation:Text2TextGenerationPipeline"
    auto_model = "AutoModelForSeq2SeqLM"
    architecture_suffixes = MODELS

    inputs = (Field("text", Kind.TEXT, "The text to read; models of the T5 kind want it to begin with what is to be done."),)
    outputs = written_fields("generated_text", "The text written, as the model wrote it: nothing is stripped.")
    params = (*TEXT_TO_TEXT_PARAMS, *PROMPT_PARAMS)
    fallbacks = TEXT_TO_TEXT_FALLBACKS
    example = {"text": "translate English to German: The house is wonderful."}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    accepts_prompt_template = True
    streams = True
    generates = True
    preprocesses = True

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row["text"] for row in rows]

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return rows_of_sequences(raw, "generated_text")

    def from_stock(self, row: Row) -> Row:
        """Stock joins columns of any names to one text: `question: … context: …`."""
        if not row or "text" in row or not all(isinstance(value, str) for value in row.values()):
            return row
        return {"text": " ".join(f"{name}: {value}" for name, value in row.items())}

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's texts, one per input."""
        return stock_texts(results, "generated_text")


TASK = Text2TextGeneration()
