"""Who is asking."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.scopes import Scope
from ..authentication import scopes_of, token_of, user_of


class Token(serializers.Serializer):
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class Me(serializers.Serializer):
    """The person, the token if one was sent, and what they may do."""

    username = serializers.CharField()
    is_superuser = serializers.BooleanField()
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    token = Token(allow_null=True)


class MeResource(APIView):
    required_scopes = {"GET": None}

    @extend_schema(operation_id="get_me", summary="See who you are", responses=Me, tags=["Account"])
    def get(self, request: Request) -> Response:
        """A good first call: it shows that the token works, and what it may do."""
        token, user = token_of(request), user_of(request)
        said = {name: getattr(token, name) for name in ("name", "created_at", "expires_at")} if token else None
        return Response(
            {"username": user.username, "is_superuser": user.is_superuser, "scopes": scopes_of(request), "token": said}
        )
