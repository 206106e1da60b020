"""Rows and params against a Task: the only validator; form, REST, command line and pyfunc all call it."""

import json
from typing import Any

from ._base import Field, InvalidInput, Kind, Param, Row, Task

MAX_TEXT_CHARACTERS = 2_000_000
ROLES = ("system", "developer", "user", "assistant", "tool")
MEDIA = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)


def check_rows(task: Task, rows: list[Row]) -> list[Row]:
    """Return copies of `rows` with absent values left out.

    Media are bytes, decoded objects, or `{"asset": id}` before a worker has fetched it; text is never taken for a path.
    Raises InvalidInput with the field and the number of the row.
    """
    if not isinstance(rows, list):
        raise InvalidInput("inputs", f"inputs must be a list of rows, got {_kind_of(rows)}.")
    return [_check_row(task, row, number) for number, row in enumerate(rows)]


def check_params(task: Task, params: Row | None, *, prefix: str = "params") -> Row:
    """Return a copy of `params` with types settled and unsaid (None) ones left out.

    Raises InvalidInput whose field is `<prefix>.<name>`; an unknown name is answered with the list of accepted ones.
    """
    if params is None:
        return {}
    if not isinstance(params, dict):
        raise InvalidInput(prefix, f"{prefix} must be an object of names and values, got {_kind_of(params)}.")
    accepted = {each.name: each for each in task.params}
    for name in params:
        if name not in accepted:
            raise InvalidInput(f"{prefix}.{name}", f"{prefix}.{name} is not a parameter of {task.name}; {_names(accepted)}.")
    return {name: _check_param(accepted[name], value, prefix) for name, value in params.items() if value is not None}


def under_own_names(task: Task, row: Row) -> Row:
    """Return a copy of `row` in which other names of the inputs are replaced by the task's own."""
    own = {other: each.name for each in task.inputs for other in each.also if each.name not in row}
    return {own.get(name, name): value for name, value in row.items()}


def _check_row(task: Task, row: Any, number: int) -> Row:
    if not isinstance(row, dict):
        raise InvalidInput("inputs", f"row {number} must be an object with {_fields(task)}, got {_kind_of(row)}.", row=number)
    fields = {each.name: each for each in task.inputs}
    row = under_own_names(task, row)
    for name in row:
        if name not in fields:
            is_param = any(each.name == name for each in task.params)
            way_out = f"give it as params.{name}" if is_param else f"it takes {_fields(task)}"
            raise InvalidInput(str(name), f"{name} is not an input of {task.name}; {way_out}.", row=number)
    given = {name: value for name, value in row.items() if value is not None}
    for each in task.inputs:
        if each.required and each.name not in given:
            raise InvalidInput(each.name, f"{each.name} is missing: {each.help}", row=number)
    for group in task.one_of:
        _check_one_of(group, given, number)
    checked = {name: _check_value(fields[name], value, number) for name, value in given.items()}
    try:
        task.check_row(checked)
    except InvalidInput as error:
        raise InvalidInput(error.field, str(error), row=number) from error
    return checked


def _check_one_of(group: tuple[str, ...], given: Row, number: int) -> None:
    present = [name for name in group if name in given]
    if len(present) != 1:
        found = "none" if not present else " and ".join(present)
        raise InvalidInput((present or group)[-1], f"give exactly one of {', '.join(group)}, got {found}.", row=number)


def _check_value(field: Field, value: Any, number: int) -> Any:
    value = _from_text(field.kind, value)
    if field.kind in MEDIA:
        problem = _media_problem(field.kind, value)
    elif field.kind is Kind.MESSAGES:
        problem = _messages_problem(value)
    else:
        problem = _plain_problem(field.kind, value)
    if problem:
        raise InvalidInput(field.name, f"{field.name} {problem}", row=number)
    return value


def _from_text(kind: Kind, value: Any) -> Any:
    """Labels in one text with commas between them, as the hubs write them; labels and tables in JSON, as stock wants them."""
    if kind not in (Kind.LABELS, Kind.TABLE) or not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return [label.strip() for label in value.split(",") if label.strip()] if kind is Kind.LABELS else value


def _plain_problem(kind: Kind, value: Any) -> str | None:
    checks = {
        Kind.TEXT: (isinstance(value, str), "a text"),
        Kind.NUMBER: (_is_number(value), "a number"),
        Kind.INTEGER: (isinstance(value, int) and not isinstance(value, bool), "a whole number"),
        Kind.BOOLEAN: (isinstance(value, bool), "true or false"),
        Kind.LABELS: (_is_texts(value) and len(value) > 0, "a list of one or more texts"),
        Kind.TABLE: (_is_table(value), "an object of columns, each a list of cells of one length"),
    }
    fits, wanted = checks.get(kind, (True, ""))
    if not fits:
        return f"must be {wanted}, got {_kind_of(value)}."
    if kind is Kind.TEXT and len(value) > MAX_TEXT_CHARACTERS:
        return f"has {len(value)} characters; at most {MAX_TEXT_CHARACTERS} are read."
    return None


