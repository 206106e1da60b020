"""What a model would read for a row, before anything is run: the text, and the ids of its tokens."""

from typing import Any

from .errors import InvalidInput
from .tasks._base import Kind, Row, Task


def preview(task: Task, pipeline: Any, row: Row, params: Row) -> Row:
    """Return `{"text", "tokens", "ids"}` of a prepared row, its prompt template filled; the special tokens are among the ids.

    Raises InvalidInput when the row cannot be rendered.
    """
    ids = _ids(task, pipeline, row, params)
    return {"text": _text(task, pipeline, row, ids, params), "tokens": len(ids), "ids": ids}


def _ids(task: Task, pipeline: Any, row: Row, params: Row) -> list[int]:
    if task.generates:
        from .encoding import encode  # heavy

        return encode(task, pipeline, task.to_pipeline([row], params)[0], params).ids
    arguments = task.tokenized(row, params)
    if not arguments:
        raise InvalidInput(task.inputs[0].name, f"{task.name} reads no tokens, so there is nothing to preview.")
    return list(pipeline.tokenizer(**arguments, verbose=False)["input_ids"])


def _text(task: Task, pipeline: Any, row: Row, ids: list[int], params: Row) -> str:
    """Texts as they are tokenized; a chat as its template renders it."""
    texts = [row[each.name] for each in task.inputs if each.kind is Kind.TEXT and isinstance(row.get(each.name), str)]
    if not row.get("messages"):
        return (getattr(pipeline, "prefix", None) or "") + "\n".join(texts)
    tokenizer = pipeline.tokenizer
    if not getattr(tokenizer, "chat_template", None):
        return str(tokenizer.decode(ids, skip_special_tokens=False))
    shown = {name: params.get(name) for name in ("tools", "documents")}
    is_continued = params.get("continue_final_message", row["messages"][-1]["role"] == "assistant")
    return str(
        tokenizer.apply_chat_template(
            row["messages"],
            tokenize=False,
            add_generation_prompt=not is_continued,
            continue_final_message=is_continued,
            **shown,
        )
    )
