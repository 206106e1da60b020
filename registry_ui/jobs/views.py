"""The pages of jobs: the list, one job, what may be done with it."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from ..accounts.permissions import can_steer
from ..accounts.requests import SignedInRequest
from ..web.htmx import wants_fragment
from ..web.pagination import paginate
from . import services
from .event_stream import event_stream
from .filters import ANY_ACTIVE, JobFilter
from .job_view import JobView
from .models import Job
from .states import ACTIVE

PAGE_SIZE = 25
# What the version page shows of its jobs.
LATEST = 5
# The list as a page of its own swaps itself by this id; whoever else asks gets the short form.
LIST_ID = "job-list"


@require_GET
@vary_on_headers("HX-Request", "HX-Target")
def job_list(request: SignedInRequest) -> HttpResponse:
    """List jobs: a page, its live table, or the latest few for a page about something else."""
    asked = JobFilter.of(request.GET)
    if wants_fragment(request) and request.htmx.target != LIST_ID:
        return _latest(request, asked)
    page = paginate(asked.jobs(), request.GET.get("page"), size=PAGE_SIZE)
    jobs = [JobView(job, request.user) for job in page]
    context = {"filter": asked, "page": page, "jobs": jobs, "is_live": any(view.job.is_active for view in jobs)}
    return render(request, "jobs/_job_list.html" if wants_fragment(request) else "jobs/job_list.html", context)


@require_GET
@vary_on_headers("HX-Request")
def detail(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Show one job; while it is active its page asks for the fragment every second."""
    return _shown(request, _job(job_id))


@require_GET
def log(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show the whole log as text."""
    return HttpResponse(_job(job_id).log, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


@require_POST
def cancel(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """End a waiting job, ask a running one to stop."""
    return _answer(request, services.cancel(_own_job(request, job_id)))


@require_POST
def retry(request: SignedInRequest, job_id: UUID) -> HttpResponse:
    """Queue a job again that ended without success."""
    return _answer(request, services.retry(_own_job(request, job_id)))


@require_GET
def events(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Stream the job's events."""
    return event_stream(request, _job(job_id))


@require_GET
def running(request: HttpRequest) -> HttpResponse:
    """Say how many jobs wait or run, for the top bar."""
    active = Job.objects.filter(state__in=ACTIVE).count()
    return render(request, "jobs/_running.html", {"active": active, "filter": JobFilter(state=ANY_ACTIVE if active else "")})


def _latest(request: SignedInRequest, asked: JobFilter) -> HttpResponse:
    found = list(asked.jobs()[: LATEST + 1])
    jobs = [JobView(job, request.user) for job in found[:LATEST]]
    context = {
        "filter": asked,
        "jobs": jobs,
        "has_more": len(found) > LATEST,
        "is_live": any(view.job.is_active for view in jobs),
    }
    return render(request, "jobs/_latest.html", context)


def _shown(request: SignedInRequest, job: Job) -> HttpResponse:
    template = "jobs/_job.html" if wants_fragment(request) else "jobs/job_detail.html"
    return render(request, template, {"view": JobView(job, request.user)})


def _answer(request: SignedInRequest, job: Job) -> HttpResponse:
    """The fragment for htmx, the page of the job for a plain form."""
    return _shown(request, job) if wants_fragment(request) else redirect("jobs:detail", job.pk)


def _job(job_id: UUID) -> Job:
    job = Job.objects.select_related("created_by").filter(pk=job_id).first()
    if job is None:
        raise Http404(f"There is no job {job_id}; it may belong to another registry.")
    return job


def _own_job(request: SignedInRequest, job_id: UUID) -> Job:
    job = _job(job_id)
    if not can_steer(request.user, job):
        raise PermissionDenied("Only who asked for a job, or an administrator, may cancel or retry it.")
    return job
