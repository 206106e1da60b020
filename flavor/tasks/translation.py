"""Translation: a text into another language."""

import re
from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task
from ._generation import generation_defaults
from ._text_to_text import MODELS, TEXT_TO_TEXT_FALLBACKS, TEXT_TO_TEXT_PARAMS, rows_of_sequences, stock_texts, written_fields

_LANGUAGES = re.compile(r"translation_([A-Za-z-]{2,12})_to_([A-Za-z-]{2,12})", re.ASCII)


class Translation(Task):
    name = "translation"
    title = "Translation"
    summary = "Puts a text into another language."
    modality = "text"
    pipeline = "..pipelines.translation:TranslationPipeline"
    auto_model = "AutoModelForSeq2SeqLM"
    architecture_suffixes = MODELS

    inputs = (Field("text", Kind.TEXT, "The text to translate."),)
    outputs = written_fields("translation_text", "The translation, as the model wrote it: nothing is stripped.")
    params = (
        Param("src_lang", str, None, "Language of the text, by the code the model has for it; only for models of several."),
        Param("tgt_lang", str, None, "Language to translate into, by the code the model has for it."),
        *TEXT_TO_TEXT_PARAMS,
    )
    fallbacks = TEXT_TO_TEXT_FALLBACKS
    example = {"text": "The house is small and the garden is green."}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    streams = True
    written = "translation_text"
    generates = True
    preprocesses = True

    def variant(self, name: str) -> Task | None:
        """The translation between the two languages that a name such as translation_en_to_fr says."""
        found = _LANGUAGES.fullmatch(name)
        return _TranslationBetween(name, *found.groups()) if found else None

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row["text"] for row in rows]

    def preprocess_params(self, params: Row) -> Row:
        return {name: params[name] for name in ("src_lang", "tgt_lang") if name in params}

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return rows_of_sequences(raw, "translation_text")

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's texts, one per input."""
        return stock_texts(results, "translation_text")


class _TranslationBetween(Translation):
    """A translation whose name says the languages: what a model trained for one pair is logged as."""

    def __init__(self, name: str, source: str, target: str) -> None:
        self.name = name
        self.title = f"Translation, {source} to {target}"
        self.summary = f"Puts a text from {source} into {target}."
        self.fallbacks = {**TEXT_TO_TEXT_FALLBACKS, "src_lang": source, "tgt_lang": target}

    def variant(self, name: str) -> Task | None:
        return None


TASK = Translation()
