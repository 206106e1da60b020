"""Logging a model by REST: a job, its address, and what it refuses."""

import pytest
from django.utils import timezone

from registry_ui.api.resources import jobs, logged_models
from registry_ui.catalog.models import LoggedModel
from registry_ui.jobs.models import Job
from tests.registry_ui.api.conftest import PREFIX

pytestmark = pytest.mark.django_db

LOG = "/logged-models"
ASKED = {"source": "/checkpoints/sentiment", "registered_model": "sentiment", "alias": "production"}


def test_a_model_is_logged_by_a_job(api, alice, bells, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.send(LOG, ASKED)
    job = answer.json()

    assert (answer.status_code, answer["Location"], answer["Retry-After"]) == (202, f"/api/v1/jobs/{job['id']}", "1")
    assert (job["kind"], job["state"], job["created_by"], job["target"]) == ("log", "queued", "alice", "models:/sentiment")
    assert job["request"] == ASKED
    assert bells == [job["id"]]
    assert api.get(answer["Location"]).json() == job


def test_everything_that_can_be_said_about_a_model_reaches_the_job(api, bells):
    more = {
        "task": "text-generation",
        "name": "sentiment",
        "card": "  # Title\n",
        "prompt_template": "Q: {prompt} ",
        "input_example": {"text": "hello"},
        "run_id": "0" * 32,
        "metrics": {"accuracy": 0.5},
        "metadata": {"team": "a"},
        "model_config": {"top_k": 1},
        "description": "The first.",
    }

    assert api.send(LOG, {**ASKED, **more}).json()["request"] == {**ASKED, **more}


def test_null_is_as_good_as_nothing(api, bells):
    assert api.send(LOG, {"source": "a/b", "alias": None, "metrics": None}).json()["request"] == {"source": "a/b"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/source"),
        ({"source": ""}, "/source"),
        ({"source": "  "}, "/source"),
        ({"source": 7}, "/source"),
        ({"source": None}, "/source"),
        ({"source": ["a"]}, "/source"),
        ({"source": "a", "task": "nothing"}, "/task"),
        ({"source": "a", "registered_model": "a/b"}, "/registered_model"),
        ({"source": "a", "alias": "production"}, "/alias"),
        ({"source": "a", "registered_model": "m", "alias": "v1"}, "/alias"),
        ({"source": "a", "metrics": {"accuracy": "high"}}, "/metrics/accuracy"),
        ({"source": "a", "metrics": [1]}, "/metrics"),
        ({"source": "a", "metadata": "x"}, "/metadata"),
        ({"source": "a", "path": "b"}, "/path"),
    ],
)
def test_a_wrong_value_is_pointed_at_and_makes_no_job(body, pointer, api, bells):
    answer = api.send(LOG, body)

    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])
    assert not Job.objects.exists()


def test_the_same_key_gives_the_same_job_and_says_so(api, bells):
    first, second = (api.send(LOG, ASKED, **{"Idempotency-Key": "deploy-7"}) for _ in range(2))

    assert first.json()["id"] == second.json()["id"]
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    assert second["Location"] == first["Location"]
    assert first.json()["idempotency_key"] == "deploy-7"


def test_a_key_may_be_quoted(api, bells):
    first = api.send(LOG, ASKED, **{"Idempotency-Key": '"deploy-7"'})

    assert api.send(LOG, ASKED, **{"Idempotency-Key": "deploy-7"}).json()["id"] == first.json()["id"]


def test_the_same_key_with_another_body_is_refused(api, bells):
    api.send(LOG, ASKED, **{"Idempotency-Key": "deploy-7"})
    answer = api.send(LOG, {**ASKED, "alias": "staging"}, **{"Idempotency-Key": "deploy-7"})

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize("key", ["", '""', "x" * 256])
def test_a_key_that_is_none_is_refused(key, api, bells):
    answer = api.send(LOG, ASKED, **{"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["errors"][0]["header"]) == (400, "Idempotency-Key")


def test_without_a_key_every_request_is_a_job_of_its_own(api, bells):
    assert api.send(LOG, ASKED).json()["id"] != api.send(LOG, ASKED).json()["id"]


def test_one_may_wait_for_the_job(api, bells, monkeypatch):
    def end(job_id, *, seconds):
        Job.objects.filter(pk=job_id).update(
            state="succeeded", result={"registered_model": "sentiment", "version": "3", "model_uri": "models:/sentiment/3"}
        )
        return Job.objects.get(pk=job_id)

    monkeypatch.setattr(jobs.services, "wait", end)
    answer = api.send(LOG, ASKED, Prefer="wait=20")

    assert (answer.status_code, answer["Preference-Applied"]) == (200, "wait=20")
    assert answer.json()["links"]["version"] == "/api/v1/models/sentiment/versions/3"


def test_models_without_a_version_are_listed(api):
    for number in range(3):
        LoggedModel.objects.create(
            model_id=f"m-{number}",
            name="a",
            status="READY",
            experiment_id="0",
            created_at=None if number == 1 else timezone.now(),
            seen_at=timezone.now(),
        )
    first = api.fetch(f"{LOG}?limit=2").json()
    rest = api.get(first["next"]).json()

    assert [row["model_id"] for row in first["data"] + rest["data"]] == ["m-2", "m-0", "m-1"]
    assert first["data"][0]["uri"] == "models:/m-2"


def test_a_form_is_not_taken(api):
    assert api.post(f"{PREFIX}{LOG}", ASKED).status_code == 415


def test_who_may_not_log_is_told_so(api, bells, monkeypatch):
    monkeypatch.setattr(logged_models, "can_log", lambda user: False)
    answer = api.send(LOG, ASKED)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not Job.objects.exists()
