"""Where a model is on its way into memory, and the wish that it be warm."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ...catalog.models import ModelVersion
from ...jobs.services import submit_load
from ...predictions import gateway
from ...predictions.outcomes import ModelPhase
from ..authentication import user_of
from ..idempotency import read_key
from ..predict_answer import state_json
from .jobs import ACCEPTED, JOB_REQUEST_HEADERS, accepted
from .model_versions import find_alias, find_version

__all__ = ["AliasLoad", "AliasState", "VersionLoad", "VersionState"]


class ModelState(serializers.Serializer):
    """What the worker that is furthest with a model says about it; cold when no worker says anything."""

    uri = serializers.CharField()
    state = serializers.ChoiceField([str(phase) for phase in ModelPhase])
    done_bytes = serializers.IntegerField(allow_null=True, help_text="Bytes fetched so far.")
    total_bytes = serializers.IntegerField(allow_null=True)
    memory_bytes = serializers.IntegerField(allow_null=True, help_text="What it takes in the worker's memory.")
    reason = serializers.CharField(allow_null=True, help_text="Why loading failed, in one sentence.")
    worker = serializers.CharField(allow_null=True)
    since = serializers.FloatField(allow_null=True, help_text="Seconds since 1970 at which this state began.")
    requests = serializers.IntegerField(help_text="Requests answered since it was loaded.")
    idle_s = serializers.FloatField(allow_null=True)


class VersionState(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="get_model_state", summary="See whether a version is warm", responses=ModelState, tags=["Load"])
    def get(self, request: Request, name: str, version: str) -> Response:
        """Cold, fetching (with bytes), loading, warm, or failed with the reason."""
        return _state(find_version(name, version))


class AliasState(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="get_alias_state", summary="See whether an alias's version is warm", responses=ModelState, tags=["Load"]
    )
    def get(self, request: Request, name: str, alias: str) -> Response:
        """The same, for the version that carries the alias now."""
        return _state(find_alias(name, alias))


class VersionLoad(APIView):
    required_scopes = {"POST": Scope.LOAD}

    @extend_schema(
        operation_id="load_model",
        summary="Warm a version",
        request=None,
        responses=ACCEPTED,
        parameters=JOB_REQUEST_HEADERS,
        tags=["Load"],
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Bring a version into a worker's memory by a job, so that the first prediction does not wait for it."""
        return _load(request, find_version(name, version))


class AliasLoad(APIView):
    required_scopes = {"POST": Scope.LOAD}

    @extend_schema(
        operation_id="load_alias",
        summary="Warm an alias's version",
        request=None,
        responses=ACCEPTED,
        parameters=JOB_REQUEST_HEADERS,
        tags=["Load"],
    )
    def post(self, request: Request, name: str, alias: str) -> Response:
        """The same, for the version that carries the alias now."""
        return _load(request, find_alias(name, alias))


def _state(version: ModelVersion) -> Response:
    return Response(state_json(gateway.model_state(version.uri)))


def _load(request: Request, version: ModelVersion) -> Response:
    target = gateway.target_of(version)
    job = submit_load(model_uri=target.uri, created_by=user_of(request), idempotency_key=read_key(request))
    return accepted(request, job)
