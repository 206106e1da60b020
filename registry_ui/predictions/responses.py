"""The ways to answer with a prediction: its result, how far it is, its tokens as they come, or why it failed."""

import time
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from flavor.tasks import Task

from ..catalog.models import ModelVersion
from ..catalog.selectors import NotFound, get_model_version
from . import streams
from .asked import Asked
from .failures import Failure, Mark, marks_of
from .outcomes import Code, Outcome, Pending
from .results import Result, Span, list_results, spans_of
from .stages import Stage, stage_of

OUTCOME, PENDING, STREAM = "predictions/_outcome.html", "predictions/_pending.html", "predictions/_stream.html"


@dataclass(frozen=True)
class Shown:
    """A prediction as templates see it. `is_live`: on the playground, where the form beside it is marked too."""

    template: str
    asked: Asked | None
    is_live: bool = False
    results: tuple[Result, ...] = ()
    failure: Failure | None = None
    total_ms: float | None = None
    spent: tuple[Span, ...] = ()
    stage: Stage | None = None
    since: float = 0.0  # time.time()
    marks: tuple[Mark, ...] = ()
    version: ModelVersion | None = None

    @property
    def is_over(self) -> bool:
        return self.template == OUTCOME

    @property
    def elapsed_s(self) -> float:
        return max(0.0, time.time() - self.since)

    @property
    def id(self) -> str:
        return self.asked.id if self.asked else ""


def shown(asked: Asked, prediction: Outcome | Pending, *, is_live: bool = False, since: float | None = None) -> Shown:
    """Return what there is to see of a prediction now."""
    since = since or time.time()
    if isinstance(prediction, Pending):
        template = STREAM if streams.exists(asked.id) else PENDING
        return Shown(template, asked, is_live, stage=stage_of(prediction.state), since=since)
    failure = Failure.from_json(prediction.error) if prediction.error else _failure_of_rows(prediction)
    times = {name: value for name, value in prediction.timing_ms.items() if isinstance(value, int | float)}
    spent = [span for span in spans_of(times) if span.name != "total"]
    return Shown(
        OUTCOME,
        asked,
        is_live,
        results=tuple(list_results(asked, prediction)),
        failure=failure,
        total_ms=times.get("total") or sum(span.ms for span in spent) or None,
        spent=tuple(spent),
        marks=_marks(asked.task, failure) if is_live else (),
        version=_version_of(asked),
    )


def refused(task: Task, errors: dict[str, str]) -> Shown:
    """Return what there is to see of a prediction that breaks rules: each field's sentence beside it."""
    failure = Failure(Code.INVALID_INPUT, " ".join(errors.values()))
    return Shown(OUTCOME, None, is_live=True, failure=failure, marks=tuple(marks_of(task, errors)))


def failed(task: Task, failure: Failure) -> Shown:
    """Return what there is to see of a prediction that was never asked."""
    return Shown(OUTCOME, None, is_live=True, failure=failure, marks=_marks(task, failure))


def fragment(request: HttpRequest, prediction: Shown, *, status: int | None = None) -> HttpResponse:
    """Answer htmx: 202 while it goes on, 422 where the caller can mend it."""
    is_invalid = prediction.failure is not None and prediction.failure.is_invalid
    code = status or (422 if is_invalid else 200 if prediction.is_over else 202)
    return render(request, prediction.template, {"prediction": prediction}, status=code)


def to_html(request: HttpRequest, prediction: Shown) -> str:
    """Return the fragment as text, for the last event of a stream."""
    return render_to_string(prediction.template, {"prediction": prediction}, request)


def _marks(task: Task | None, failure: Failure | None) -> tuple[Mark, ...]:
    if task is None:
        return ()
    return tuple(marks_of(task, {failure.field: failure.detail} if failure and failure.field else {}))


def _failure_of_rows(outcome: Outcome) -> Failure | None:
    """Return the error of the only row; where there are several each tells its own."""
    errors = [result.get("error") for result in outcome.results]
    return Failure.from_json(errors[0]) if len(errors) == 1 and errors[0] else None


def _version_of(asked: Asked) -> ModelVersion | None:
    try:
        return get_model_version(asked.name, asked.version)
    except NotFound:  # deleted since
        return None
