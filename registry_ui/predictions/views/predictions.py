"""A prediction: its permalink, how far it is, its end, and the past ones of a version."""

import math
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from ...accounts.permissions import can_steer
from ...accounts.requests import SignedInRequest
from ...catalog.selectors import get_model_version
from ...web.htmx import wants_fragment
from .. import gateway
from ..asked import Asked, get_asked
from ..models import Prediction
from ..outcomes import UnknownPrediction
from ..responses import Shown, fragment, shown
from ..results import input_of

RECENT = 12


@require_GET
def detail(request: SignedInRequest, prediction_id: UUID) -> HttpResponse:
    """The permalink: what was asked and what came of it."""
    asked = _asked(prediction_id)
    context = {"prediction": _shown(request, asked), "asked": asked, "inputs": input_of(asked)}
    return render(request, "predictions/detail.html", context)


@require_GET
def pending(request: SignedInRequest, prediction_id: UUID) -> HttpResponse:
    """How far it is, for the page that waits; the end, once there is one."""
    if not wants_fragment(request):
        return redirect("predictions:detail", prediction_id)
    return fragment(request, _shown(request, _asked(prediction_id)), status=200)


@require_POST
def cancel(request: SignedInRequest, prediction_id: UUID) -> HttpResponse:
    """Say that nobody wants the answer any more; what was written so far is the answer."""
    if not can_steer(request.user, _asked(prediction_id)):
        raise PermissionDenied("Only who asked for a prediction may cancel it.")
    gateway.cancel(str(prediction_id))
    if wants_fragment(request):
        return HttpResponse(status=204)
    return redirect("predictions:detail", prediction_id)


@require_GET
def recent(request: SignedInRequest, name: str, version: str) -> HttpResponse:
    """The caller's last predictions of a version."""
    found = get_model_version(name, version)
    rows = Prediction.objects.filter(model_uri=found.uri, created_by=request.user.pk)
    context = {"version": found, "predictions": rows.order_by("-created_at")[:RECENT]}
    return render(request, "predictions/_recent.html", context)


def _shown(request: SignedInRequest, asked: Asked) -> Shown:
    try:
        found = gateway.collect(asked.id)
    except UnknownPrediction as error:
        raise Http404(str(error)) from error
    return shown(asked, found, is_live="live" in request.GET, since=_since(request))


def _asked(prediction_id: UUID) -> Asked:
    try:
        return get_asked(str(prediction_id))
    except UnknownPrediction as error:
        raise Http404(str(error)) from error


def _since(request: SignedInRequest) -> float | None:
    """Return when the page began to wait, as it says itself."""
    try:
        since = float(request.GET.get("since", ""))
    except ValueError:
        return None
    return since if math.isfinite(since) else None