def _media_problem(kind: Kind, value: Any) -> str | None:
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        return "must be the file's bytes; a text is never taken for a path or an address."
    if isinstance(value, bytes | bytearray | memoryview) and len(value) == 0:
        return "is empty: 0 bytes."
    if isinstance(value, dict) and not _is_reference(kind, value):
        samples = ', or {"array": samples, "sampling_rate": number}' if kind is Kind.AUDIO else ""
        return f'must be the file\'s bytes or {{"asset": id}}{samples}.'
    if value is None or isinstance(value, bool | int | float):
        return f"must be the file's bytes, got {_kind_of(value)}."
    return None


def _is_reference(kind: Kind, value: Row) -> bool:
    if kind is Kind.AUDIO and set(value) - {"path"} in ({"array", "sampling_rate"}, {"raw", "sampling_rate"}):
        return True
    return set(value) == {"asset"}


def _messages_problem(value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return "must be a list of one or more messages."
    for position, message in enumerate(value):
        if not isinstance(message, dict):
            return f"[{position}] must be an object with role and content, got {_kind_of(message)}."
        if message.get("role") not in ROLES:
            return f"[{position}].role must be one of {', '.join(ROLES)}, got {message.get('role')!r}."
        if not _is_content(message):
            return f"[{position}].content must be a text, or a list of parts such as {{'type': 'text', 'text': …}}."
    return None


def _is_content(message: Row) -> bool:
    content = message.get("content")
    if content is None:
        return bool(message.get("tool_calls"))
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content)


def _check_param(param: Param, value: Any, prefix: str) -> Any:
    name = f"{prefix}.{param.name}"
    value = next((meant for said, meant in param.also if said is value), value)
    value = _settled(param, value, name)
    if param.choices and value not in param.choices:
        allowed = ", ".join(str(choice) for choice in param.choices)
        raise InvalidInput(name, f"{name} must be one of {allowed}, got {value!r}; leave it out for the default.")
    too_small = param.minimum is not None and value < param.minimum
    too_large = param.maximum is not None and value > param.maximum
    if too_small or too_large:
        raise InvalidInput(name, f"{name} must be {_range(param)}, got {value}; leave it out for the default.")
    return value


def _settled(param: Param, value: Any, name: str) -> Any:
    if param.type is bool and isinstance(value, bool):
        return value
    if param.type is int and _is_number(value) and float(value).is_integer():
        return int(value)
    if param.type is float and _is_number(value):
        return float(value)
    if param.type is str and isinstance(value, str):
        return value
    if param.type is list and isinstance(value, str | list | tuple):
        return _list(param, [value] if isinstance(value, str) else list(value), name)
    if param.type is dict and isinstance(value, str | dict):
        return _object(value, name)
    wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    raise InvalidInput(name, f"{name} must be {wanted[param.type]}, got {_kind_of(value)}.")


def _list(param: Param, values: list, name: str) -> list:
    for position, each in enumerate(values):
        if not isinstance(each, param.items):
            wanted = "a text" if param.items is str else "an object"
            raise InvalidInput(name, f"{name}[{position}] must be {wanted}, got {_kind_of(each)}.")
    return values


def _object(value: str | dict, name: str) -> dict:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError as error:
        raise InvalidInput(name, f"{name} must be a JSON object; the text given is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise InvalidInput(name, f"{name} must be a JSON object, got {_kind_of(found)}.")
    return dict(found)


def _is_number(value: Any) -> bool:
    """Whether `value` is a finite number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) != float("inf")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _is_table(value: Any) -> bool:
    if not isinstance(value, dict) or not value or not all(isinstance(cells, list) for cells in value.values()):
        return False
    return len({len(cells) for cells in value.values()}) == 1


def _range(param: Param) -> str:
    if param.minimum is None:
        return f"{param.maximum:g} or less"
    if param.maximum is None:
        return f"{param.minimum:g} or more"
    return f"from {param.minimum:g} to {param.maximum:g}"


def _names(accepted: dict[str, Param]) -> str:
    return f"it takes {', '.join(accepted)}" if accepted else "it takes none"


def _fields(task: Task) -> str:
    return ", ".join(each.name for each in task.inputs)


def _kind_of(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return {**names, dict: "an object", bytes: "bytes"}.get(type(value), type(value).__name__)
