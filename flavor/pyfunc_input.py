"""What callers of MLflow's pyfunc hand over (a text, a list, a dict, a DataFrame, an array) into rows of the task."""

import re
from os import PathLike
from typing import Any

from .decoding import MEDIA
from .media import media_bytes
from .tasks._base import Field, InvalidInput, Kind, Row, Task

MAX_FILE_BYTES = 2**30  # decoders have their own, lower limits
BASE64 = re.compile(rb"(?:data:[\w/+.;=-]+,)?[A-Za-z0-9+/\s]+={0,2}\s*")  # a whole medium is never made of these letters only
LISTS = (Kind.LABELS, Kind.MESSAGES, Kind.TENSOR, Kind.JSON)  # kinds whose one value is a list


def rows_from(task: Task, model_input: Any) -> list[Row]:
    """Return one row per input, in order.

    A bare value is the task's first field. A dict is one row, or columns when some of its values are lists of one length; what
    is no list then goes with every row.
    """
    if hasattr(model_input, "to_dict") and hasattr(model_input, "columns"):
        return _from_frame(task, model_input)
    if isinstance(model_input, dict):
        if _is_chat([model_input]) and _takes_chats(task):  # the only message of a chat that MLflow took out of its list
            return [_row_of(task, [model_input])]
        return [_row_of(task, model_input)] if _is_sound(model_input) else _from_dict(task, model_input)
    if _is_array(model_input):
        return _from_array(task, model_input)
    if isinstance(model_input, list | tuple):
        return _from_list(task, list(model_input))
    return [_row_of(task, model_input)]


def _from_frame(task: Task, frame: Any) -> list[Row]:
    records = frame.to_dict("records")
    names = [str(name) for name in frame.columns]
    known = _fields(task)
    if _is_chat(records):  # one message per line
        return [_row_of(task, [{name: cell for name, cell in record.items() if not _is_absent(cell)} for record in records])]
    if len(names) == 1 and _is_chat(cells := [next(iter(record.values())) for record in records]):
        return [_row_of(task, cells)]  # MLflow makes a frame of one message per line of {"messages": [...]}
    if len(names) == 1 and names[0] not in known:
        return [_row_of(task, next(iter(record.values()))) for record in records]
    return [row for record in records for row in _from_record(task, {str(name): value for name, value in record.items()})]


def _from_record(task: Task, record: Row) -> list[Row]:
    """One line of a frame; several texts in a cell, which MLflow makes of a dict with a list of them, are several rows."""
    texts = [value for name, value in record.items() if (field := _fields(task).get(name)) and field.kind is Kind.TEXT]
    has_several = any(isinstance(value, list | tuple) or (_is_array(value) and value.ndim) for value in texts)
    return _from_dict(task, record) if has_several else [_named_row(task, record)]


def _from_dict(task: Task, given: dict) -> list[Row]:
    fields = _fields(task)
    named = {str(name): _cells(fields.get(str(name)), value) for name, value in given.items()}
    if len(named) == 1 and not set(named) & set(fields):
        return rows_from(task, next(iter(named.values())))
    are_columns = len(given) > 1 and all(_is_array(value) and value.ndim for value in given.values())
    columns = {name: value for name, value in named.items() if _is_column(fields.get(name), value, are_columns=are_columns)}
    if not columns:
        return [_named_row(task, named)]
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
        raise InvalidInput("inputs", f"columns must have one length, got {lengths}.")
    return [
        _named_row(task, {**named, **dict(zip(columns, cells, strict=True))}) for cells in zip(*columns.values(), strict=True)
    ]


def _cells(field: Field | None, value: Any) -> Any:
    """A column in an array as a list; numbers of the shape of one medium are that medium."""
    if not _is_array(value) or not _is_medium(field, value):
        return _plain(value)
    return value if _is_one(field, value) else list(value)


