"""What a form can be filled with: the card's widget entries, the version's input example, the task's own example."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flavor.tasks import Field, InvalidInput, Kind, Row, Task
from flavor.tasks._checking import MEDIA, check_params, check_rows

from ..assets.services import sniff

if TYPE_CHECKING:
    from ..catalog.models import ModelVersion

LONGEST_TITLE = 40
# Keys of the hubs' widget entries that stand for "the medium" and "the text", whatever a task calls them.
_SOURCE = "src"
_TEXTS = ("text", "prompt", "context")


@dataclass(frozen=True)
class Example:
    """A row to try, with the params that belong to it; `key` finds it again in the next request."""

    key: str
    title: str
    row: Row
    params: Row = field(default_factory=dict)
    preview: str = ""  # a data URI of its picture

    @property
    def label(self) -> str:
        """The title, short enough for a button."""
        text = " ".join(self.title.split())
        return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


def list_examples(task: Task, version: "ModelVersion | None" = None) -> list[Example]:
    """Return the examples that the task's rules accept, each row once; an entry that breaks them is left out."""
    found: list[Example] = []
    for key, title, row, params in _candidates(task, version):
        checked = _checked(task, row, params)
        if checked is not None and checked[0] not in [each.row for each in found]:
            found.append(Example(key, title or _title(task, checked[0]), *checked, preview=_preview(task, checked[0])))
    return found


def find_example(examples: list[Example], key: str | None) -> Example | None:
    """Return the example of this key."""
    return next((each for each in examples if each.key == key), None)


def data_uri(data: bytes) -> str:
    """Return bytes as a data URI of the type that they show."""
    return f"data:{sniff(data) or 'application/octet-stream'};base64,{base64.b64encode(data).decode()}"


def _candidates(task: Task, version: "ModelVersion | None") -> Iterator[tuple[str, str, Row, Row]]:
    if version is not None:
        widget = version.card_data.get("widget") if isinstance(version.card_data, dict) else None
        for number, entry in enumerate(widget if isinstance(widget, list) else []):
            if isinstance(entry, str | dict):
                yield f"card-{number}", *_from_widget(task, {"text": entry} if isinstance(entry, str) else entry)
        for number, row in enumerate(_rows_of(task, version.input_example)):
            yield f"input-{number}", "", row, {}
    chats = version is not None and bool(version.chat_template)
    yield "task", "", _as_chat(task) if chats else dict(task.example), dict(task.example_params)


def _from_widget(task: Task, entry: dict[str, Any]) -> tuple[str, Row, Row]:
    """Return title, row and params of a widget entry; its keys are the hubs', which are not always a task's."""
    names = {each.name for each in task.inputs}
    parameters = {each.name for each in task.params}
    asked = entry.get("parameters")
    params: Row = dict(asked) if isinstance(asked, dict) else {}
    row = {name: value for name, value in entry.items() if name in names}
    for name in (names - parameters) & set(params):  # candidate labels are a parameter at the hubs
        row[name] = params.pop(name)
    for name, value in entry.items():
        if name in parameters and name not in names:
            params[name] = value
        elif name in (_SOURCE, *_TEXTS) and name not in names and (free := _free_field(task, row, media=name == _SOURCE)):
            row[free.name] = value
    title = entry.get("example_title")
    return title if isinstance(title, str) else "", row, params


def _free_field(task: Task, row: Row, *, media: bool) -> Field | None:
    fits = [each for each in task.inputs if (each.kind in MEDIA if media else each.kind is Kind.TEXT)]
    return next((each for each in fits if each.name not in row), None)


def _rows_of(task: Task, example: Any) -> list[Row]:
    """Return the rows in an input example as MLflow stores it: a value, a list, a row, or a split table."""
    if example is None:
        return []
    if isinstance(example, dict) and isinstance(example.get("data"), list):
        columns = example.get("columns")
        if not isinstance(columns, list):
            return [row for value in example["data"] for row in _rows_of(task, value)]
        return [dict(zip(columns, values, strict=False)) for values in example["data"] if isinstance(values, list)]
    if isinstance(example, dict):
        if isinstance(inputs := example.get("inputs"), list | dict | str):
            return _rows_of(task, inputs)
        return [example]
    if isinstance(example, list) and not _is_chat(example):
        return [row for value in example[:5] for row in _rows_of(task, value)]
    return [_row_of(task, example)]


def _row_of(task: Task, value: Any) -> Row:
    chat = next((each.name for each in task.inputs if each.kind is Kind.MESSAGES), None)
    return {chat if chat and _is_chat(value) else task.inputs[0].name: value}


def _as_chat(task: Task) -> Row:
    """Return the task's example as a chat, where the task takes either a text or a chat."""
    kinds = {each.name: each.kind for each in task.inputs}
    for group in task.one_of:
        chat = next((name for name in group if kinds[name] is Kind.MESSAGES), None)
        text = next((name for name in group if kinds[name] is Kind.TEXT and name in task.example), None)
        if chat and text:
            rest = {name: value for name, value in task.example.items() if name != text}
            return {**rest, chat: [{"role": "user", "content": task.example[text]}]}
    return dict(task.example)


def _title(task: Task, row: Row) -> str:
    title = task.result_title(row)
    return "Example" if title == task.title else title


def _is_chat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) and "role" in each for each in value)


def _checked(task: Task, row: Row, params: Row) -> tuple[Row, Row] | None:
    kinds = {each.name: each.kind for each in task.inputs}
    try:
        decoded = {name: _decoded(kinds.get(name), value) for name, value in row.items()}
        return check_rows(task, [decoded])[0], check_params(task, params)
    except (InvalidInput, binascii.Error, ValueError):
        return None


def _decoded(kind: Kind | None, value: Any) -> Any:
    """Decode base64 text and data URIs; an address is neither, so an example on the internet is left out."""
    if kind is Kind.LABELS and isinstance(value, str):  # as the hubs write them
        return [label.strip() for label in value.split(",") if label.strip()]
    if kind not in MEDIA or not isinstance(value, str):
        return value
    return base64.b64decode(value.partition(",")[2] if value.startswith("data:") else value, validate=True)


def _preview(task: Task, row: Row) -> str:
    picture = next(
        (row[each.name] for each in task.inputs if each.kind is Kind.IMAGE and isinstance(row.get(each.name), bytes)), b""
    )
    return data_uri(picture) if picture else ""
