"""How an empty registry fills itself: one training job for each demo, the adapter after its base, never unasked."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from demo import DEMOS
from registry_ui.catalog import mlflow_client
from registry_ui.jobs import runner
from registry_ui.jobs.failures import JobFailed
from registry_ui.jobs.management.commands import fill_demo
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import submit_log
from registry_ui.jobs.states import Kind, State

pytestmark = pytest.mark.django_db(transaction=True)

ADAPTER = next(demo for demo in DEMOS if demo.base)


@pytest.fixture
def worker(handled_by, bells, monkeypatch) -> Callable[..., None]:
    """A worker that does all waiting jobs while the command sleeps; call it with a demo that cannot be trained."""
    fails: list[str] = []

    def handle(payload, events):
        if not hasattr(payload, "demo"):
            return {"model_uri": f"models:/{payload.registered_model}/1"}
        if payload.demo in fails:
            raise JobFailed("out-of-memory", "There was not enough memory.")
        demo = next(demo for demo in DEMOS if demo.name == payload.demo)
        job = submit_log(source="somewhere", registered_model=demo.registered_model, alias=demo.alias)
        return {"log_job": str(job.id)}

    def work(seconds: float = 0) -> None:
        for job in Job.objects.filter(state=State.QUEUED).order_by("created_at"):
            runner.run(job.id)

    handled_by(handle)
    monkeypatch.setattr(fill_demo, "sleep", work)
    return fails.append


@pytest.fixture
def mlflow_holds(monkeypatch) -> Callable[..., None]:
    def holds(*models: object) -> None:
        monkeypatch.setattr(mlflow_client, "list_registered_models", lambda newest: list(models))

    holds()
    return holds


def fill(*arguments: str) -> str:
    said = StringIO()
    call_command("fill_demo", *arguments, stdout=said, stderr=said)
    return said.getvalue()


def trained() -> list[str]:
    return [job.payload["demo"] for job in Job.objects.filter(kind=Kind.TRAIN).order_by("created_at")]


def test_an_empty_registry_gets_every_demo_and_the_adapter_after_its_base(worker, mlflow_holds) -> None:
    said = fill()
    assert sorted(trained()) == sorted(demo.name for demo in DEMOS)
    adapter = Job.objects.get(payload__demo=ADAPTER.name)
    assert Job.objects.get(
        kind=Kind.LOG, payload__registered_model=ADAPTER.registered_model, payload__alias="champion"
    ).finished_at
    assert adapter.created_at > Job.objects.get(payload__demo=ADAPTER.base).finished_at
    assert "digits is registered as models:/digits/1, alias champion." in said
    assert "The demo models are ready" in said


def test_a_registry_that_holds_something_is_left_alone(worker, mlflow_holds) -> None:
    mlflow_holds("a model")
    assert fill() == ""
    assert trained() == []


def test_a_second_call_trains_nothing_again_whatever_was_deleted_since(worker, mlflow_holds) -> None:
    fill()
    assert fill() == ""
    assert len(trained()) == len(DEMOS)


def test_a_call_that_was_stopped_goes_on(worker, mlflow_holds, monkeypatch) -> None:
    class Stopped(Exception):
        pass

    def stop(seconds: float) -> None:
        raise Stopped

    working = fill_demo.sleep
    monkeypatch.setattr(fill_demo, "sleep", stop)
    with pytest.raises(Stopped):
        fill()
    monkeypatch.setattr(fill_demo, "sleep", working)
    mlflow_holds("what the first call registered")
    fill()
    assert sorted(trained()) == sorted(demo.name for demo in DEMOS)


def test_a_demo_that_fails_is_named_and_what_builds_upon_it_is_not_tried(worker, mlflow_holds) -> None:
    worker(ADAPTER.base)
    said = StringIO()
    with pytest.raises(CommandError, match="There was not enough memory"):
        call_command("fill_demo", stdout=said, stderr=said)
    assert f"{ADAPTER.name} is not trained: it builds upon {ADAPTER.base}, which failed." in said.getvalue()
    assert ADAPTER.name not in trained()


def test_force_trains_all_of_them_again(worker, mlflow_holds) -> None:
    fill()
    mlflow_holds("a model")
    fill("--force")
    assert sorted(trained()) == sorted(demo.name for demo in DEMOS for _ in range(2))


def test_an_mlflow_that_does_not_answer_is_said_in_one_sentence(worker, monkeypatch) -> None:
    def refuse(newest: int) -> None:
        raise mlflow_client.MlflowUnavailable("MLflow at http://box:5000 does not answer.")

    monkeypatch.setattr(mlflow_client, "list_registered_models", refuse)
    with pytest.raises(CommandError, match="MLflow at http://box:5000 does not answer"):
        fill()
