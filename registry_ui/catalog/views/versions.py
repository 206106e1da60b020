"""One version: its page with tabs, and its files."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from ...web.htmx import HtmxHttpRequest, wants_fragment
from .. import cards, figures, files, selectors, signatures, usage
from ..addresses import files_url
from ..artifact_folder import FileRefused
from ..mlflow_client import MlflowUnavailable
from ..models import ModelVersion
from ..tabs import Tab


@require_GET
@vary_on_headers("HX-Request")
def version(request: HtmxHttpRequest, name: str, version: str, tab: Tab | None = None) -> HttpResponse:
    """A tab of the version's page; an alias or `latest` in place of the number leads to it, and so does the tab `card`."""
    found = selectors.get_model_version(name, version)
    if version != str(found.version) or tab is Tab.CARD:
        return _redirect(found, tab)
    tab = tab or Tab.CARD
    context = {
        "version": found,
        "tab": tab,
        "tab_template": f"catalog/tabs/_{tab}.html",
        "base": selectors.find_base(found),
        "card_facts": cards.facts_of(found.card_data),
        **_CONTEXTS[tab](request, found),
    }
    return render(request, "catalog/_version.html" if wants_fragment(request) else "catalog/version.html", context)


def _redirect(found: ModelVersion, tab: Tab | None) -> HttpResponse:
    if tab in {None, Tab.CARD}:
        return redirect("catalog:version", found.model.name, found.version)
    return redirect("catalog:version_tab", found.model.name, found.version, tab)


def _card(request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
    # Beside the pages of a version REST has the same address below /api/v1.
    predict_url = request.build_absolute_uri(
        f"/api/v1{reverse('catalog:version', args=(version.model.name, version.version))}/predict"
    )
    return {
        "files_url": files_url(version),
        "snippets": usage.snippets_of(version, predict_url=predict_url),
    }


def _signature(request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
    return {"signature": signatures.signature_of(version), "example": signatures.example_of(version)}


def _prompt(request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
    config = json.dumps(version.model_config, indent=2, ensure_ascii=False) if version.model_config else ""
    return {"model_config": config}


def _metrics(request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
    return {
        "metrics": [figures.Figure(name, version.metrics[name]) for name in figures.in_order(version.metrics)],
        "params": sorted(version.params.items()),
        "claimed": cards.results_of(version.card_data),
    }


def _files(request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
    path = request.GET.get("file", "")
    if not path:
        return {"tree": files.tree_of(version)}
    try:
        return {"preview": files.preview(version, path)}
    except (FileRefused, MlflowUnavailable) as error:
        return {"preview": files.Preview(files.get_file(version, path), note=str(error))}


_CONTEXTS = {Tab.CARD: _card, Tab.SIGNATURE: _signature, Tab.PROMPT: _prompt, Tab.METRICS: _metrics, Tab.FILES: _files}
