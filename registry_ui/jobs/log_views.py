"""The page "Log a model"."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from flavor.tasks import InvalidInput

from ..accounts.permissions import can_log
from ..accounts.requests import SignedInRequest
from ..web.htmx import wants_fragment
from .checkpoints import list_checkpoints
from .forms import LogModelForm
from .models import Job
from .services import submit_log
from .states import Kind


@vary_on_headers("HX-Request")
@require_http_methods(["GET", "POST"])
def log_model(request: SignedInRequest) -> HttpResponse:
    """Show the form, or submit the job and go to its page."""
    if not can_log(request.user):
        raise PermissionDenied("You may not log models; ask an administrator.")
    if request.method == "GET":
        return _form_for(request)
    form = LogModelForm(request.POST)
    job = _submitted(request, form)
    if job is None:
        return _shown(request, form, status=422)
    if wants_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("jobs:detail", args=[job.pk])})
    return redirect("jobs:detail", job.pk)


def _form_for(request: SignedInRequest) -> HttpResponse:
    """The empty form, one like an earlier job's; for htmx the one field that depends on the chosen task."""
    if wants_fragment(request):
        return render(request, "jobs/_prompt_template.html", {"form": LogModelForm(initial=request.GET.dict())})
    return _shown(request, LogModelForm(initial=_like(request.GET.get("like", "")) or _prefilled(request)))


def _submitted(request: SignedInRequest, form: LogModelForm) -> Job | None:
    """Return None when the form is not right, with the reason at the field that is to blame."""
    if not form.is_valid():
        return None
    try:
        return submit_log(created_by=request.user, idempotency_key=form.idempotency_key, **form.asked)
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None


def _shown(request: SignedInRequest, form: LogModelForm, *, status: int = 200) -> HttpResponse:
    form.focus_first_error()
    template = "jobs/_log_form.html" if wants_fragment(request) else "jobs/log_model.html"
    return render(request, template, {"form": form, "checkpoints": list_checkpoints()}, status=status)


def _like(job_id: str) -> dict[str, str]:
    """Return what an earlier log job was asked; nothing for an id that is none."""
    try:
        job = Job.objects.filter(pk=UUID(job_id), kind=Kind.LOG).first()
    except ValueError:
        return {}
    return {name: value for name, value in job.payload.items() if name in LogModelForm.base_fields} if job else {}


def _prefilled(request: SignedInRequest) -> dict[str, str]:
    """A link may fill the form: /log-model?registered_model=sentiment."""
    return {name: request.GET.get(name, "") for name in request.GET if name in LogModelForm.base_fields and name != "key"}
