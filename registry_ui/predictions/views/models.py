"""A model version on its way into memory: its state, and the wish that it be there."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from ...accounts.requests import SignedInRequest
from ...catalog.selectors import get_model_version
from ...jobs.services import submit_load
from ...web.htmx import wants_fragment
from ..model_states import state_of


@require_GET
def model_state(request: SignedInRequest, name: str, version: str) -> HttpResponse:
    """Where the version is; asks again by itself while it moves."""
    return render(request, "predictions/_model_state.html", {"state": state_of(get_model_version(name, version))})


@require_POST
def load(request: SignedInRequest, name: str, version: str) -> HttpResponse:
    """Ask for the version to be warmed by a worker; one that is on its way already is not asked for twice."""
    found = get_model_version(name, version)
    state = state_of(found)
    if not state.is_moving and not state.is_warm:
        submit_load(model_uri=found.uri, created_by=request.user)
    if wants_fragment(request):
        return render(request, "predictions/_model_state.html", {"state": state_of(found)})
    return redirect("playground:playground", name, version)
