"""Predictions: ask a model and get the answer at once, later, or token by token."""

import time
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.permissions import can_steer
from ...accounts.scopes import Scope
from ...catalog.models import ModelVersion
from ...predictions import gateway
from ...predictions.asked import get_asked
from ...predictions.outcomes import Outcome, Pending
from .. import streaming
from ..authentication import user_of
from ..bodies import AnyJson, read_query
from ..negotiation import EVENT_STREAM, wants
from ..parsers import AudioParser, ImageParser, JsonParser, MultipartParser, VideoParser
from ..predict_answer import Subject, answer_json, location, pending_json, problem_in
from ..predict_request import PredictRequest, Question, read_predict_request
from ..predict_stream import stream_events
from ..preferences import Preferences, read_preferences
from ..problems import FieldError, ProblemError, invalid, problem_response
from .model_states import ModelState
from .model_versions import find_alias, find_version

RETRY_AFTER_S = "1"
LOOK_EVERY_S = 0.1


class PredictionModel(serializers.Serializer):
    name = serializers.CharField()
    version = serializers.CharField()
    uri = serializers.CharField()


class PredictionLinks(serializers.Serializer):
    self = serializers.CharField()
    events = serializers.CharField(help_text="The stream, where one was asked for.")
    cancel = serializers.CharField()
    html = serializers.CharField()


class EffectiveParameter(serializers.Serializer):
    value = AnyJson()
    source = serializers.CharField(  # type: ignore[assignment]  # a field
        help_text="Who said it: default, model, model_config, signature, request, or drawn."
    )


class PredictionWarning(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()
    pointer = serializers.CharField(help_text="The input that is meant.")


class PredictionMedium(serializers.Serializer):
    """A file that the model made: an image, a sound, a large array."""

    id = serializers.UUIDField()
    media_type = serializers.CharField()
    url = serializers.CharField(help_text="Where its bytes are.")


class PredictionSerializer(serializers.Serializer):
    """What became of a request to a model."""

    id = serializers.UUIDField()
    object = serializers.ChoiceField(["prediction"])
    status = serializers.ChoiceField(["pending", "succeeded", "failed"])
    task = serializers.CharField()
    model = PredictionModel()
    outputs = serializers.JSONField(
        required=False,
        help_text="The records found in the input. For a list of inputs: a list of the same length and order, each the records "
        'of one input, or {"error": problem} where that input failed.',
    )
    parameters_effective = serializers.DictField(
        child=EffectiveParameter(), required=False, help_text="The parameters that counted, and who said them."
    )
    usage = serializers.DictField(
        child=serializers.FloatField(), required=False, help_text="Tokens, images, seconds of sound: read and written."
    )
    timing_ms = serializers.DictField(child=serializers.FloatField(allow_null=True), required=False)
    warnings = PredictionWarning(many=True, required=False)
    media = PredictionMedium(many=True, required=False, help_text="Files in `outputs`, where each stands as its asset's id.")
    model_state = ModelState(required=False, help_text="While pending: where the model is on its way into memory.")
    error = serializers.DictField(required=False, help_text="Once failed: a problem document.")
    links = PredictionLinks()


class PredictionQuery(serializers.Serializer):
    single = serializers.BooleanField(
        default=False, help_text="The answer to the only input itself, rather than a list of one; links of predictions have it."
    )


PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description="`respond-async`: answer 202 at once, the result is at `Location`. `wait=5`: 202 only after 5 s.",
)
_ANSWER = {
    "id": "7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11",
    "object": "prediction",
    "status": "succeeded",
    "task": "text-classification",
    "model": {"name": "sentiment", "version": "3", "uri": "models:/sentiment/3"},
    "outputs": [{"label": "positive", "score": 0.98}, {"label": "negative", "score": 0.02}],
    "parameters_effective": {"top_k": {"value": 5, "source": "default"}},
    "usage": {"input_tokens": 6},
    "timing_ms": {"total": 9.1},
    "warnings": [],
    "media": [],
    "links": {
        "self": "/api/v1/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11?single=true",
        "events": "/api/v1/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/events",
        "cancel": "/api/v1/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/cancel",
        "html": "/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11",
    },
}
PREDICT: dict[str, Any] = {
    "request": {
        "application/json": PredictRequest,
        "multipart/form-data": {
            "type": "object",
            "properties": {
                "inputs": {"type": "string", "format": "binary", "description": "A file, or several; or JSON."},
                "parameters": {"type": "string", "contentMediaType": "application/json"},
                "options": {"type": "string", "contentMediaType": "application/json"},
            },
            "required": ["inputs"],
        },
        "image/*": OpenApiTypes.BINARY,
    },
    "responses": {
        (200, "application/json"): PredictionSerializer,
        (200, EVENT_STREAM): OpenApiTypes.STR,
        202: OpenApiResponse(PredictionSerializer, description="It takes longer than you wait; fetch it from `Location`."),
    },
    "parameters": [PREFER],
    "examples": [
        OpenApiExample("One text", {"inputs": "I loved it"}, request_only=True, media_type="application/json"),
        OpenApiExample(
            "Two rows, with parameters",
            {
                "inputs": [{"text": "I loved it"}, {"text": "Never again"}],
                "parameters": {"top_k": 1},
                "options": {"timeout_s": 30},
            },
            request_only=True,
            media_type="application/json",
        ),
        OpenApiExample("One text", _ANSWER, response_only=True, status_codes=["200"], media_type="application/json"),
    ],
    "tags": ["Predict"],
}
PARSERS = [JsonParser, MultipartParser, ImageParser, AudioParser, VideoParser]


