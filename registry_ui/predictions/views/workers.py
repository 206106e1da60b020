"""The workers that are alive."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ...web.htmx import wants_fragment
from ..worker_panels import list_panels


@require_GET
def workers(request: HttpRequest) -> HttpResponse:
    """Each worker with its models, its memory and its jobs; the page asks again every few seconds."""
    template = "predictions/_workers.html" if wants_fragment(request) else "predictions/workers.html"
    return render(request, template, {"panels": list_panels()})
