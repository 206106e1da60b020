"""Jobs: what logs, loads and trains models. The row is the truth; events and long polls say when it changes."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ...accounts.permissions import can_steer
from ...accounts.scopes import Scope
from ...jobs import services
from ...jobs.event_stream import event_stream
from ...jobs.models import Job
from ...jobs.states import TERMINAL, Kind, State
from ..authentication import user_of
from ..bodies import read_query
from ..idempotency import HEADER, REPLAYED
from ..links import api_url, page_url
from ..pagination import PageQuery, page, page_of
from ..preferences import read_preferences
from ..problem_types import find_problem_type
from ..problems import FieldError, ProblemError, pointer_to
from ..streaming import LAST_EVENT_ID

RETRY_AFTER_S = "1"


class JobProgress(serializers.Serializer):
    stage = serializers.CharField(help_text="What is being done: 'copying weights'.")
    done = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField(help_text="'bytes', 'steps', or empty.")


class JobError(serializers.Serializer):
    type = serializers.CharField(help_text="Where the kind of problem is explained.")
    code = serializers.CharField(help_text="Stable name of what went wrong.")
    detail = serializers.CharField(help_text="One sentence: what, and the way out.")
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]  # a field


class JobLinks(serializers.Serializer):
    self = serializers.CharField()
    events = serializers.CharField()
    log = serializers.CharField()
    cancel = serializers.CharField()
    retry = serializers.CharField()
    html = serializers.CharField()
    version = serializers.CharField(required=False, help_text="The version that the job registered.")


class JobSerializer(serializers.Serializer):
    """A piece of work and how far it is."""

    id = serializers.UUIDField()
    object = serializers.ChoiceField(["job"])
    kind = serializers.ChoiceField(Kind.choices)
    state = serializers.ChoiceField(State.choices)
    target = serializers.CharField(help_text="What it is about: 'models:/sentiment/3'.")
    progress = JobProgress(allow_null=True, help_text="How far it is, or was when it failed.")
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    request = serializers.DictField(help_text="What was asked.")
    result = serializers.DictField(allow_null=True, help_text="What came of it, once it succeeded.")
    error = JobError(allow_null=True)
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    is_cancel_requested = serializers.BooleanField()
    idempotency_key = serializers.CharField(allow_null=True)
    links = JobLinks()


class JobQuery(PageQuery):
    state = serializers.ChoiceField(State.choices, required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    target = serializers.CharField(
        required=False, help_text="What it is about: 'models:/sentiment' finds the jobs of all its versions."
    )


PREFER_WAIT = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, description="`wait=25`: answer when the job ends, or after 25 seconds (at most 60)."
)
JOB_REQUEST_HEADERS = [
    PREFER_WAIT,
    OpenApiParameter(
        HEADER,
        str,
        OpenApiParameter.HEADER,
        description="A text of your choice; repeating the request with it makes no second job.",
    ),
]
ACCEPTED = {
    202: OpenApiResponse(JobSerializer, description="The job waits or runs; `Location` is its address."),
    200: OpenApiResponse(JobSerializer, description="The job ended within the time that `Prefer: wait` allowed."),
}


class JobList(APIView):
    required_scopes = {"GET": Scope.JOBS_READ}

    @extend_schema(
        operation_id="list_jobs", summary="List jobs", parameters=[JobQuery], responses=page_of(JobSerializer), tags=["Jobs"]
    )
    def get(self, request: Request) -> Response:
        """Jobs, newest first."""
        query = read_query(JobQuery, request)
        jobs = services.list_jobs(state=query.get("state"), kind=query.get("kind"), target=query.get("target"))
        return page(jobs, request, query=query, to_json=job_json)


class JobDetail(APIView):
    required_scopes = {"GET": Scope.JOBS_READ}

    @extend_schema(
        operation_id="get_job",
        summary="See a job, or wait for it",
        parameters=[PREFER_WAIT],
        responses=JobSerializer,
        tags=["Jobs"],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """With `Prefer: wait=25` the answer comes when the job ends, or after 25 seconds, whichever is first."""
        preferences = read_preferences(request)
        job = services.wait(job_id, seconds=preferences.wait_s or 0)
        headers = {} if job.is_terminal else {"Retry-After": RETRY_AFTER_S}
        return preferences.applied_to(Response(job_json(job), headers=headers))


class JobCancel(APIView):
    required_scopes = {"POST": Scope.JOBS_WRITE}

    @extend_schema(operation_id="cancel_job", summary="Cancel a job", request=None, responses={202: JobSerializer}, tags=["Jobs"])
    def post(self, request: Request, job_id: UUID) -> Response:
        """A job that waits ends at once, one that runs within seconds. Cancelling twice is no error."""
        job = services.cancel(_steered(request, job_id))
        if job.is_terminal and job.state != State.CANCELLED:
            raise ProblemError("conflict", f"The job has {job.state.replace('_', ' ')} already; there is nothing to cancel.")
        return Response(job_json(job), status=status.HTTP_202_ACCEPTED)


class JobRetry(APIView):
    required_scopes = {"POST": Scope.JOBS_WRITE}

    @extend_schema(
        operation_id="retry_job", summary="Run a job again", request=None, responses={202: JobSerializer}, tags=["Jobs"]
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Queue a job again that failed, timed out or was cancelled."""
        job = _steered(request, job_id)
        if job.state not in TERMINAL - {State.SUCCEEDED}:
            raise ProblemError(
                "conflict", f"The job is {job.state}; only one that failed, timed out or was cancelled runs again."
            )
        return Response(job_json(services.retry(job)), status=status.HTTP_202_ACCEPTED)


