"""Pages with many models on them: home, the list, models logged but not registered; and how fresh all that is."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from ...web.htmx import HtmxHttpRequest, wants_fragment
from ...web.pagination import paginate
from .. import mlflow_client, selectors
from ..freshness import Freshness
from ..models import LoggedModel, RegisteredModel
from ..search import ModelQuery

RECENT = 8
# On an empty home this waits for the first model.
WAITING_ID = "first-model"


@require_GET
@vary_on_headers("HX-Request", "HX-Target")
def home(request: HtmxHttpRequest) -> HttpResponse:
    """What runs, what is warm, what changed, and how to begin."""
    recent = selectors.list_recent_versions(RECENT)
    if wants_fragment(request) and request.htmx.target == WAITING_ID:
        return HttpResponseClientRefresh() if recent else HttpResponse(status=204)
    if wants_fragment(request):
        return render(request, "catalog/_recent.html", {"recent": recent})
    context = {"recent": recent, "mlflow_uri": mlflow_client.address(), "freshness": Freshness.of(selectors.sync_state())}
    return render(request, "catalog/home.html", context)


@require_GET
@vary_on_headers("HX-Request")
def model_list(request: HtmxHttpRequest) -> HttpResponse:
    """The registered models, narrowed by words and task."""
    query = ModelQuery.of(request.GET)
    page = paginate(selectors.list_models_for(query), request.GET.get("page"))
    context = {
        "query": query,
        "page": page,
        "facets": selectors.count_tasks(query),
        "is_empty": not page.paginator.count and not RegisteredModel.objects.exists(),
        "unregistered": LoggedModel.objects.count(),
        "mlflow_uri": mlflow_client.address(),
    }
    return render(request, "catalog/_model_list.html" if wants_fragment(request) else "catalog/model_list.html", context)


@require_GET
@vary_on_headers("HX-Request")
def logged_model_list(request: HtmxHttpRequest) -> HttpResponse:
    """LoggedModels that no version points to."""
    page = paginate(selectors.list_logged_models(), request.GET.get("page"))
    return render(request, "catalog/logged_model_list.html", {"page": page})


@require_GET
def freshness(request: HtmxHttpRequest) -> HttpResponse:
    """A few words for the top bar."""
    return render(request, "catalog/_freshness.html", {"freshness": Freshness.of(selectors.sync_state())})
