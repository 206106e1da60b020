"""What the training job of a demo does: a child trains, then one ordinary log job is submitted. The child is played."""

import pytest

from registry_ui.jobs import services
from registry_ui.jobs.events import JobEvents
from registry_ui.jobs.failures import JobFailed
from registry_ui.jobs.models import Job
from registry_ui.jobs.payloads import TrainPayload, to_json
from registry_ui.web.redis import client
from registry_ui.workers import children, train_demo

TRAINED = {
    "task": "text-classification",
    "registered_model": "sentiment",
    "alias": "champion",
    "card": "# Sentiment",
    "prompt_template": None,
    "input_example": {"text": "Good."},
    "metrics": {"accuracy": 0.9},
}


@pytest.fixture
def trained(monkeypatch, settings, tmp_path):
    """A child that trains nothing; what it was called with, once each time."""
    settings.VAR_DIR = tmp_path
    calls = []

    def call(target, kwargs, *, name, events, timeout_s):
        calls.append(kwargs)
        return {**TRAINED, "source": kwargs["output_dir"], "run_id": f"run-{len(calls)}"}

    monkeypatch.setattr(children, "call", call)
    monkeypatch.setattr(services, "ring", lambda job_id: None)
    return calls


@pytest.fixture
def train_job(db, redis, alice):
    """Make a claimed training job; return its payload and events."""

    def make(demo):
        payload = TrainPayload(demo=demo)
        job = Job.objects.create(kind="train", payload=to_json(payload), target=payload.target, created_by=alice)
        assert job.claim("w/1", lease_s=60, timeout_s=60)
        return payload, JobEvents(job)

    yield make
    client().connection_pool.disconnect()


def test_a_trained_demo_is_logged_by_a_job_of_its_own(trained, train_job, settings, alice):
    payload, events = train_job("sentiment")
    result = train_demo.run(payload, events)

    job = Job.objects.get(kind="log")
    assert result["log_job"] == str(job.id)
    assert (job.target, job.created_by, job.state) == ("models:/sentiment", alice, "queued")
    assert job.payload["source"] == trained[0]["output_dir"] == str(settings.VAR_DIR / "checkpoints" / "sentiment")
    assert job.payload["metrics"] == {"accuracy": 0.9}
    assert trained[0]["tracking_uri"] == settings.MLFLOW_TRACKING_URI


def test_an_attempt_after_the_log_job_was_submitted_trains_nothing_again(trained, train_job):
    payload, events = train_job("sentiment")
    first = train_demo.run(payload, events)
    assert events.job.try_again(after_s=0)
    job = Job.objects.get(pk=events.job.pk)
    assert job.claim("w/2", lease_s=60, timeout_s=60)

    assert train_demo.run(payload, JobEvents(job)) == first
    assert len(trained) == 1


def test_two_trainings_of_one_demo_log_it_twice(trained, train_job):
    first, second = (train_demo.run(*train_job("sentiment")) for _ in range(2))
    assert first["log_job"] != second["log_job"]


def test_a_demo_that_does_not_exist_is_refused_naming_those_that_do(trained, train_job):
    with pytest.raises(JobFailed, match="digits, sentiment") as error:
        train_demo.run(*train_job("poems"))
    assert error.value.field == "demo"


def test_a_demo_without_its_base_says_what_to_train_first(trained, train_job):
    with pytest.raises(JobFailed, match="train sentiment first"):
        train_demo.run(*train_job("sentiment-lora"))
    assert trained == []


def test_a_demo_whose_base_was_trained_is_trained_beside_it(trained, train_job, settings):
    base = settings.VAR_DIR / "checkpoints" / "sentiment"
    base.mkdir(parents=True)
    (base / "config.json").write_text("{}")
    train_demo.run(*train_job("sentiment-lora"))

    assert trained[0]["output_dir"] == str(base.with_name("sentiment-lora"))
