"""Logged models: those without a version yet, and the job that makes one."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.permissions import can_log
from ...accounts.scopes import Scope
from ...catalog.models import LoggedModel
from ...catalog.selectors import list_logged_models
from ...jobs.services import submit_log
from ..authentication import user_of
from ..bodies import AnyJson, Number, Text, read_body, read_query
from ..idempotency import read_key
from ..pagination import PageQuery, page, page_of
from ..problems import ProblemError
from .jobs import ACCEPTED, JOB_REQUEST_HEADERS, accepted


class LoggedModelSerializer(serializers.Serializer):
    """A model that was logged to MLflow and that no version points to."""

    object = serializers.ChoiceField(["logged_model"])
    model_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    experiment_id = serializers.CharField()
    run_id = serializers.CharField()
    uri = serializers.CharField(help_text="Give it as `source` to register the model.")
    created_at = serializers.DateTimeField(allow_null=True)


class LogRequest(serializers.Serializer):
    """What to log, and what to say about it."""

    source = Text(  # type: ignore[assignment]  # fields are taken out of the class
        help_text="A checkpoint folder that the workers may read, a Hugging Face Hub id, `runs:/<run id>/<path>`, "
        "`models:/<name>/<version>` or `models:/m-…`."
    )
    registered_model = Text(required=False, allow_null=True, help_text="Register it under this name, as the next version.")
    alias = Text(required=False, allow_null=True, help_text="Let this alias point to the new version.")
    task = Text(required=False, allow_null=True, help_text="The task; left out, it is read from the checkpoint.")
    name = Text(required=False, allow_null=True, help_text="Name of the LoggedModel.")
    card = Text(required=False, allow_null=True, trim_whitespace=False, help_text="The model card, in Markdown.")
    prompt_template = Text(
        required=False, allow_null=True, trim_whitespace=False, help_text="A text with {prompt} in it, or prompts:/…"
    )
    input_example = AnyJson(required=False)
    run_id = Text(required=False, allow_null=True, help_text="Log into this MLflow run.")
    metrics = serializers.DictField(child=Number(), required=False, allow_null=True)
    metadata = serializers.DictField(required=False, allow_null=True)
    model_config = serializers.DictField(required=False, allow_null=True, help_text="Defaults of the model's parameters.")
    description = Text(required=False, allow_null=True, help_text="Of the version.")
    validate = serializers.BooleanField(  # type: ignore[assignment]  # fields are taken out of the class
        required=False, allow_null=True, help_text="Load it once and let it answer an example; one that cannot is not registered."
    )


class LoggedModelList(APIView):
    required_scopes = {"GET": Scope.READ, "POST": Scope.LOG}

    @extend_schema(
        operation_id="list_logged_models",
        summary="List models without a version",
        parameters=[PageQuery],
        responses=page_of(LoggedModelSerializer),
        tags=["Log"],
    )
    def get(self, request: Request) -> Response:
        """LoggedModels that no version points to, newest first."""
        return page(list_logged_models(), request, query=read_query(PageQuery, request), to_json=logged_model_json)

    @extend_schema(
        operation_id="log_model",
        summary="Log a model",
        request=LogRequest,
        responses=ACCEPTED,
        parameters=JOB_REQUEST_HEADERS,
        examples=[
            OpenApiExample(
                "A checkpoint, registered with an alias",
                {"source": "/checkpoints/sentiment", "registered_model": "sentiment", "alias": "production"},
                request_only=True,
            )
        ],
        tags=["Log"],
    )
    def post(self, request: Request) -> Response:
        """Log a checkpoint, a Hub model or an artifact by a job; nothing half-registered stays when it fails."""
        if not can_log(user_of(request)):
            raise ProblemError("forbidden", "You may look at models, but not log them; ask an administrator.")
        asked = {name: value for name, value in read_body(LogRequest, request).items() if value is not None}
        return accepted(request, submit_log(created_by=user_of(request), idempotency_key=read_key(request), **asked))


def logged_model_json(model: LoggedModel) -> dict[str, Any]:
    """Return the row as REST shows it."""
    names = ("model_id", "name", "status", "experiment_id", "run_id", "created_at")
    return {"object": "logged_model", "uri": f"models:/{model.model_id}", **{name: getattr(model, name) for name in names}}
