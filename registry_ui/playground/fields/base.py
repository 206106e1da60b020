"""What all input fields share, and how texts of a request are read."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from flavor.tasks import Field


class InputBound(forms.BoundField):
    """A field of the form as templates see it; `shown` is the value in the shape that its template draws."""

    field: "InputField"

    @property
    def shown(self) -> Any:
        kept = getattr(self.form, "cleaned_data", {}).get(self.html_name) if self.field.keeps_cleaned else None
        return self.field.shown(self.value() if kept is None else kept)

    @property
    def error_id(self) -> str:
        """The id of the place where its error is told."""
        return f"error-{self.html_name}"


class InputField(forms.Field):
    """An input of a task. What is required is decided by the task's rules, not here."""

    template = "inputs/_text.html"
    keeps_cleaned = False  # whether the value as it was read, rather than as it was sent, is shown again

    def __init__(self, described: Field) -> None:
        super().__init__(required=False, label=described.name.replace("_", " ").capitalize(), help_text=described.help)
        self.name = described.name
        self.is_needed = described.required

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> InputBound:
        return InputBound(form, self, field_name)

    def shown(self, value: Any) -> Any:
        return value


def number_from(value: str, name: str, *, whole: bool) -> int | float:
    """Return the number in a text. Raises ValidationError naming the field."""
    try:
        return int(value) if whole else float(value)
    except ValueError as error:
        wanted = "a whole number" if whole else "a number"
        raise ValidationError(f"{name} must be {wanted}, got {value!r}.") from error


def json_from(value: str, name: str) -> Any:
    """Return the value in a JSON text. Raises ValidationError naming field, line and column."""
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValidationError(f"{name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error


def with_plain_line_ends(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")
