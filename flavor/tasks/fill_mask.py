"""Fill-mask: the likeliest tokens for the masked places of a text."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task, Warned
from ._generation import PROMPT_PARAMS

MASKS = ("[MASK]", "<mask>")  # of BERT's and RoBERTa's kin, and understood for every model


class FillMask(Task):
    name = "fill-mask"
    title = "Fill mask"
    summary = "Finds the words that fit where a text has a mask."
    modality = "text"
    pipeline = "transformers:FillMaskPipeline"
    auto_model = "AutoModelForMaskedLM"
    architecture_suffixes = ("ForMaskedLM",)

    inputs = (Field("text", Kind.TEXT, "The text, with [MASK] where a word is to be found; several masks are allowed."),)
    outputs = (
        Field("token_str", Kind.TEXT, "The token as text."),
        Field("score", Kind.NUMBER, "Probability, 0 to 1."),
        Field("token", Kind.INTEGER, "Number of the token in the vocabulary."),
        Field("sequence", Kind.TEXT, "The whole text with the token in place."),
        Field("mask", Kind.INTEGER, "Which mask of the text, from 0, when it has several.", required=False),
    )
    params = (
        Param("top_k", int, 5, "Tokens returned per mask, best first.", minimum=1, maximum=100_000),
        Param("targets", list, None, "Only these words are scored; of a word of several tokens, the first counts."),
        *PROMPT_PARAMS,
    )
    stock_defaults = {"top_k": 1}
    example = {"text": "Paris is the [MASK] of France."}
    display = Display.LABELS
    accepts_prompt_template = True

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with the tokenizer's own mask, and a warning for each target that is not one token."""
        tokenizer = pipeline.tokenizer
        text = _with_mask(row["text"], tokenizer)
        if len(text) >= tokenizer.model_max_length and tokenizer.mask_token_id not in _read(tokenizer, text):
            reads = f"the model reads {tokenizer.model_max_length} tokens"
            raise InvalidInput("text", f"text has no mask in its beginning, and {reads}; shorten what is before the mask.")
        return {**row, "text": text}, _targets_warned(params.get("targets") or [], tokenizer)

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row["text"] for row in rows]

    def call_params(self, params: Row) -> Row:
        own: Row = {name: params[name] for name in ("top_k", "targets") if name in params}
        return {**own, "tokenizer_kwargs": {"truncation": True}}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N texts to N results: of a list of one, the pipeline would return what a text with several masks looks like."""
        known = getattr(pipeline.model.config, "vocab_size", arguments["top_k"])
        arguments = {**arguments, "top_k": min(arguments["top_k"], known)}
        return [pipeline(inputs[0], **arguments)] if len(inputs) == 1 else pipeline(inputs, **arguments)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of tokens, best first, the masks one after the other."""
        return [_tokens(each) for each in raw]

    def to_stock(self, results: list[list[Row]]) -> list[Any]:
        """Stock's texts: the best token; for a text with several masks a list, which is the whole answer where it is alone."""
        best = [_best(tokens) for tokens in results]
        return best[0] if len(best) == 1 and isinstance(best[0], list) else best


def _with_mask(text: str, tokenizer: Any) -> str:
    own = tokenizer.mask_token
    if own in text:
        return text
    found = next((mask for mask in MASKS if mask in text), None)
    if found is None:
        raise InvalidInput("text", f"text has no mask; write {own} where a word is to be found.")
    return text.replace(found, own)


def _read(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, truncation=True)["input_ids"]


def _targets_warned(targets: list[str], tokenizer: Any) -> list[Warned]:
    """A warning for each target of which only the first token is scored.

    Raises InvalidInput for one that has no token at all.
    """
    vocabulary = tokenizer.get_vocab() if targets else {}
    found = []
    for target in targets:
        if target in vocabulary:
            continue
        tokens = tokenizer.tokenize(target)
        if not tokens:
            raise InvalidInput("params.targets", f"params.targets has {target!r}, which is no token of this model; leave it out.")
        found.append(Warned("target_replaced", f"{target!r} is not one token of this model; {tokens[0]!r} is scored for it"))
    return found


def _tokens(raw: list[Any]) -> list[Row]:
    if raw and isinstance(raw[0], list):
        return [{**_token(each), "mask": number} for number, tokens in enumerate(raw) for each in tokens]
    return [_token(each) for each in raw]


def _token(raw: Row) -> Row:
    return {
        "token_str": raw["token_str"],
        "score": float(raw["score"]),
        "token": int(raw["token"]),
        "sequence": raw["sequence"],
    }


def _best(tokens: list[Row]) -> Any:
    best: dict[Any, str] = {token.get("mask"): token["token_str"].strip() for token in reversed(tokens)}
    return best[None] if None in best else [best[mask] for mask in sorted(best)]


TASK = FillMask()
