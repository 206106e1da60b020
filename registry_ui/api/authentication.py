"""Who is asking, and what a token may do."""

from typing import TYPE_CHECKING, Any, cast

from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ..accounts import tokens
from ..accounts.models import ApiToken, User
from ..accounts.scopes import Scope
from .problems import ProblemError

if TYPE_CHECKING:
    from rest_framework.views import APIView

KEYWORD = b"bearer"
REALM = 'Bearer realm="model registry"'


class BearerTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer mlr_…`; a request without the header is left to the session."""

    @sensitive_variables("parts", "plain")
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != KEYWORD:
            raise AuthenticationFailed("The Authorization header must be `Bearer <token>`.")
        plain = parts[1].decode("latin-1")
        token = tokens.find_valid(plain)
        if token is None:
            raise AuthenticationFailed("The API token is wrong, revoked or expired.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make an unauthenticated answer a 401 rather than a 403."""
        return REALM


class SignedInAuthentication(SessionAuthentication):
    """The session of our own pages, which must prove that a request that changes something comes from them."""

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            detail = f"{error.detail} Send the csrftoken cookie's value as X-CSRFToken, or use an API token."
            raise ProblemError("csrf-failed", detail) from error


class HasScope(BasePermission):
    """Whether the asker may do this: a view says in `required_scopes` which scope each of its methods needs.

    A method that maps to None is open to everybody who is signed in. People who are signed in have every scope, tokens theirs.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        scope, token = required_scope(view, str(request.method)), token_of(request)
        if token is None or scope is None or scope in token.scopes:
            return True
        held = ", ".join(token.scopes) or "none"
        raise ProblemError("scope-missing", f"This needs the scope {scope}; the token {token.name!r} has {held}.")


def required_scope(view: Any, method: str) -> Scope | None:
    """Return the scope that a method of a view needs; a method that the view has not is refused later."""
    scopes: dict[str, Scope | None] = view.required_scopes
    return scopes.get("GET" if method == "HEAD" else method)


def user_of(request: Request) -> User:
    """Return who asks; a view whose permission is `HasScope` always has somebody."""
    return cast(User, request.user)


def token_of(request: Request) -> ApiToken | None:
    """Return the token that was sent, None for a person who is signed in."""
    return cast(ApiToken | None, request.auth)


def scopes_of(request: Request) -> list[str]:
    """Return what the asker may do."""
    token = token_of(request)
    return list(Scope) if token is None else list(token.scopes)
