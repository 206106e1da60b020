"""Workers: which are alive, and which models they hold."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ...predictions import gateway
from ...predictions.outcomes import WorkerView
from ..pagination import list_of
from ..predict_answer import state_json
from .model_states import ModelState


class Worker(serializers.Serializer):
    """A worker that is alive."""

    object = serializers.ChoiceField(["worker"])
    name = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    started_at = serializers.FloatField(help_text="Seconds since 1970.")
    seen_at = serializers.FloatField(help_text="When it last said that it lives.")
    memory_bytes = serializers.IntegerField(allow_null=True, help_text="What its models take.")
    budget_bytes = serializers.IntegerField(allow_null=True, help_text="What its models may take.")
    jobs = serializers.ListField(child=serializers.CharField(), help_text="Ids of the jobs that run on it.")
    models = ModelState(many=True)
    problem = serializers.CharField(allow_null=True)


class WorkerList(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_workers", summary="List workers", responses=list_of(Worker), tags=["Workers"])
    def get(self, request: Request) -> Response:
        """The workers that are alive, and the models in their memory; none when Redis cannot be asked."""
        workers = [worker_json(worker) for worker in gateway.workers()]
        return Response({"data": workers})


def worker_json(worker: WorkerView) -> dict[str, Any]:
    """Return the worker as REST shows it."""
    names = ("name", "host", "pid", "started_at", "seen_at", "memory_bytes", "budget_bytes", "jobs", "problem")
    models = [state_json(state) for state in worker.models]
    return {"object": "worker", **{name: getattr(worker, name) for name in names}, "models": models}
