"""What a model wrote in a chat as a message: content, and where its tokenizer says how to read them, reasoning and tool calls."""

from typing import Any

from .tasks._base import Row, Warned


def message_of(tokenizer: Any, prompt: list[int], written: list[int], text: str, params: Row) -> tuple[Row, list[Warned]]:
    """Return the message, and a warning when the tokenizer's own reading of it failed.

    `text` is what was written without special tokens; templates of responses want those too.
    """
    plain = {"role": "assistant", "content": text}
    if getattr(tokenizer, "response_template", None) is None:
        return plain, []
    whole, before = (tokenizer.decode(ids, skip_special_tokens=False) for ids in (written, prompt))
    try:
        return dict(tokenizer.parse_response(whole, prefix=before, tools=params.get("tools"))), []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return plain, [Warned("reply_not_parsed", f"the tokenizer's response template could not read the reply: {error}")]
