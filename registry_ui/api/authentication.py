"""Who is asking, and what a token may do."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission


class BearerTokenAuthentication(BaseAuthentication):
    pass


class HasScope(BasePermission):
    pass
