"""The OpenAPI document, and a page that people can read, made from it: nothing is loaded from elsewhere."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..accounts.scopes import Scope
from ..web.markdown import to_safe_html
from .openapi import openapi
from .problem_types import PROBLEM_TYPES

Schema = dict[str, Any]

JSON = "application/json"
FIRST_CALL = """\
export REGISTRY={origin} TOKEN=mlr_…
curl "$REGISTRY/api/v1/me" -H "Authorization: Bearer $TOKEN"
"""
# What stands for the parts of paths in examples; other ids are variables of the shell.
EXAMPLES = {
    "name": "sentiment",
    "version": "latest",
    "alias": "production",
    "code": "validation",
}
# In the order in which somebody new would need them; a tag that is not here comes last.
TAGS = ("Models", "Predict", "OpenAI", "Log", "Load", "Jobs", "Tasks", "Assets", "Workers", "Account", "Problems")


class SchemaResource(APIView):
    required_scopes = {"GET": None}

    @extend_schema(
        operation_id="get_schema", summary="Read this description", responses={200: OpenApiTypes.OBJECT}, tags=["Account"]
    )
    def get(self, request: Request) -> Response:
        """The OpenAPI 3.1 document of all of this, for tools that generate clients."""
        return Response(openapi())


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show every address with its parameters, bodies and an example."""
    base_url = request.build_absolute_uri(reverse("api:models")).removesuffix("/models")
    first_call = FIRST_CALL.format(origin=f"{request.scheme}://{request.get_host()}")
    context = {
        "groups": groups(),
        "scopes": list(Scope),
        "problems": PROBLEM_TYPES.values(),
        "base_url": base_url,
        "first_call": first_call,
    }
    return render(request, "api/docs.html", context)


@dataclass(frozen=True)
class DocField:
    """A parameter, or a field of a body."""

    name: str
    type: str
    help: SafeString
    is_required: bool = False
    place: str = ""  # of a parameter: path, query, header


@dataclass(frozen=True)
class DocBody:
    """A body that is sent or answered: its fields, where it is an object."""

    title: str  # "200", or empty for the request
    media_types: list[str]
    help: str = ""
    fields: list[DocField] = field(default_factory=list)


@dataclass(frozen=True)
class DocOperation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    help: SafeString
    scope: str
    parameters: list[DocField]
    request: DocBody | None
    responses: list[DocBody]
    curl: str
    answer: str  # an example, as JSON


@dataclass(frozen=True)
class DocGroup:
    """The operations of one tag."""

    name: str
    operations: list[DocOperation]

    @property
    def anchor(self) -> str:
        return f"about-{self.name.lower()}"  # an operation may have the same name


@cache
def groups() -> list[DocGroup]:
    """Return the whole of REST, as the page shows it."""
    found = list(_read_operations(openapi()))
    tags = [*TAGS, *sorted({tag for tag, _ in found} - set(TAGS))]
    by_tag = {tag: [operation for of, operation in found if of == tag] for tag in tags}
    return [DocGroup(tag, operations) for tag, operations in by_tag.items() if operations]


def _read_operations(schema: Schema) -> Iterator[tuple[str, DocOperation]]:
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            yield said["tags"][0], _read_operation(schema, path, method.upper(), said)


def _read_operation(schema: Schema, path: str, method: str, said: Schema) -> DocOperation:
    bodies = said.get("requestBody", {}).get("content", {})
    return DocOperation(
        id=said["operationId"],
        method=method,
        path=path,
        summary=said.get("summary", ""),
        help=to_safe_html(said.get("description", "")),
        scope=said.get("x-required-scope", ""),
        parameters=[_read_parameter(each) for each in said.get("parameters", ())],
        request=_read_body(schema, "", "", bodies, is_deep=True) if bodies else None,
        responses=[
            _read_body(schema, status, answer.get("description", ""), answer.get("content", {}))
            for status, answer in said["responses"].items()
            if status != "default"
        ],
        curl=_curl(path, method, bodies),
        answer=_example(said["responses"].get("200", {}).get("content", {})),
    )


def _read_parameter(said: Schema) -> DocField:
    help_text = to_safe_html(said.get("description", ""))
    return DocField(said["name"], _type_of(said.get("schema", {})), help_text, said.get("required", False), said["in"])


def _read_body(schema: Schema, title: str, help_text: str, content: Schema, *, is_deep: bool = False) -> DocBody:
    said = _resolved(schema, content.get(JSON, {}).get("schema", {}))
    return DocBody(title, list(content), help_text, list(_read_fields(schema, said, "", is_deep)))


def _read_fields(schema: Schema, said: Schema, prefix: str, is_deep: bool) -> Iterator[DocField]:
    """Read the fields of an object; `is_deep` those of its objects too."""
    required = said.get("required", ())
    for name, each in said.get("properties", {}).items():
        inner = _resolved(schema, each)
        help_text = each.get("description") or inner.get("description", "")
        yield DocField(prefix + name, _type_of(each), to_safe_html(help_text), name in required)
        if is_deep:
            yield from _read_fields(schema, inner, f"{prefix}{name}.", is_deep)


def _resolved(schema: Schema, said: Schema) -> Schema:
    """Follow one reference; of alternatives the first is meant, the other is null."""
    said = next(iter(said.get("oneOf", ())), said)
    name = said.get("$ref", "").rpartition("/")[2]
    return schema["components"]["schemas"][name] if name else said


def _type_of(said: Schema) -> str:
    """Name the type in a word or two."""
    if "$ref" in said:
        return said["$ref"].rpartition("/")[2]
    for joined in ("oneOf", "anyOf", "allOf"):
        if joined in said:
            return " or ".join(dict.fromkeys(_type_of(each) for each in said[joined]))
    kind = said.get("type", "any")
    names = " or ".join(kind) if isinstance(kind, list) else kind
    return f"list of {_type_of(said['items'])}" if names == "array" and "items" in said else names


def _curl(path: str, method: str, bodies: Schema) -> str:
    lines = [f'curl "$REGISTRY{_filled(path)}"', '-H "Authorization: Bearer $TOKEN"']
    if method not in {"GET", "POST"} or (method == "POST" and not bodies):
        lines.append(f"-X {method}")
    example = _example(bodies, indent=None)
    if example:
        lines += ['-H "Content-Type: application/json"', f"-d '{example}'"]
    elif "multipart/form-data" in bodies:
        lines.append("-F file=@picture.png")
    return " \\\n  ".join(lines)


def _filled(path: str) -> str:
    """Fill in an example path, so that it can be pasted."""
    return re.sub(r"{(\w+)}", lambda match: EXAMPLES.get(match[1], f"${match[1].upper()}"), path)


def _example(content: Schema, indent: int | None = 2) -> str:
    examples = content.get(JSON, {}).get("examples", {})
    first = next(iter(examples.values()), None)
    return json.dumps(first["value"], indent=indent, ensure_ascii=False) if first else ""
