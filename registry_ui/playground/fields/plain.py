"""Fields of plain values: texts, numbers, switches, labels, JSON."""

import json
from typing import Any

from django import forms

from flavor.tasks import Field, Kind

from .base import InputField, json_from, number_from, with_plain_line_ends

_LINE = 60  # characters of JSON in one line
_JSON_BEGINS = '{["'


class TextField(InputField):
    """A text as it was typed, line ends as `\\n` whatever the browser sends; empty means not given."""

    def clean(self, value: Any) -> Any:
        return with_plain_line_ends(value) if value else None


class NumberField(InputField):
    template = "inputs/_number.html"

    def __init__(self, described: Field) -> None:
        super().__init__(described)
        self.step = "1" if described.kind is Kind.INTEGER else "any"

    def clean(self, value: Any) -> Any:
        if value in (None, ""):
            return None
        return number_from(value, self.name, whole=self.step == "1")


class SwitchField(InputField):
    template = "inputs/_switch.html"
    widget = forms.CheckboxInput

    def clean(self, value: Any) -> Any:
        return bool(value)


class LabelsField(InputField):
    """Labels, one a line; a single line may hold several with commas between them."""

    template = "inputs/_labels.html"

    def clean(self, value: Any) -> Any:
        lines = [line.strip() for line in with_plain_line_ends(value or "").split("\n") if line.strip()]
        if len(lines) == 1:
            lines = [label.strip() for label in lines[0].split(",") if label.strip()]
        return lines or None

    def shown(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class JsonField(InputField):
    """JSON; what does not even begin like it is a text as it was typed."""

    template = "inputs/_json.html"

    def clean(self, value: Any) -> Any:
        if not value or not value.strip():
            return None
        is_text = value.lstrip()[0] not in _JSON_BEGINS and not _is_json(value)
        return with_plain_line_ends(value) if is_text else json_from(value, self.name)

    def shown(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else _json_for_people(value)


def _json_for_people(value: Any, margin: str = "") -> str:
    """JSON in which what fits on a line is on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(line) <= _LINE or not isinstance(value, list | dict):
        return line
    deeper = margin + "  "
    if isinstance(value, list):
        parts = [_json_for_people(each, deeper) for each in value]
    else:
        parts = [f"{json.dumps(str(name), ensure_ascii=False)}: {_json_for_people(each, deeper)}" for name, each in value.items()]
    opened, closed = ("[", "]") if isinstance(value, list) else ("{", "}")
    return f"{opened}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{margin}{closed}"


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True
