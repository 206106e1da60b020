"""The playground: pick a model, ask it, see the answer."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from flavor.tasks import InvalidInput

from ..accounts.requests import SignedInRequest
from ..catalog.models import ModelVersion
from ..catalog.selectors import get_model_version
from ..predictions import gateway
from ..predictions.asked import Asked, get_asked
from ..predictions.failures import Failure
from ..predictions.model_states import state_of
from ..predictions.outcomes import Code, Outcome, Pending, PredictionFailed, UnknownPrediction
from ..predictions.responses import Shown, failed, fragment, refused, shown
from ..web.htmx import wants_fragment
from .examples import find_example
from .forms import PredictForm
from .shelves import list_shelves

# How long a page waits before it shows how far the answer is.
WAIT_S = 2.0


@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The models that can be tried, by task."""
    q = request.GET.get("q", "").strip()
    template = "playground/_choices.html" if wants_fragment(request) else "playground/index.html"
    return render(request, template, {"shelves": list_shelves(q), "q": q, "all_url": reverse("playground:index")})


@require_http_methods(["GET", "HEAD", "POST"])
def playground(request: SignedInRequest, name: str, version: str) -> HttpResponse:
    """Try one model version."""
    found = get_model_version(name, version)
    try:
        target = gateway.target_of(found)
    except PredictionFailed as error:
        return _page(request, found, reason=error.detail)
    if request.method == "POST":
        return _predict(request, found, target)
    form = _filled(request, found, target)
    if wants_fragment(request):
        return render(request, "playground/_form.html", {"form": form, "version": found})
    return _page(request, found, form=form)


def _predict(request: SignedInRequest, version: ModelVersion, target: gateway.Target) -> HttpResponse:
    form = PredictForm(target.task, request.POST, request.FILES, version=version, user=request.user)
    if not form.is_valid():
        return _answer(request, version, form, refused(target.task, form.first_errors))
    try:
        prediction = _ask(request, target, form)
    except (PredictionFailed, InvalidInput) as error:
        failure = Failure.of(error)
        form.mark(failure.field, failure.detail)
        return _answer(request, version, form, failed(target.task, failure))
    if not wants_fragment(request):
        return redirect("predictions:detail", prediction.id)
    return fragment(request, prediction)


def _ask(request: SignedInRequest, target: gateway.Target, form: PredictForm) -> Shown:
    """Ask, and return what there is to see within the first seconds."""
    if form.wants_stream and wants_fragment(request):
        request_id = gateway.start_stream(target, form.rows[0], form.params, caller=request.user)
        return shown(get_asked(request_id), Pending(request_id, gateway.model_state(target.uri)), is_live=True)
    prediction = gateway.predict(target, form.rows, form.params, caller=request.user, wait_s=WAIT_S)
    request_id = prediction.id if isinstance(prediction, Outcome) else prediction.request_id
    asked = Asked(request_id, target.uri, target.name, target.version, target.task.name, form.rows, form.params)
    return shown(asked, prediction, is_live=True)


def _answer(request: SignedInRequest, version: ModelVersion, form: PredictForm, prediction: Shown) -> HttpResponse:
    """Answer with what went wrong: beside the form that is there already, or in a page with all that was filled in."""
    if wants_fragment(request):
        return fragment(request, prediction)
    failure = prediction.failure
    status = 422 if failure is None or failure.is_invalid else 503 if failure.code == Code.NO_WORKER else 200
    return _page(request, version, form=form, prediction=prediction, status=status)


def _filled(request: SignedInRequest, version: ModelVersion, target: gateway.Target) -> PredictForm:
    """Return the form as the address says: an earlier prediction again, an example, or the first of them."""
    form = PredictForm(target.task, version=version, user=request.user)
    earlier = _earlier(request.GET.get("from"))
    if earlier is not None and earlier.rows:
        return PredictForm(target.task, version=version, row=earlier.rows[0], params=earlier.params, user=request.user)
    key = request.GET.get("example")
    example = find_example(form.examples, key) if key else next(iter(form.examples), None)
    if example is None:
        return form
    return PredictForm(target.task, version=version, row=example.row, params=example.params, user=request.user)


def _earlier(request_id: str | None) -> Asked | None:
    try:
        return get_asked(request_id) if request_id else None
    except UnknownPrediction:
        return None


def _page(request: SignedInRequest, version: ModelVersion, *, status: int = 200, **context: object) -> HttpResponse:
    context = {**context, "version": version, "state": state_of(version)}
    return render(request, "playground/playground.html", context, status=status)
