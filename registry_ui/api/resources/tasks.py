"""Tasks: what can be asked, described as JSON Schema."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flavor.tasks import Task, all_tasks, find_task

from ..links import api_url
from ..pagination import list_of
from ..problems import ProblemError
from ..task_schema import example_inputs, inputs_schema, outputs_schema, parameters_schema


class TaskLinks(serializers.Serializer):
    self = serializers.CharField()
    models = serializers.CharField()


class TaskSummary(serializers.Serializer):
    """A task that models can do here."""

    object = serializers.ChoiceField(["task"])
    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    modality = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    streams = serializers.BooleanField(help_text="Whether answers can come token by token.")
    links = TaskLinks()


class TaskExample(serializers.Serializer):
    inputs = serializers.JSONField()
    parameters = serializers.DictField()


class TaskDetail(TaskSummary):
    """A task with the JSON Schemas (draft 2020-12) of what it takes and gives."""

    inputs = serializers.DictField(help_text="JSON Schema of `inputs`.")
    parameters = serializers.DictField(help_text="JSON Schema of `parameters`.")
    outputs = serializers.DictField(help_text="JSON Schema of `outputs`.")
    example = TaskExample(help_text="A request that works.")


class TaskList(APIView):
    required_scopes = {"GET": None}

    @extend_schema(operation_id="list_tasks", summary="List tasks", responses=list_of(TaskSummary), tags=["Tasks"])
    def get(self, request: Request) -> Response:
        """What models can do here."""
        return Response({"data": [summary_json(task) for task in all_tasks()]})


class TaskResource(APIView):
    required_scopes = {"GET": None}

    @extend_schema(operation_id="get_task", summary="See a task's schemas", responses=TaskDetail, tags=["Tasks"])
    def get(self, request: Request, task: str) -> Response:
        """What the task takes and gives; the name may be an alias, such as `ner`."""
        return Response(detail_json(_get_task(task)))


def summary_json(task: Task) -> dict[str, Any]:
    """Return the task as the list shows it."""
    names = ("name", "title", "summary", "modality", "aliases", "streams")
    links = {"self": api_url("task", task.name), "models": f"{api_url('models')}?task={task.name}"}
    return {"object": "task", **{name: getattr(task, name) for name in names}, "links": links}


def detail_json(task: Task) -> dict[str, Any]:
    """Return the task with its schemas and a request that works."""
    return summary_json(task) | {
        "inputs": inputs_schema(task),
        "parameters": parameters_schema(task),
        "outputs": outputs_schema(task),
        "example": {"inputs": example_inputs(task), "parameters": dict(task.example_params)},
    }


def _get_task(name: str) -> Task:
    task = find_task(name)
    if task is None:
        known = ", ".join(each.name for each in all_tasks())
        raise ProblemError("not-found", f"There is no task {name!r} here; there are: {known}.")
    return task
