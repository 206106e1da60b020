"""Text classification: one text, or a pair of texts, to scored labels."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task
from ._label_scores import ALL_LABELS, LABEL_OUTPUTS, LABEL_PARAMS, function_of, rows_of_labels


class TextClassification(Task):
    name = "text-classification"
    title = "Text classification"
    summary = "Gives a text, or a pair of texts, labels with scores."
    modality = "text"
    aliases = ("sentiment-analysis",)
    pipeline = "transformers:TextClassificationPipeline"
    auto_model = "AutoModelForSequenceClassification"
    architecture_suffixes = ("ForSequenceClassification",)

    inputs = (
        Field("text", Kind.TEXT, "The text to classify."),
        Field("text_pair", Kind.TEXT, "A second text, for models trained on pairs.", required=False),
    )
    outputs = LABEL_OUTPUTS
    params = LABEL_PARAMS
    stock_defaults = {"top_k": 1}
    stock_outputs = LABEL_OUTPUTS
    example = {"text": "The soup was cold, the waiter kind."}
    display = Display.LABELS

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N dicts with `text` and, where given, `text_pair`: stock drops the pair."""
        return [dict(row) for row in rows]

    def call_params(self, params: Row) -> Row:
        top_k = None if params["top_k"] == ALL_LABELS else params["top_k"]
        return {**params, "top_k": top_k, "truncation": True}

    def model_defaults(self, pipeline: Any) -> Row:
        return function_of(pipeline.model.config)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)

    def to_stock_of(self, rows: list[Row], results: list[list[Row]], said: Row) -> list[Any]:
        """Stock's frame: label and score, one line per text; with a `top_k`, whichever, one column per rank."""
        return results if "top_k" in said else [labels[0] for labels in results]


TASK = TextClassification()
