"""Form fields in the design's clothes: label, control, hint and error, tied together for screen readers."""

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Select

register = template.Library()


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, *, optional: str = "optional", mono: bool = False) -> dict[str, Any]:
    """Show a field of a form; `optional` is the word beside the label of one that may stay empty."""
    return {
        "field": bound,
        "control": _control(bound, mono=mono),
        "remark": "" if bound.field.required else optional,
        "is_switch": isinstance(bound.field.widget, CheckboxInput),
    }


def _control(bound: BoundField, *, mono: bool) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        css = "form-check-input"
    else:
        css = "form-select" if isinstance(widget, Select) else "form-control"
    return bound.as_widget(attrs={"class": f"{css} mono" if mono else css})
