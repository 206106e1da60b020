"""Token classification: one text to the entities found in it, with their place in the text."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task


class TokenClassification(Task):
    name = "token-classification"
    title = "Token classification"
    summary = "Finds the names, places and other spans in a text."
    modality = "text"
    aliases = ("ner",)
    pipeline = "transformers:TokenClassificationPipeline"
    auto_model = "AutoModelForTokenClassification"
    architecture_suffixes = ("ForTokenClassification",)

    inputs = (Field("text", Kind.TEXT, "The text to search."),)
    outputs = (
        Field("entity_group", Kind.TEXT, "Kind of the entity, when tokens are joined.", required=False),
        Field("entity", Kind.TEXT, "Tag of the token, when aggregation_strategy is none.", required=False),
        Field("score", Kind.NUMBER, "Probability, 0 to 1."),
        Field("word", Kind.TEXT, "The entity as the tokenizer writes it; start and end give the exact text."),
        Field("start", Kind.INTEGER, "First character, in code points; null when it is not known.", required=False),
        Field("end", Kind.INTEGER, "One past the last character.", required=False),
        Field("index", Kind.INTEGER, "Number of the token, when aggregation_strategy is none.", required=False),
    )
    params = (
        Param(
            "aggregation_strategy",
            str,
            "simple",
            "How tokens are joined to entities; none returns every token. first, average and max keep words whole.",
            choices=("none", "simple", "first", "average", "max"),
        ),
        Param("ignore_labels", list, None, "Labels left out of the answer; left out, it is O."),
        Param("stride", int, None, "Reads a long text in windows that overlap by this many tokens.", minimum=1, maximum=100_000),
        Param("is_split_into_words", bool, False, "The text is already split into words at the delimiter.", advanced=True),
        Param("delimiter", str, None, "What stands between words that are already split; left out, a space.", advanced=True),
    )
    stock_defaults = {"aggregation_strategy": "none"}
    example = {"text": "My name is Sarah and I live in London."}
    display = Display.SPANS

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts, or to N lists of words when the text is already split."""
        if not params.get("is_split_into_words"):
            return [row["text"] for row in rows]
        return [row["text"].split(params.get("delimiter") or " ") for row in rows]

    def call_params(self, params: Row) -> Row:
        """The params; `delimiter` only with words, which is when the pipeline reads it."""
        if params.get("is_split_into_words"):
            return {**params, "delimiter": params.get("delimiter") or " "}
        return {name: value for name, value in params.items() if name not in ("is_split_into_words", "delimiter")}

    def truncates(self, params: Row) -> bool:
        return params.get("stride") is None

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of entities in the order of the text; an empty list where nothing was found."""
        return [[_entity(each) for each in entities] for entities in raw]

    def to_stock(self, results: list[list[Row]]) -> list[str]:
        """Stock's labels joined by commas, one text per input; nothing found is an empty text, where stock fails."""
        return [",".join(row.get("entity_group") or row.get("entity", "") for row in entities) for entities in results]


def _entity(raw: Row) -> Row:
    numbers: Row = {name: None if raw[name] is None else int(raw[name]) for name in ("start", "end", "index") if name in raw}
    names: Row = {name: raw[name] for name in ("entity_group", "entity") if name in raw}
    return {**names, "score": float(raw["score"]), "word": raw["word"], **numbers}


TASK = TokenClassification()
