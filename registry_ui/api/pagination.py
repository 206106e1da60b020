"""Lists in pages: a signed cursor says after which row the next page begins, so rows that come or go shift nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from .problems import FieldError, invalid

DEFAULT_LIMIT = 50
HIGHEST_LIMIT = 200

Row = TypeVar("Row", bound=Model)


class PageQuery(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=HIGHEST_LIMIT, default=DEFAULT_LIMIT, help_text="Rows on one page.")
    cursor = serializers.CharField(required=False, help_text="Where to go on: take it from `next` of the page before.")


def page_of(row: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe one page of such rows."""
    following = serializers.CharField(allow_null=True, help_text="Address of the next page.")
    fields = {"data": row(many=True), "has_more": serializers.BooleanField(), "next": following}
    return inline_serializer(f"{_noun(row)}Page", fields)


def list_of(row: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe a list that is short enough for one answer."""
    return inline_serializer(f"{_noun(row)}List", {"data": row(many=True)})


@dataclass(frozen=True)
class Key:
    """One field that the list is sorted by."""

    name: str
    is_descending: bool
    is_nullable: bool

    @property
    def expression(self) -> OrderBy:
        """Rows without a value come last, whatever the direction and the database."""
        nulls_last = True if self.is_nullable else None
        named = F(self.name)
        return named.desc(nulls_last=nulls_last) if self.is_descending else named.asc(nulls_last=nulls_last)

    def follows(self, value: Any) -> Q:
        """What comes after `value`."""
        beyond = Q(**{f"{self.name}__{'lt' if self.is_descending else 'gt'}": value})
        return beyond | Q(**{f"{self.name}__isnull": True}) if self.is_nullable else beyond

    def equals(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def page(rows: QuerySet[Row], request: Request, *, query: dict[str, Any], to_json: Callable[[Row], Any]) -> Response:
    """Answer one page of `rows`, whose last sort key is unique; `query` has limit and cursor."""
    keys = [_key(rows.model, each) for each in rows.query.order_by or rows.model._meta.ordering or ("pk",)]
    salt = f"{request.path} {keys}"
    rows = rows.order_by(*(key.expression for key in keys))
    if cursor := query.get("cursor"):
        rows = rows.filter(_after(keys, _values(rows.model, keys, cursor, salt)))
    limit = query["limit"]
    found = list(rows[: limit + 1])
    shown, has_more = found[:limit], len(found) > limit
    following = _address(request, shown[-1], keys, salt) if has_more else None
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Response({"data": [to_json(row) for row in shown], "has_more": has_more, "next": following}, headers=headers)


def _noun(row: type[serializers.Serializer]) -> str:
    return row.__name__.removesuffix("Serializer").removesuffix("Summary")


def _key(model: type[Model], said: Any) -> Key:
    """Read one sort key of a queryset: a name, or an expression over a field or an annotation."""
    if isinstance(said, OrderBy):
        name, is_descending = cast(F, said.expression).name, said.descending  # type: ignore[attr-defined]  # F has a name
    else:
        name, is_descending = said.removeprefix("-"), said.startswith("-")
    field = _field(model, name)
    return Key(name, is_descending, is_nullable=field is None or field.null)


def _field(model: type[Model], name: str) -> Any:
    """Return the field, None for an annotation."""
    if name == "pk":
        return model._meta.pk
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _after(keys: Sequence[Key], values: Sequence[Any]) -> Q:
    """Rows that come after the row with these values, in the order of the keys."""
    after, same = Q(pk__in=[]), Q()
    for key, value in zip(keys, values, strict=True):
        if value is not None:
            after |= same & key.follows(value)
        same &= key.equals(value)
    return after


def _address(request: Request, last: Model, keys: Sequence[Key], salt: str) -> str:
    values = [_plain(getattr(last, key.name)) for key in keys]
    query = request.query_params.copy()
    query["cursor"] = signing.dumps(values, salt=salt, compress=True)
    return f"{request.path}?{query.urlencode()}"


def _values(model: type[Model], keys: Sequence[Key], cursor: str, salt: str) -> list[Any]:
    try:
        plain = signing.loads(cursor, salt=salt)
    except signing.BadSignature as error:
        detail = "cursor is not one that this list gave, or the list was sorted otherwise then; begin without it."
        raise invalid(FieldError(detail, parameter="cursor")) from error
    fields = [_field(model, key.name) for key in keys]
    return [field.to_python(value) if field else value for field, value in zip(fields, plain, strict=True)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
