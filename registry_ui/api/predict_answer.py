"""What a client gets from a model: the envelope around an answer or a promise."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

from ..predictions.asked import get_asked
from ..predictions.gateway import Target
from ..predictions.outcomes import ModelStateView, Outcome, Pending
from .links import api_url, page_url
from .predict_request import field_error
from .problems import Problem, problem_with

Json = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """Which model was asked, to do what."""

    uri: str
    name: str
    version: str
    task: str

    @classmethod
    def of_target(cls, target: Target) -> Self:
        """Return the subject of a request that is about to go out."""
        return cls(target.uri, target.name, target.version, target.task.name)

    @classmethod
    def of_prediction(cls, request_id: str) -> Self:
        """Return the subject of an earlier request. Raises UnknownPrediction."""
        asked = get_asked(request_id)
        return cls(asked.uri, asked.name, asked.version, asked.task_name)


def answer_json(outcome: Outcome, subject: Subject, *, is_single: bool) -> Json:
    """Return the envelope of an outcome: one answer for each input, or, here at the edge, the one answer itself."""
    problem = problem_in(outcome, is_single=is_single)
    if problem is not None:
        failed = {"error": problem.to_json()}
        return _envelope(outcome.id, subject, "failed", failed, is_single)
    outputs = [_output(result, row) for row, result in enumerate(outcome.results)]
    answer = {
        "outputs": outputs[0] if is_single else outputs,
        "parameters_effective": _parameters(outcome.results),
        "usage": _usage(outcome.results),
        "timing_ms": outcome.timing_ms,
        "warnings": _warnings(outcome.results, is_single=is_single),
        "media": [_medium(file) for result in outcome.results for file in _files_in(result.get("records"))],
    }
    return _envelope(outcome.id, subject, "succeeded", answer, is_single)


def pending_json(pending: Pending, subject: Subject, *, is_single: bool) -> Json:
    """Return the envelope of a promise, with the state that its model is in."""
    return _envelope(pending.request_id, subject, "pending", {"model_state": state_json(pending.state)}, is_single)


def problem_in(outcome: Outcome, *, is_single: bool) -> Problem | None:
    """Return what is wrong with the whole outcome; the error of the only input is the error of the whole."""
    if outcome.error is not None:
        return problem_of_error(outcome.error, None, is_single=is_single)
    if is_single and outcome.results and outcome.results[0].get("error"):
        return problem_of_error(outcome.results[0]["error"], 0, is_single=True)
    return None


def problem_of_error(error: Json, row: int | None, *, is_single: bool) -> Problem:
    """Return the problem for an error that a model gave."""
    code, detail, field = error.get("code") or "internal-error", error.get("detail") or "", error.get("field")
    return problem_with(code, detail, *([field_error(detail, field, row, is_single=is_single)] if field else []))


def location(request_id: str, *, is_single: bool) -> str:
    """Return where the prediction can be fetched; the address remembers whether one answer is wanted or a list."""
    return api_url("prediction", request_id) + ("?single=true" if is_single else "")


def state_json(state: ModelStateView) -> Json:
    """Return where a model is on its way into memory; how workers name their queues concerns nobody."""
    return {name: value for name, value in asdict(state).items() if name != "queue"}


def _envelope(request_id: str, subject: Subject, status: str, content: Json, is_single: bool) -> Json:
    return {
        "id": request_id,
        "object": "prediction",
        "status": status,
        "task": subject.task,
        "model": {"name": subject.name, "version": subject.version, "uri": subject.uri},
        **content,
        "links": {
            "self": location(request_id, is_single=is_single),
            "events": api_url("prediction-events", request_id),
            "cancel": api_url("prediction-cancel", request_id),
            "html": page_url("predictions:detail", request_id),
        },
    }


def _output(result: Json, row: int) -> Any:
    if result.get("error"):
        return {"error": problem_of_error(result["error"], row, is_single=False).to_json()}
    return result.get("records", [])


def _parameters(results: list[Json]) -> Json:
    """All rows of a request run with the same parameters."""
    return next((result["parameters"] for result in results if result.get("parameters")), {})


def _files_in(value: Any) -> Iterator[Json]:
    """Every file that the model made, which is kept as an asset."""
    if isinstance(value, dict):
        if isinstance(value.get("asset"), str) and isinstance(value.get("media_type"), str):
            yield value
        else:
            yield from (file for each in value.values() for file in _files_in(each))
    elif isinstance(value, list) and not (value and isinstance(value[0], int | float)):
        yield from (file for each in value for file in _files_in(each))


def _medium(file: Json) -> Json:
    return {"id": file["asset"], "media_type": file["media_type"], "url": api_url("asset-content", file["asset"])}


def _usage(results: list[Json]) -> dict[str, int | float]:
    total: dict[str, int | float] = {}
    for result in results:
        for name, count in (result.get("usage") or {}).items():
            total[name] = total.get(name, 0) + count
    return total


def _warnings(results: list[Json], *, is_single: bool) -> list[Json]:
    return [
        {**warning, "pointer": "/inputs" if is_single else f"/inputs/{row}"}
        for row, result in enumerate(results)
        for warning in result.get("warnings") or []
    ]
