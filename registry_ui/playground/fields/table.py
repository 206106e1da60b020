"""The field of a table: a grid of cells."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from .base import InputField

BLANK_LINES = 2  # empty lines that a table offers, so that it can grow without JavaScript


class TableWidget(forms.Widget):
    """Reads `<name>.column` (the names) and `<name>.cell` (the cells, line by line)."""

    def value_from_datadict(self, data: Any, files: MultiValueDict, name: str) -> tuple[list[str], list[str]]:
        return data.getlist(f"{name}.column"), data.getlist(f"{name}.cell")


class TableField(InputField):
    """A table of texts; columns without a name and lines without a cell are left out."""

    template = "inputs/_table.html"
    widget = TableWidget

    def clean(self, value: tuple[list[str], list[str]]) -> Any:
        columns, lines = _grid(value)
        kept = [line for line in lines if any(cell.strip() for cell in line)]
        named = [(number, name.strip()) for number, name in enumerate(columns) if name.strip()]
        if len({name for _, name in named}) < len(named):
            raise ValidationError(f"{self.name} has two columns of one name; name each column once.")
        return {name: [line[number] for line in kept] for number, name in named} or None

    def shown(self, value: Any) -> dict[str, list]:
        """Return names and lines, with room to grow."""
        if isinstance(value, tuple):
            columns, lines = _grid(value)
        else:
            table = value or {}
            columns = list(table)
            lines = [[str(cell) for cell in line] for line in zip(*table.values(), strict=False)]
        is_filled = bool(columns)
        wide = [*columns, *[""] * (1 if is_filled else 3)]
        padded = [[*line, *[""] * (len(wide) - len(line))] for line in lines]
        return {"columns": wide, "lines": [*padded, *[[""] * len(wide)] * BLANK_LINES]}


def _grid(value: tuple[list[str], list[str]]) -> tuple[list[str], list[list[str]]]:
    columns, cells = value
    width = len(columns) or 1
    return columns, [cells[start : start + width] for start in range(0, len(cells) - width + 1, width)]
