"""Model versions: by number or by alias, with every fact that was read from their files."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ...catalog.models import ModelVersion
from ...catalog.selectors import LATEST, AliasNotFound, VersionNotFound, get_model, get_model_version, list_versions
from ..bodies import AnyJson, read_query
from ..links import api_url, page_url
from ..negotiation import wants
from ..pagination import PageQuery, list_of, page, page_of

MARKDOWN = "text/markdown"
LONGEST_NUMBER = 9
_SUMMARY = (
    *("task", "architecture", "parameter_count", "dtype", "size_bytes", "license", "base_model", "transformers_version"),
    *("status", "description", "tags", "metrics", "run_id", "run_name", "created_at", "updated_at", "problem"),
)
_DETAIL = (
    *(
        "source",
        "params",
        "card_data",
        "signature",
        "input_example",
        "prompt_template",
        "chat_template",
        "model_config",
        "mlmodel",
    ),
    "facts_read_at",
)


class VersionLinks(serializers.Serializer):
    self = serializers.CharField()
    model = serializers.CharField()
    card = serializers.CharField()
    signature = serializers.CharField()
    files = serializers.CharField()
    predict = serializers.CharField()
    state = serializers.CharField()
    load = serializers.CharField()
    task = serializers.CharField(allow_null=True, help_text="The JSON Schemas of what the model takes and gives.")
    html = serializers.CharField()


class VersionSummary(serializers.Serializer):
    """A model version as lists show it."""

    object = serializers.ChoiceField(["model_version"])
    name = serializers.CharField()
    version = serializers.CharField()
    uri = serializers.CharField(help_text="Its address for MLflow: 'models:/sentiment/3'.")
    aliases = serializers.ListField(child=serializers.CharField())
    model_id = serializers.CharField(help_text="The id of its LoggedModel: 'm-…'.")
    task = serializers.CharField(help_text="Empty when it is not known.")
    architecture = serializers.CharField()
    parameter_count = serializers.IntegerField(allow_null=True)
    dtype = serializers.CharField()
    size_bytes = serializers.IntegerField(allow_null=True)
    license = serializers.CharField()
    base_model = serializers.CharField()
    transformers_version = serializers.CharField()
    status = serializers.CharField(help_text="MLflow's: READY, or still being registered.")
    description = serializers.CharField()
    tags = serializers.DictField()
    metrics = serializers.DictField()
    run_id = serializers.CharField()
    run_name = serializers.CharField()
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField(help_text="Why it cannot be tried here; empty when it can.")
    links = VersionLinks()


class VersionDetail(VersionSummary):
    """A model version with every fact read from its files."""

    source = serializers.CharField()  # type: ignore[assignment]  # fields are taken out of the class
    params = serializers.DictField(help_text="Parameters of its run.")
    card_data = serializers.DictField(help_text="The card's front matter.")
    signature = serializers.DictField(allow_null=True)
    input_example = AnyJson()
    prompt_template = serializers.CharField()
    chat_template = serializers.CharField()
    model_config = serializers.DictField()
    mlmodel = serializers.CharField(help_text="The MLmodel file.")
    facts_read_at = serializers.DateTimeField(allow_null=True)


class Card(serializers.Serializer):
    card = serializers.CharField(help_text="Markdown, without its front matter.")
    front_matter = serializers.DictField()


class Signature(serializers.Serializer):
    """Columns and parameters as MLflow has them; null where none was saved."""

    signature = serializers.DictField(allow_null=True)
    input_example = AnyJson()


class VersionFile(serializers.Serializer):
    path = serializers.CharField()
    size_bytes = serializers.IntegerField(allow_null=True)
    html = serializers.CharField(help_text="The page that shows the file.")


class VersionList(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_versions",
        summary="List versions",
        parameters=[PageQuery],
        responses=page_of(VersionSummary),
        tags=["Models"],
    )
    def get(self, request: Request, name: str) -> Response:
        """The versions of a model, newest first."""
        query = read_query(PageQuery, request)
        return page(list_versions(get_model(name)), request, query=query, to_json=summary_json)


class Version(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="get_version", summary="See a version", responses=VersionDetail, tags=["Models"])
    def get(self, request: Request, name: str, version: str) -> Response:
        """Everything that is known about a version; `latest` stands for the highest number."""
        return Response(detail_json(find_version(name, version)))


class Alias(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="get_alias", summary="See an alias's version", responses=VersionDetail, tags=["Models"])
    def get(self, request: Request, name: str, alias: str) -> Response:
        """The version that carries the alias now."""
        return Response(detail_json(find_alias(name, alias)))


class VersionCard(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="get_card",
        summary="Read a version's card",
        responses={(200, "application/json"): Card, (200, MARKDOWN): OpenApiTypes.STR},
        tags=["Models"],
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """The model card as JSON, or with `Accept: text/markdown` as text."""
        found = find_version(name, version)
        if wants(request, MARKDOWN):
            return HttpResponse(found.card, content_type=f"{MARKDOWN}; charset=utf-8", headers={"Vary": "Accept"})
        return Response({"card": found.card, "front_matter": found.card_data}, headers={"Vary": "Accept"})


class VersionSignature(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="get_signature", summary="Read a version's signature", responses=Signature, tags=["Models"])
    def get(self, request: Request, name: str, version: str) -> Response:
        """What MLflow's scoring takes and gives; our own door is described by the task's schemas."""
        found = find_version(name, version)
        return Response({"signature": found.signature, "input_example": found.input_example})


class VersionFileList(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="list_files", summary="List a version's files", responses=list_of(VersionFile), tags=["Models"])
    def get(self, request: Request, name: str, version: str) -> Response:
        """Paths and sizes of everything that was logged."""
        found = find_version(name, version)
        return Response({"data": [_file_json(found, each) for each in found.files]})


def find_version(name: str, version: str) -> ModelVersion:
    """Return a version by number or `latest`; an alias has an address of its own. Raises ModelNotFound, VersionNotFound."""
    if not _is_number(version) and version != LATEST:
        raise VersionNotFound(get_model(name).name, f"“{version}”: give a number, or use …/aliases/{version}")
    if len(version) > LONGEST_NUMBER:
        raise VersionNotFound(get_model(name).name, version)
    return get_model_version(name, version)


def find_alias(name: str, alias: str) -> ModelVersion:
    """Return the version that carries an alias. Raises ModelNotFound, AliasNotFound."""
    if _is_number(alias):
        raise AliasNotFound(get_model(name).name, alias)
    return get_model_version(name, alias)


def summary_json(version: ModelVersion) -> dict[str, Any]:
    """Return the version as lists show it."""
    name, number = version.model.name, str(version.version)
    own = {
        "object": "model_version",
        "name": name,
        "version": number,
        "uri": version.uri,
        "aliases": [alias.name for alias in version.aliases.all()],
        "model_id": version.logged_model_id,
        "links": _links(name, number, version.task),
    }
    return own | {each: getattr(version, each) for each in _SUMMARY}


def detail_json(version: ModelVersion) -> dict[str, Any]:
    """Return the version with every fact."""
    return summary_json(version) | {each: getattr(version, each) for each in _DETAIL}


def _links(name: str, number: str, task: str) -> dict[str, str | None]:
    own = {each: api_url(f"version-{each}", name, number) for each in ("card", "signature", "files", "predict", "state", "load")}
    return own | {
        "self": api_url("version", name, number),
        "model": api_url("model", name),
        "task": api_url("task", task) if task else None,
        "html": page_url("catalog:version", name, number),
    }


def _file_json(version: ModelVersion, file: dict[str, Any]) -> dict[str, Any]:
    page = page_url("catalog:file", version.model.name, version.version, file["path"])
    return {"path": file["path"], "size_bytes": file["size_bytes"], "html": page}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