class JobLog(APIView):
    required_scopes = {"GET": Scope.JOBS_READ}

    @extend_schema(
        operation_id="get_job_log", summary="Read a job's log", responses={(200, "text/plain"): OpenApiTypes.STR}, tags=["Jobs"]
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponse:
        """The end of the log, as text."""
        return HttpResponse(Job.objects.get(pk=job_id).log, content_type="text/plain; charset=utf-8")


class JobEvents(APIView):
    required_scopes = {"GET": Scope.JOBS_READ}

    @extend_schema(
        operation_id="stream_job_events",
        summary="Follow a job",
        parameters=[LAST_EVENT_ID],
        responses={(200, "text/event-stream"): OpenApiTypes.STR},
        examples=[
            OpenApiExample(
                "A stage",
                'id: 1700000000000-0\nevent: stage\ndata: {"stage": "copying weights", "done": 1, "total": 2, "unit": "files"}\n',
                media_type="text/event-stream",
            )
        ],
        tags=["Jobs"],
    )
    def get(self, request: Request, job_id: UUID) -> HttpResponseBase:
        """Server-sent events `state`, `stage` and `line`; the stream ends with the job. Last-Event-ID goes on after an event."""
        job = Job.objects.get(pk=job_id)
        return event_stream(request, job)


def accepted(request: Request, job: Job) -> Response:
    """Answer a request that made a job, or made it before; with `Prefer: wait` when it has ended, if that is soon."""
    preferences, is_replay = read_preferences(request), job.is_replay
    if preferences.wait_s:
        job = services.wait(job.id, seconds=preferences.wait_s)
    response = Response(job_json(job), status=status.HTTP_200_OK if job.is_terminal else status.HTTP_202_ACCEPTED)
    response["Location"] = api_url("job", job.id)
    if not job.is_terminal:
        response["Retry-After"] = RETRY_AFTER_S
    if is_replay:
        response[REPLAYED] = "true"
    return preferences.applied_to(response)


def job_json(job: Job) -> dict[str, Any]:
    """Return the job as REST shows it."""
    return {
        "id": job.id,
        "object": "job",
        "kind": job.kind,
        "state": job.state,
        "target": job.target,
        "progress": _progress(job),
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "request": job.payload,
        "result": job.result,
        "error": _error(job.error) if job.error else None,
        "created_by": job.created_by.username if job.created_by else None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "is_cancel_requested": job.cancel_requested_at is not None,
        "idempotency_key": job.principal_key,
        "links": _links(job),
    }


def _progress(job: Job) -> dict[str, Any] | None:
    if not job.stage or job.state == State.SUCCEEDED:
        return None
    return {"stage": job.stage, "done": job.progress_done, "total": job.progress_total, "unit": job.progress_unit}


def _error(error: dict[str, Any]) -> dict[str, Any]:
    """Jobs have more codes than there are problem types; an unknown one is explained by its detail."""
    kind = find_problem_type(error["code"])
    known = {
        "type": api_url("problem-type", kind.code) if kind else "about:blank",
        "code": error["code"],
        "detail": error["detail"],
    }
    if error.get("field"):
        known["errors"] = [FieldError(error["detail"], pointer_to(*error["field"].split("."))).to_json()]
    return known


def _links(job: Job) -> dict[str, str]:
    links = {name: api_url(f"job-{name}", job.id) for name in ("events", "log", "cancel", "retry")}
    links |= {"self": api_url("job", job.id), "html": page_url("jobs:detail", job.id)}
    result = job.result or {}
    if result.get("registered_model") and result.get("version"):
        links["version"] = api_url("version", result["registered_model"], result["version"])
    return links


def _steered(request: Request, job_id: UUID) -> Job:
    job = Job.objects.select_related("created_by").get(pk=job_id)
    if not can_steer(user_of(request), job):
        owner = job.created_by.username if job.created_by else "nobody in particular"
        raise ProblemError("forbidden", f"The job was asked for by {owner}; only they and administrators may steer it.")
    return job
