"""Two versions against each other: what callers of one notice when the other takes its place."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flavor.compatibility import Effect

from ...accounts.scopes import Scope
from ...catalog.comparison import Comparison, compare
from ...catalog.models import ModelVersion
from ...catalog.selectors import find_by_uri
from ..bodies import read_query
from ..problems import FieldError, invalid
from .model_versions import VersionSummary, summary_json

EFFECTS = [str(effect) for effect in Effect]


class CompareQuery(serializers.Serializer):
    before = serializers.CharField(help_text="What callers use now: 'models:/sentiment@champion'.")
    after = serializers.CharField(help_text="What would take its place: 'models:/sentiment/3'.")


class ComparedChange(serializers.Serializer):
    part = serializers.CharField(help_text="task, input, output, param, template or default.")
    name = serializers.CharField()
    before = serializers.CharField(help_text="Empty when it is new.")
    after = serializers.CharField(help_text="Empty when it is gone.")
    effect = serializers.ChoiceField(EFFECTS)
    why = serializers.CharField()


class ComparedMetric(serializers.Serializer):
    name = serializers.CharField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    is_better = serializers.BooleanField(allow_null=True, help_text="Null where it is equal, missing, or nobody can say.")


class ComparisonResult(serializers.Serializer):
    """What changes for callers, worst first, and every metric of the two."""

    object = serializers.ChoiceField(["comparison"])
    before = VersionSummary()
    after = VersionSummary()
    effect = serializers.ChoiceField(EFFECTS, help_text="The worst of the changes.")
    changes = ComparedChange(many=True)
    metrics = ComparedMetric(many=True)


class ComparisonResource(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="compare_versions",
        summary="Compare two versions",
        parameters=[CompareQuery],
        responses=ComparisonResult,
        tags=["Models"],
    )
    def get(self, request: Request) -> Response:
        """What callers of `before` notice when `after` takes its place; `effect` is what a gate asks for."""
        query = read_query(CompareQuery, request)
        return Response(_comparison_json(compare([_version(name, query[name]) for name in ("before", "after")])))


def _version(parameter: str, uri: str) -> ModelVersion:
    version = find_by_uri(uri)
    if version is None:
        detail = f"{parameter}: “{uri}” is no version that is registered here; write models:/name/3 or models:/name@alias."
        raise invalid(FieldError(detail, parameter=parameter))
    return version


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    (verdict,) = comparison.verdicts
    return {
        "object": "comparison",
        "before": summary_json(comparison.baseline),
        "after": summary_json(verdict.version),
        "effect": str(verdict.effect),
        "changes": [asdict(change) | {"effect": str(change.effect)} for change in verdict.changes],
        "metrics": [_metric_json(row.name, *row.cells) for row in comparison.metrics],
    }


def _metric_json(name: str, before: Any, after: Any) -> dict[str, Any]:
    tone = after.delta.tone if after.delta else ""
    return {"name": name, "before": before.value, "after": after.value, "is_better": {"better": True, "worse": False}.get(tone)}