def _is_column(field: Field | None, value: Any, *, are_columns: bool) -> bool:
    """Whether `value` is a column of values rather than one value; a list of lists is a column of lists.

    A list for an input that may hold any JSON is one value, unless `are_columns`: nothing but arrays of one length was given, as
    MLflow's server makes of `instances`.
    """
    if not isinstance(value, list | tuple):
        return False
    if field is None or field.kind not in LISTS:
        return True
    is_column = field.kind is Kind.JSON and (are_columns or all(map(_is_json, value)))
    return bool(value) and (isinstance(value[0], list | tuple) or is_column)


def _from_list(task: Task, given: list) -> list[Row]:
    if _is_chat(given) and _takes_chats(task):
        return [_row_of(task, given)]
    return [_row_of(task, each) for each in given]


def _from_array(task: Task, array: Any) -> list[Row]:
    if _is_medium(task.inputs[0], array):
        return [_row_of(task, each) for each in ([array] if _is_one(task.inputs[0], array) else list(array))]
    is_column = array.ndim == 2 and array.shape[1] == 1
    return rows_from(task, (array.reshape(-1) if is_column else array).tolist())


def _row_of(task: Task, value: Any) -> Row:
    if isinstance(value, dict) and not _is_sound(value):
        return _named_row(task, value)
    if _is_chat(value):
        chat = next((each for each in task.inputs if each.kind is Kind.MESSAGES), None)
        if chat:
            return {chat.name: [{name: _plain(each) for name, each in message.items()} for message in value]}
    return _named_row(task, {task.inputs[0].name: value})


def _named_row(task: Task, given: Row) -> Row:
    fields = _fields(task)
    return {str(name): _value(fields.get(str(name)), value) for name, value in given.items() if not _is_absent(value)}


def _fields(task: Task) -> dict[str, Field]:
    """The inputs by every name that callers write."""
    return {name: each for each in task.inputs for name in (each.name, *each.also)}


def _value(field: Field | None, value: Any) -> Any:
    """A medium given as base64 text or as a `pathlib.Path` is read here, where the caller is a program on this machine."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return {str(name): cells for name, cells in value.to_dict("list").items()}
    value = value if _is_medium(field, value) else _plain(value)
    if field is None or field.kind not in MEDIA:
        return value
    if isinstance(value, dict):
        return {name: each.item() if _is_array(each) and each.ndim == 0 else each for name, each in value.items()}
    if isinstance(value, bytes) and BASE64.fullmatch(value):  # so MLflow's server hands over {"inputs": ["<base64>"]}
        value = value.decode("ascii")
    return media_bytes(value, max_bytes=MAX_FILE_BYTES, field=field.name) if isinstance(value, str | PathLike) else value


def _is_json(value: Any) -> bool:
    """Whether a value is a list or an object in JSON text."""
    return isinstance(value, str) and value.lstrip().startswith(("[", "{"))


def _is_chat(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, dict) and "role" in each for each in value)


def _takes_chats(task: Task) -> bool:
    return any(each.kind is Kind.MESSAGES for each in task.inputs)


def _is_sound(value: dict) -> bool:
    return "sampling_rate" in value and bool({"array", "raw"} & set(value))


def _is_absent(value: Any) -> bool:
    """Nothing, or what pandas writes for nothing."""
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")


def _plain(value: Any) -> Any:
    """What is in an array: MLflow's server makes one of each value that it reads from JSON."""
    return value.tolist() if _is_array(value) else value


def _is_medium(field: Field | None, value: Any) -> bool:
    """Whether an array holds the numbers of media."""
    return field is not None and field.kind in MEDIA and _is_array(value) and value.dtype.kind in "uif" and value.ndim > 0


def _is_one(field: Field | None, array: Any) -> bool:
    """Whether an array has the shape of one picture, one sound or one film."""
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    shapes = {Kind.IMAGE: is_picture, Kind.AUDIO: array.ndim == 1, Kind.VIDEO: array.ndim == 4}
    return field is not None and shapes.get(field.kind, False)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array_interface__") and hasattr(value, "ndim") and hasattr(value, "dtype")
