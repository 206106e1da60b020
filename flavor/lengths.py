"""How many tokens a text has and how many the model reads."""

from typing import Any

from .tasks._base import InvalidInput, Row, Task, Warned

_UNLIMITED = 10**9  # tokenizers without a limit say 1e30


def token_limit(pipeline: Any) -> int | None:
    """Return the tokens that this pipeline's model reads at once, special tokens included; None when there is no limit."""
    tokenizer = getattr(pipeline, "tokenizer", None)
    if tokenizer is None:
        return None
    limits = [_position_limit(pipeline.model)]
    if tokenizer.model_max_length and tokenizer.model_max_length < _UNLIMITED:
        limits.append(int(tokenizer.model_max_length))
    return min((limit for limit in limits if limit), default=None)


def written_limit(pipeline: Any) -> int | None:
    """Return the tokens that a model with a decoder of its own can write, the one that it starts with left out."""
    config = _text_config(pipeline.model, decoder=True)
    limit = _positions(config, "max_decoder_position_embeddings", "max_target_positions")
    return limit - 1 if limit else None


def _position_limit(model: Any) -> int | None:
    limit = _positions(_text_config(model, encoder=True), "max_encoder_position_embeddings")
    if limit is None:
        return None
    # RoBERTa and its kin number positions from padding_idx + 1: 514 positions read 512 tokens.
    embeddings = getattr(getattr(model, "base_model", None), "embeddings", None)
    offset = getattr(embeddings, "padding_idx", None)
    return limit if offset is None else limit - offset - 1


def _text_config(model: Any, **end: bool) -> Any:
    """The part of a model's configuration that is about one end of it, where it has two; else the one about texts."""
    if not hasattr(model.config, "get_text_config"):
        return model.config
    two_ended = getattr(model.config, "is_encoder_decoder", False)
    return model.config.get_text_config(**end) if two_ended else model.config.get_text_config()


def _positions(config: Any, *names: str) -> int | None:
    if getattr(config, "relative_attention_num_buckets", None):  # T5 and its kin reach any distance
        return None
    for name in (*names, "max_position_embeddings", "n_positions"):
        limit = getattr(config, name, None)
        if isinstance(limit, int) and limit > 0:
            return limit
    return None


def count_tokens(tokenizer: Any, arguments: list[Row | None]) -> list[int]:
    """Return the tokens of each row before any truncation; 0 where nothing is tokenized. One tokenizer call per shape of row."""
    counts = [0] * len(arguments)
    by_names: dict[tuple[str, ...], list[int]] = {}
    for position, each in enumerate(arguments):
        if each:
            by_names.setdefault(tuple(each), []).append(position)
    for names, positions in by_names.items():
        columns = {name: [(arguments[position] or {})[name] for position in positions] for name in names}
        encoded = tokenizer(**columns, truncation=False, padding=False, verbose=False)
        for position, ids in zip(positions, encoded["input_ids"], strict=True):
            counts[position] = len(ids)
    return counts


def check_length(task: Task, count: int, limit: int | None, *, overlong: str, row: int) -> list[Warned]:
    """Return the warning for a row that is cut.

    Raises InvalidInput when over-long rows are refused.
    """
    if limit is None or count <= limit:
        return []
    if overlong == "refuse":
        name = task.inputs[0].name
        raise InvalidInput(
            name, f"{name} has {count} tokens and the model reads {limit}; shorten it, or ask for overlong='truncate'.", row=row
        )
    return [Warned("input_truncated", f"{limit} of {count} tokens used")]
