"""Feature extraction: one text to the vector of the whole, or to one vector per token."""

from typing import Any

from . import _pooling
from ._base import Display, Field, InvalidInput, Kind, Row, Task, Warned
from ._generation import PROMPT_PARAMS


class FeatureExtraction(Task):
    name = "feature-extraction"
    title = "Feature extraction"
    summary = "Turns a text into numbers that say what it is about: one vector, or one for each token."
    modality = "text"
    pipeline = "transformers:FeatureExtractionPipeline"
    auto_model = "AutoModel"
    architecture_suffixes = ("Model",)

    inputs = (Field("text", Kind.TEXT, "The text to read."),)
    outputs = (
        Field("embedding", Kind.TENSOR, "The vector; without pooling a list of vectors, one per token."),
        Field("tokens", Kind.LABELS, "The tokens that the vectors stand for, without pooling.", required=False),
    )
    params = (*_pooling.POOLING_PARAMS, *PROMPT_PARAMS)
    fallbacks = _pooling.POOLING_FALLBACKS
    checkpoint_files = _pooling.FILES
    unused_weights = ("pooler.",)  # a head that is trained with few checkpoints and never asked
    stock_defaults = {"pooling": "none", "normalize": False, "prompt_name": None}
    stock_outputs = (Field("", Kind.TENSOR, "A vector for each token."),)
    example = {"text": "The soup was cold, the waiter kind."}
    display = Display.VECTORS
    accepts_prompt_template = True

    def model_defaults(self, pipeline: Any) -> Row:
        return _pooling.said_by(pipeline).params

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with the model's own words in front of its text."""
        said = _pooling.said_by(pipeline)
        text = said.prompt(params.get("prompt_name")) + row["text"]
        if not text.strip() and not pipeline.tokenizer(text)["input_ids"]:
            raise InvalidInput("text", "text is empty and this model adds nothing of its own to it; give it a word.")
        return {**row, "text": text}, said.warnings

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row["text"] for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N texts to N embeddings, read together: the pipeline itself would return the padding too."""
        return _pooling.embed(pipeline, inputs, arguments, batch_size=arguments["batch_size"])

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N embeddings to N lists of one row."""
        return [[_row(each)] for each in raw]

    def to_stock(self, results: list[list[Row]]) -> Any:
        """Stock's array: a vector for each token of a text; a list of arrays for several, of which stock has the first only."""
        from numpy import array  # heavy

        found = [array(rows[0]["embedding"]) for rows in results]
        return found[0] if len(found) == 1 else found


def _row(raw: Row) -> Row:
    has_tokens = raw["embedding"].ndim > 1
    return raw if has_tokens else {"embedding": raw["embedding"]}


TASK = FeatureExtraction()
