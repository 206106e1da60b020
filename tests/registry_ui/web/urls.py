"""The site, and pages that go wrong in every way."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

SECRET = "a secret of the server"


@login_not_required
def raises(request: HttpRequest, kind: str) -> HttpResponse:
    raise {
        "missing": Http404("There is no version 9 of sentiment; its versions are 1 to 3."),
        "forbidden": PermissionDenied("Only an administrator may do this."),
        "bad": BadRequest("page must be a number, got 'x'."),
        "suspicious": SuspiciousOperation("/etc/passwd"),
        "broken": RuntimeError(SECRET),
    }[kind]


@login_not_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


@login_not_required
def sandboxed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("x", headers={"Content-Security-Policy": "sandbox", "Cache-Control": "private, max-age=60"})


urlpatterns = [
    path("raises/<kind>", raises),
    path("api/v1/raises/<kind>", raises),
    path("page", page),
    path("models/sentiment/versions/1/page", page),
    path("sandboxed", sandboxed),
    path("", include("registry_ui.urls")),
]
handler400 = "registry_ui.web.views.bad_request"
handler403 = "registry_ui.web.views.forbidden"
handler404 = "registry_ui.web.views.not_found"
handler500 = "registry_ui.web.views.server_error"
