"""The training job of a demo model: a child trains it and leaves a checkpoint, which an ordinary log job then logs."""

from typing import Any

from django.conf import settings

from demo import Demo, get_demo

from ..jobs.events import JobEvents
from ..jobs.failures import JobFailed
from ..jobs.models import Job
from ..jobs.payloads import TrainPayload
from ..jobs.services import submit_log
from ..jobs.states import Kind
from . import children

CHILD = "demo.training:train"


def run(payload: TrainPayload, events: JobEvents) -> dict[str, Any]:
    """Train the demo and submit its log job. Returns the demo, the folder, the run, its metrics and the log job's id."""
    demo = _demo(payload.demo)
    key = f"trained-by-{events.job.id}"
    earlier = _submitted_before(key)
    if earlier is not None:  # by an attempt that was lost right after it
        return _result(demo, earlier)
    answer = children.call(
        CHILD,
        {"demo": demo.name, "output_dir": str(_folder(demo.name)), "tracking_uri": settings.MLFLOW_TRACKING_URI},
        name=f"train {demo.name}",
        events=events,
        timeout_s=settings.JOB_TIMEOUT_S,
    )
    events.check()
    job = submit_log(created_by=events.job.created_by, idempotency_key=key, **answer)
    events.line(f"trained; job {job.id} logs it as {demo.registered_model}")
    return _result(demo, job)


def _demo(name: str) -> Demo:
    """Return the demo that can be trained now. Raises JobFailed when there is none, or its base is not trained."""
    try:
        demo = get_demo(name)
    except ValueError as error:
        raise JobFailed("invalid-input", str(error), "demo") from error
    if demo.base and not (_folder(demo.base) / "config.json").is_file():
        detail = f"{demo.name} builds upon {demo.base}, which has not been trained on this machine; train {demo.base} first."
        raise JobFailed("base-missing", detail, "demo")
    return demo


def _folder(name: str) -> Any:
    return settings.VAR_DIR / "checkpoints" / name


def _submitted_before(key: str) -> Job | None:
    return Job.objects.filter(kind=Kind.LOG, idempotency_key__endswith=f":{key}").first()


def _result(demo: Demo, log_job: Job) -> dict[str, Any]:
    return {
        "demo": demo.name,
        "source": log_job.payload["source"],
        "run_id": log_job.payload.get("run_id"),
        "metrics": log_job.payload.get("metrics"),
        "log_job": str(log_job.id),
    }
