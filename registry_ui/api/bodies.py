"""What a request says, checked: the fields of its body, query and headers; every value at fault is named at once."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from .problems import FieldError, invalid, pointer_to


class Text(serializers.CharField):
    """A text; where the framework would turn a number into one, it is refused."""

    default_error_messages = {"invalid": "must be a text."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AnyJson(serializers.JSONField):
    """Any value, null among them."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, None) if data is None else super().validate_empty_values(data)


class Number(serializers.FloatField):
    """A number; a text that looks like one, true and false are refused."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool | str):
            self.fail("invalid")
        return super().to_internal_value(data)


def read_body(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """Return the checked fields of a JSON body. Raises a 422 naming each missing, unknown or wrong one."""
    return checked(kind, request.data)


def checked(kind: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return the checked fields of an object."""
    serializer = kind(data=data)
    if not isinstance(data, Mapping):
        raise invalid(FieldError("The body must be a JSON object.", ""))
    unknown = [name for name in data if name not in serializer.fields]
    if unknown:
        known = ", ".join(serializer.fields)
        raise invalid(
            *(FieldError(f"{name} is not known here; known are: {known}.", pointer_to(name), code="unknown") for name in unknown)
        )
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def read_query(kind: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """Return the checked query parameters. Raises a 422 naming each unknown or wrong one."""
    serializer = kind(data=request.query_params.dict())
    unknown = [name for name in request.query_params if name not in serializer.fields]
    if unknown:
        known = ", ".join(serializer.fields)
        raise invalid(
            *(
                FieldError(f"{name} is not a parameter here; known are: {known}.", parameter=name, code="unknown")
                for name in unknown
            )
        )
    if not serializer.is_valid():
        raise invalid(
            *(
                FieldError(f"{name}: {said}", parameter=name, code=said.code)
                for name, all_said in serializer.errors.items()
                for said in all_said
            )
        )
    return dict(serializer.validated_data)