class VersionPredict(APIView):
    required_scopes = {"POST": Scope.PREDICT}
    parser_classes = PARSERS

    @extend_schema(operation_id="predict", summary="Ask a version", **PREDICT)
    def post(self, request: Request, name: str, version: str) -> HttpResponseBase:
        """Ask a model. `inputs` is one row, the bare value of its first field, or a list of these.

        One input is answered by its records, a list of inputs by a list of the same length. Media are base64 texts,
        `{"asset": id}`, files of a multipart body, or the body itself (parameters then go into the query).
        With `Accept: text/event-stream` the answer to one input comes token by token, as events `state`, `token`, and at
        the end `result` or `error`.
        """
        return _predict(request, find_version(name, version))


class AliasPredict(APIView):
    required_scopes = {"POST": Scope.PREDICT}
    parser_classes = PARSERS

    @extend_schema(operation_id="predict_by_alias", summary="Ask an alias's version", **PREDICT)
    def post(self, request: Request, name: str, alias: str) -> HttpResponseBase:
        """The same, for the version that carries the alias now; `model.version` in the answer says which that was."""
        return _predict(request, find_alias(name, alias))


class PredictionDetail(APIView):
    required_scopes = {"GET": Scope.PREDICT, "DELETE": Scope.PREDICT}

    @extend_schema(
        operation_id="get_prediction",
        summary="Fetch a prediction",
        parameters=[PredictionQuery, PREFER],
        responses={200: PredictionSerializer, 202: PredictionSerializer},
        tags=["Predict"],
    )
    def get(self, request: Request, prediction_id: str) -> Response:
        """What became of a request: 202 while it is pending. `Prefer: wait=25` waits for it."""
        is_single, preferences = read_query(PredictionQuery, request)["single"], read_preferences(request)
        found = _collect(prediction_id, preferences.wait_s or 0)
        return preferences.applied_to(_fetched(found, Subject.of_prediction(prediction_id), is_single))

    @extend_schema(
        operation_id="delete_prediction", summary="Cancel a prediction by DELETE", responses={204: None}, tags=["Predict"]
    )
    def delete(self, request: Request, prediction_id: str) -> Response:
        """The same as `POST …/cancel`."""
        _cancel(request, prediction_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PredictionCancel(APIView):
    required_scopes = {"POST": Scope.PREDICT}

    @extend_schema(
        operation_id="cancel_prediction", summary="Cancel a prediction", request=None, responses={204: None}, tags=["Predict"]
    )
    def post(self, request: Request, prediction_id: str) -> Response:
        """Say that nobody wants the answer any more: waiting it is dropped, running it stops at the next token."""
        _cancel(request, prediction_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PredictionEvents(APIView):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(
        operation_id="stream_prediction",
        summary="Follow a stream",
        parameters=[streaming.LAST_EVENT_ID],
        responses={(200, EVENT_STREAM): OpenApiTypes.STR},
        tags=["Predict"],
    )
    def get(self, request: Request, prediction_id: str) -> HttpResponseBase:
        """Read a stream again, or go on after `Last-Event-ID` when the connection broke; streams are kept for minutes."""
        after = streaming.last_event_id(request)
        gateway.read_stream(prediction_id, after)
        return streaming.event_stream(stream_events(prediction_id, after, Subject.of_prediction(prediction_id)))


def _predict(request: Request, version: ModelVersion) -> HttpResponseBase:
    target = gateway.target_of(version)
    question = read_predict_request(request, target.task, user_of(request))
    if wants(request, EVENT_STREAM):
        return _stream(request, target, question)
    preferences = read_preferences(request)
    with question.naming_fields():
        answer = gateway.predict(
            target,
            question.rows,
            question.params,
            caller=user_of(request),
            timeout_s=question.timeout_s,
            wait_s=preferences.patience_s,
            overlong=question.overlong,
        )
    return _answered(request, answer, Subject.of_target(target), question, preferences)


def _answered(
    request: Request, answer: Outcome | Pending, subject: Subject, question: Question, preferences: Preferences
) -> Response:
    is_single = question.is_single
    if isinstance(answer, Outcome) and (problem := problem_in(answer, is_single=is_single)):
        return problem_response(request, problem)
    return preferences.applied_to(_fetched(answer, subject, is_single))


def _fetched(found: Outcome | Pending, subject: Subject, is_single: bool) -> Response:
    if isinstance(found, Outcome):
        return Response(answer_json(found, subject, is_single=is_single))
    headers = {"Location": location(found.request_id, is_single=is_single), "Retry-After": RETRY_AFTER_S}
    return Response(pending_json(found, subject, is_single=is_single), status=status.HTTP_202_ACCEPTED, headers=headers)


def _stream(request: Request, target: gateway.Target, question: Question) -> HttpResponseBase:
    if len(question.rows) != 1:
        raise invalid(FieldError(f"A stream answers one input, got {len(question.rows)}.", "/inputs"))
    with question.naming_fields():
        request_id = gateway.start_stream(
            target,
            question.rows[0],
            question.params,
            caller=user_of(request),
            timeout_s=question.timeout_s,
            overlong=question.overlong,
        )
    response = streaming.event_stream(stream_events(request_id, streaming.BEGINNING, Subject.of_target(target)))
    response["Location"] = location(request_id, is_single=True)
    return response


def _collect(request_id: str, wait_s: float) -> Outcome | Pending:
    until = time.monotonic() + wait_s
    while isinstance(found := gateway.collect(request_id), Pending) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
    return found


def _cancel(request: Request, request_id: str) -> None:
    asked = get_asked(request_id)
    if not can_steer(user_of(request), asked):
        raise ProblemError("forbidden", "Somebody else asked this; only they and administrators may cancel it.")
    gateway.cancel(asked.id)
