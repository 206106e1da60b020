"""The kinds of problems, explained: where the `type` of every problem document leads."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...web.markdown import to_safe_html
from ..links import api_url
from ..negotiation import wants
from ..pagination import list_of
from ..problem_types import PROBLEM_TYPES, ProblemType
from ..problems import ProblemError

HTML = "text/html"


class ProblemTypeSerializer(serializers.Serializer):
    """A kind of problem."""

    type = serializers.CharField()
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    way_out = serializers.CharField()


class ProblemTypeList(APIView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="list_problem_types",
        summary="List the kinds of problems",
        responses=list_of(ProblemTypeSerializer),
        tags=["Problems"],
    )
    def get(self, request: Request) -> Response:
        """Every kind of problem that an answer can name."""
        return Response({"data": [problem_type_json(each) for each in PROBLEM_TYPES.values()]})


class ProblemTypeDetail(APIView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="get_problem_type", summary="See what a problem means", responses=ProblemTypeSerializer, tags=["Problems"]
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """What it means and the way out; a browser gets a page."""
        kind = PROBLEM_TYPES.get(code)
        if kind is None:
            raise ProblemError("not-found", f"There is no kind of problem called {code!r}.")
        if wants(request, HTML):
            said = {"kind": kind, "meaning": to_safe_html(kind.meaning), "way_out": to_safe_html(kind.way_out)}
            return render(request, "api/problem_type.html", said)
        return Response(problem_type_json(kind), headers={"Vary": "Accept"})


def problem_type_json(kind: ProblemType) -> dict[str, Any]:
    """Return the kind as REST shows it."""
    return {"type": api_url("problem-type", kind.code), **asdict(kind)}
