"""OpenAI's interface, for its clients: chat, completions, embeddings, and the models that can be asked."""

from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ...catalog.models import ModelVersion, RegisteredModel
from ...catalog.selectors import list_models
from ..authentication import user_of
from ..openai import answers, errors, models, schemas
from ..openai.models import CHAT, COMPLETIONS, EMBEDDINGS
from ..streaming import STREAM_HEADERS, STREAM_TYPE


class OpenAiResource(APIView):
    """A resource whose errors are OpenAI's."""

    def get_exception_handler(self) -> Any:
        return errors.exception_handler


class OpenAiChat(OpenAiResource):
    required_scopes = {"POST": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_chat",
        summary="Chat as with OpenAI",
        **schemas.operation(
            "messages",
            schemas.MESSAGES,
            {"model": "storyteller", "messages": [{"role": "user", "content": "Who lives in the wood?"}], "max_tokens": 40},
        ),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """OpenAI's `chat/completions`. Every field is followed, or refused by its name; none is dropped in silence."""
        return _answered(request, CHAT)


class OpenAiCompletions(OpenAiResource):
    required_scopes = {"POST": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_complete",
        summary="Complete as with OpenAI",
        **schemas.operation("prompt", schemas.PROMPT, {"model": "storyteller", "prompt": "Once upon a time,", "max_tokens": 40}),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """OpenAI's `completions`: one text continued, or several, each by `choices` of its own."""
        return _answered(request, COMPLETIONS)


class OpenAiEmbeddings(OpenAiResource):
    required_scopes = {"POST": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_embed",
        summary="Embed as with OpenAI",
        **schemas.operation("input", schemas.INPUT, {"model": "vectors", "input": ["The soup was cold."]}),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """OpenAI's `embeddings`: one vector for each text, pooled by mean where neither model nor request says how."""
        return _answered(request, EMBEDDINGS)


class OpenAiModels(OpenAiResource):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_list_models",
        summary="List models as OpenAI does",
        responses=schemas.OpenAiModelList,
        tags=["OpenAI"],
    )
    def get(self, request: Request) -> Response:
        """Every model that can be asked here by its name, and by each of its aliases."""
        tasks = models.tasks_for(CHAT, COMPLETIONS, EMBEDDINGS)
        found = list_models(sort="name").filter(task__in=tasks)
        return Response({"object": "list", "data": [each for model in found for each in _names_of(model)]})


class OpenAiModelByName(OpenAiResource):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_get_model", summary="See a model as OpenAI does", responses=schemas.OpenAiModel, tags=["OpenAI"]
    )
    def get(self, request: Request, name: str) -> Response:
        """The version that a name, or `name@alias`, means now."""
        return Response(_model_json(name, models.find(name)))


class OpenAiModelVersion(OpenAiResource):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(
        operation_id="openai_get_model_version",
        summary="See a version as OpenAI does",
        responses=schemas.OpenAiModel,
        tags=["OpenAI"],
    )
    def get(self, request: Request, name: str, version: str) -> Response:
        """The version that `name/version` means."""
        return Response(_model_json(f"{name}/{version}", models.find(f"{name}/{version}")))


def _answered(request: Request, protocol: str) -> HttpResponseBase:
    question = answers.read(request.data, protocol, user_of(request))
    if question.body.get("stream"):
        return StreamingHttpResponse(answers.stream(question), content_type=STREAM_TYPE, headers=STREAM_HEADERS)
    return Response(answers.answer(question))


def _names_of(model: RegisteredModel) -> list[dict[str, Any]]:
    """The model under its own name, which is the latest version's, and under `name@alias`."""
    if model.latest is None:
        return []
    named = {f"{model.name}@{alias.name}": alias.version.version for alias in model.aliases.all()}
    return [
        _model_json(model.name, model.latest),
        *({**_model_json(name, model.latest), "owned_by": f"models:/{model.name}/{version}"} for name, version in named.items()),
    ]


def _model_json(name: str, version: ModelVersion) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": int(version.created_at.timestamp()) if version.created_at else 0,
        "owned_by": version.uri,
        "task": version.task,
    }
