"""Fields of plain values: texts, numbers, switches, labels, JSON."""

import json
from typing import Any

from django import forms

from flavor.tasks import Field, Kind

from .base import InputField, json_from, number_from, with_plain_line_ends

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
        return value if value is None or isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True
