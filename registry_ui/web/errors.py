"""What went wrong, said once, for whoever asked: a page, a fragment for htmx, a problem document for REST."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from . import request_id
from .context_processors import chosen_theme
from .htmx import wants_fragment

API_PREFIX = "/api/"


@dataclass(frozen=True)
class ErrorPage:
    """One kind of error: what happened and the way out."""

    status: int
    title: str
    text: str
    may_pass: bool = False  # whether the same request may succeed later


BAD_REQUEST = ErrorPage(400, "This request cannot be read", "Go back, reload the page and try again.")
FORBIDDEN = ErrorPage(403, "You may not do this", "Ask an administrator for the right, or sign in as somebody who has it.")
STALE_FORM = ErrorPage(
    403, "This page was open for too long", "Reload it and send the form again; it is bound to your session.", True
)
NOT_FOUND = ErrorPage(404, "There is nothing here", "The address is wrong, or what it named was removed.")
SERVER_ERROR = ErrorPage(
    500,
    "The server failed",
    "This is an error of ours and it is in the log. Try again; if it stays, pass on the request id.",
    True,
)


def answer(request: HttpRequest, error: ErrorPage, *, text: str = "") -> HttpResponse:
    """Return the error in the form that the asker reads; `text` says more than the kind of error does."""
    said = text or error.text
    if request.path.startswith(API_PREFIX):
        return _problem_document(error, said)
    context = {"error": error, "text": said, "request_id": request_id.current(), "theme": chosen_theme(request)}
    template = "components/_problem.html" if wants_fragment(request) else f"{error.status}.html"
    # A failed request may have no session and no database left: the page of a 500 asks for neither.
    html = render_to_string(template, context, request=None if error.status >= 500 else request)
    return HttpResponse(html, status=error.status)


def _problem_document(error: ErrorPage, text: str) -> HttpResponse:
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": text,
        "request_id": request_id.current(),
    }
    return JsonResponse(body, status=error.status, content_type="application/problem+json")
