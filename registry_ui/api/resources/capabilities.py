"""Where a version could run: the verdict of each worker that is alive, and what it lacks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flavor.verdicts import Verdict

from ...accounts.scopes import Scope
from ...predictions import gateway
from ...predictions.capabilities import Capability, capabilities_of
from ..pagination import list_of
from .model_versions import find_version


class NeededPackage(serializers.Serializer):
    name = serializers.CharField()
    needed = serializers.CharField(help_text="The version it was logged with; empty for any.")
    here = serializers.CharField(help_text="The version on this worker; empty when it is not installed.")


class WorkerCapability(serializers.Serializer):
    """What one worker could do with a version, by what is installed there; nothing is loaded to find out."""

    object = serializers.ChoiceField(["capability"])
    worker = serializers.CharField()
    verdict = serializers.ChoiceField([str(each) for each in Verdict])
    reason = serializers.CharField(help_text="Why it does not load there; empty when it does.")
    packages = NeededPackage(many=True)


class VersionCapabilities(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_capabilities",
        summary="See where a version can run",
        responses=list_of(WorkerCapability),
        tags=["Load"],
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """One verdict for each worker that is alive; none when there is no worker."""
        found = capabilities_of(find_version(name, version), gateway.workers())
        return Response({"data": [_capability_json(each) for each in found]})


def _capability_json(capability: Capability) -> dict[str, Any]:
    return {
        "object": "capability",
        "worker": capability.worker,
        "verdict": str(capability.verdict),
        "reason": capability.reason,
        "packages": [{"name": each.name, "needed": each.needed, "here": each.here} for each in capability.packages],
    }
