"""Addresses that there are not."""

from typing import Any, NoReturn

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from .problems import ProblemError


class UnknownAddress(APIView):
    """Answers every method with a problem document, where Django would answer with a page."""

    permission_classes = [AllowAny]
    authentication_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        hint = " Addresses do not end in a slash." if request.path.endswith("/") else ""
        raise ProblemError("not-found", f"There is nothing at {request.path}.{hint}")
