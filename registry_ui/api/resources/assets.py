"""Assets: media that are uploaded once and named in many predictions."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flavor.tasks import InvalidInput

from ...accounts.scopes import Scope
from ...assets import services
from ...assets.models import Asset
from ..authentication import user_of
from ..links import api_url
from ..parsers import AudioParser, BytesParser, ImageParser, MultipartParser, RawMedium, VideoParser
from ..problems import FieldError, ProblemError, invalid

PART = "file"
_MIB = 2**20


class AssetLinks(serializers.Serializer):
    self = serializers.CharField()
    content = serializers.CharField()


class AssetSerializer(serializers.Serializer):
    """A stored medium; name it in a prediction as {"asset": id}."""

    id = serializers.UUIDField()
    object = serializers.ChoiceField(["asset"])
    media_type = serializers.CharField(help_text="Read from the first bytes, not from what was claimed.")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True, help_text="When it will be forgotten.")
    links = AssetLinks()


_FILE = {
    "multipart/form-data": {
        "type": "object",
        "properties": {PART: {"type": "string", "format": "binary"}},
        "required": [PART],
    },
    "application/octet-stream": OpenApiTypes.BINARY,
}


class AssetList(APIView):
    required_scopes = {"POST": Scope.ASSETS}
    parser_classes = [MultipartParser, ImageParser, AudioParser, VideoParser, BytesParser]

    @extend_schema(
        operation_id="upload_asset", summary="Upload a medium", request=_FILE, responses={201: AssetSerializer}, tags=["Assets"]
    )
    def post(self, request: Request) -> Response:
        """Upload an image or a sound, as the part `file` of a multipart body or as the body itself."""
        data, media_type, name = _sent(request)
        asset = services.store(data, media_type, name, user_of(request), field=PART)
        headers = {"Location": api_url("asset", asset.id)}
        return Response(asset_json(asset), status=status.HTTP_201_CREATED, headers=headers)


class AssetDetail(APIView):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(operation_id="get_asset", summary="See an asset", responses=AssetSerializer, tags=["Assets"])
    def get(self, request: Request, asset_id: UUID) -> Response:
        """Type, size, and how long it is kept."""
        return Response(asset_json(_get(asset_id)))


class AssetContent(APIView):
    required_scopes = {"GET": Scope.PREDICT}

    @extend_schema(
        operation_id="get_asset_content",
        summary="Download an asset",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        tags=["Assets"],
    )
    def get(self, request: Request, asset_id: UUID) -> HttpResponse:
        """The bytes; a browser keeps them apart from our pages."""
        asset = _get(asset_id)
        response = HttpResponse(_read(asset), content_type=asset.media_type)
        response["Content-Disposition"] = f'attachment; filename="{asset.id}"'
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["X-Content-Type-Options"] = "nosniff"
        response["ETag"] = f'"{asset.sha256}"'
        response["Cache-Control"] = "private, immutable, max-age=86400"
        return response


def asset_json(asset: Asset) -> dict[str, Any]:
    """Return the row as REST shows it."""
    names = ("id", "media_type", "size_bytes", "sha256", "name", "created_at", "expires_at")
    links = {"self": api_url("asset", asset.id), "content": api_url("asset-content", asset.id)}
    return {"object": "asset", **{name: getattr(asset, name) for name in names}, "links": links}


def _sent(request: Request) -> tuple[bytes, str, str]:
    if isinstance(request.data, RawMedium):
        _check_size(len(request.data.data))
        return request.data.data, request.data.media_type, ""
    file = request.FILES.get(PART)
    if file is None:
        raise invalid(FieldError(f"The part {PART} with the medium is missing.", f"/{PART}", code="required"))
    _check_size(file.size or 0)
    return file.read(), file.content_type or "", file.name or ""


def _check_size(size: int) -> None:
    limit = settings.MAX_UPLOAD_BYTES
    if size > limit:
        raise ProblemError("body-too-large", f"The file has {size / _MIB:.1f} MiB, at most {limit / _MIB:.0f} are taken.")


def _get(asset_id: UUID) -> Asset:
    try:
        return services.find(asset_id)
    except InvalidInput as error:
        raise ProblemError("not-found", str(error)) from error


def _read(asset: Asset) -> bytes:
    try:
        return services.read(asset.id)
    except InvalidInput as error:
        raise ProblemError("not-found", str(error)) from error
