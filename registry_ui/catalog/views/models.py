"""One registered model, and its aliases as addresses."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from ...web.pagination import paginate
from .. import figures, selectors
from ..addresses import files_url

MOST_FIGURES = 2


@require_GET
def model(request: HttpRequest, name: str) -> HttpResponse:
    """Description, tags, aliases and the versions."""
    found = selectors.get_model(name)
    page = paginate(selectors.list_versions(found), request.GET.get("page"))
    names = figures.main_names((version.metrics for version in page), limit=MOST_FIGURES)
    rows = [(version, [version.metrics.get(each) for each in names]) for version in page]
    shown = selectors.find_card_version(found)
    context = {"model": found, "page": page, "rows": rows, "figure_names": names, "card_version": shown}
    if shown:
        context["files_url"] = files_url(shown)
    return render(request, "catalog/model.html", context)


@require_GET
def alias(request: HttpRequest, name: str, alias: str) -> HttpResponse:
    """Lead to the version, which keeps the alias in its breadcrumb."""
    version = selectors.get_model_version(name, f"@{alias}")
    url = reverse("catalog:version", args=(name, version.version))
    return redirect(f"{url}?{urlencode({'alias': alias})}")
