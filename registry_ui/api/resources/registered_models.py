"""Registered models: what there is to try."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ...catalog.models import RegisteredModel
from ...catalog.search import DEFAULT_SORT, ModelQuery
from ...catalog.selectors import get_model, list_models_for
from ..bodies import read_query
from ..links import api_url, page_url
from ..pagination import PageQuery, page, page_of
from ..problems import FieldError, invalid
from .model_versions import VersionSummary, summary_json


class AliasPointer(serializers.Serializer):
    alias = serializers.CharField()
    version = serializers.CharField()
    url = serializers.CharField()


class ModelLinks(serializers.Serializer):
    self = serializers.CharField()
    versions = serializers.CharField()
    html = serializers.CharField()


class Model(serializers.Serializer):
    """A registered model with its latest version."""

    object = serializers.ChoiceField(["registered_model"])
    name = serializers.CharField()
    description = serializers.CharField()
    tags = serializers.DictField()
    task = serializers.CharField(help_text="Of the latest version; empty when it is not known.")
    aliases = AliasPointer(many=True)
    latest_version = VersionSummary(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)
    links = ModelLinks()


class ModelListQuery(PageQuery):
    q = serializers.CharField(
        required=False, allow_blank=True, help_text="Words that all must occur in name, description, tags, card or run."
    )
    task = serializers.CharField(
        required=False, allow_blank=True, help_text="A task's name; 'none' for models whose task is not known."
    )
    sort = serializers.CharField(
        default=DEFAULT_SORT, help_text="name, task, updated, created, size or parameters; with '-' in front: descending."
    )


class ModelList(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="list_models", summary="List models", parameters=[ModelListQuery], responses=page_of(Model), tags=["Models"]
    )
    def get(self, request: Request) -> Response:
        """Registered models with their latest version, from our own index: fast, and at most seconds old."""
        query = read_query(ModelListQuery, request)
        asked = ModelQuery.of(query)
        if asked.sort != query["sort"]:
            sort = ModelListQuery().fields["sort"]
            raise invalid(FieldError(f"sort: {query['sort']!r} is none of {sort.help_text}", parameter="sort"))
        return page(list_models_for(asked), request, query=query, to_json=model_json)


class ModelDetail(APIView):
    required_scopes = {"GET": Scope.READ}

    @extend_schema(operation_id="get_model", summary="See a model", responses=Model, tags=["Models"])
    def get(self, request: Request, name: str) -> Response:
        """A registered model, its aliases and its latest version."""
        return Response(model_json(get_model(name)))


def model_json(model: RegisteredModel) -> dict[str, Any]:
    """Return a model read by the selectors, with its latest version and aliases."""
    latest = model.latest_versions
    return {
        "object": "registered_model",
        "name": model.name,
        "description": model.description,
        "tags": model.tags,
        "task": model.task,
        "aliases": [_alias_json(model.name, alias.name, alias.version.version) for alias in model.aliases.all()],
        "latest_version": summary_json(latest[0]) if latest else None,
        "created_at": model.created_at,
        "updated_at": model.updated_at,
        "links": {
            "self": api_url("model", model.name),
            "versions": api_url("versions", model.name),
            "html": page_url("catalog:model", model.name),
        },
    }


def _alias_json(name: str, alias: str, version: int) -> dict[str, str]:
    return {"alias": alias, "version": str(version), "url": api_url("alias", name, alias)}
