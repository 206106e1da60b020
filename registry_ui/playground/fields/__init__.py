"""One form field for each Kind of input: how it reads a request, what it makes of it, which template draws it."""

from flavor.tasks import Field, Kind

from ...accounts.models import User
from ..examples import Example
from .base import InputBound, InputField
from .media import AudioField, ImageField, MediumField, VideoField
from .messages import MessagesField
from .plain import JsonField, LabelsField, NumberField, SwitchField, TextField
from .table import TableField

__all__ = ["InputBound", "InputField", "field_for"]

_FIELDS: dict[Kind, type[InputField]] = {
    Kind.TEXT: TextField,
    Kind.NUMBER: NumberField,
    Kind.INTEGER: NumberField,
    Kind.BOOLEAN: SwitchField,
    Kind.LABELS: LabelsField,
    Kind.IMAGE: ImageField,
    Kind.AUDIO: AudioField,
    Kind.VIDEO: VideoField,
    Kind.TABLE: TableField,
    Kind.TENSOR: JsonField,
    Kind.JSON: JsonField,
}


def field_for(
    described: Field, *, examples: list[Example], message_media: tuple[Kind, ...] = (), user: User | None = None
) -> InputField:
    """Return the form field of an input."""
    if described.kind is Kind.MESSAGES:
        return MessagesField(described, media=message_media, user=user)
    field = _FIELDS[described.kind](described)
    if isinstance(field, MediumField):
        field.examples, field.user = examples, user
    return field
