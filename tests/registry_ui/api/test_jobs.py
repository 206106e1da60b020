"""Jobs as REST shows, follows, cancels and repeats them."""

import threading
import time

import pytest
from django.db import connection

from registry_ui.accounts.scopes import Scope
from registry_ui.jobs import events
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import submit_load, submit_log
from tests.registry_ui.api.conftest import PREFIX, client_with
from tests.registry_ui.api.test_predict_streams import events_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(alice, bells) -> Job:
    """A job of alice that waits."""
    return submit_load(model_uri="models:/sentiment/1", created_by=alice)


def path_of(job, rest=""):
    return f"/jobs/{job.id}{rest}"


def running(job):
    job.claim("w/1", lease_s=60, timeout_s=60)
    return job


def ended(job, **error):
    running(job).fail(**error) if error else running(job).succeed({"model_uri": "models:/sentiment/1"})
    return job


def test_jobs_are_listed_newest_first_and_filtered(api, job):
    newer = submit_log(source="a/b", registered_model="other")
    running(newer)

    def ids(query=""):
        return [row["id"] for row in api.fetch(f"/jobs{query}").json()["data"]]

    assert ids() == [str(newer.id), str(job.id)]
    assert ids("?state=running") == ids("?kind=log") == [str(newer.id)]
    assert ids("?target=models:/sentiment") == ids("?target=models:/sentiment/1") == [str(job.id)]
    assert ids("?state=failed") == []


@pytest.mark.parametrize(("query", "parameter"), [("state=done", "state"), ("kind=cook", "kind"), ("user=alice", "user")])
def test_a_wrong_filter_is_named(query, parameter, api):
    answer = api.fetch(f"/jobs?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)


def test_a_job_shows_how_far_it_is(api, job):
    voice = events.JobEvents(running(job))
    voice.stage("copying weights", 1, 4, "files")
    shown = api.fetch(path_of(job)).json()

    assert shown["progress"] == {"stage": "copying weights", "done": 1, "total": 4, "unit": "files"}
    assert (shown["state"], shown["attempt"], shown["created_by"]) == ("running", 1, "alice")


def test_a_failed_job_says_why_and_points_at_the_value(api, job):
    ended(job, code="something-new", detail="/etc is outside the folders that may be read.", field="source")
    error = api.fetch(path_of(job)).json()["error"]

    assert (error["code"], error["type"]) == ("something-new", "about:blank")
    assert error["errors"][0]["pointer"] == "/source"


def test_a_kind_of_problem_that_is_known_is_explained(api, job):
    ended(job, code="model-not-loadable", detail="config.json is missing.")

    assert api.fetch(path_of(job)).json()["error"]["type"] == "/api/v1/problems/model-not-loadable"


def test_waiting_returns_at_once_when_the_job_has_ended(api, job):
    ended(job)
    answer = api.fetch(path_of(job), Prefer="wait=60")

    assert (answer.json()["state"], answer["Preference-Applied"]) == ("succeeded", "wait=60")
    assert "Retry-After" not in answer


@pytest.mark.django_db(transaction=True)
def test_waiting_returns_when_the_job_ends(api, job):
    def end():
        ended(Job.objects.get(pk=job.pk))
        connection.close()

    ending = threading.Timer(0.2, end)
    ending.start()
    began = time.monotonic()
    answer = api.fetch(path_of(job), Prefer="wait=60")
    ending.join()

    assert answer.json()["state"] == "succeeded"
    assert time.monotonic() - began < 50


def test_a_job_that_is_not_done_says_when_to_look_again(api, job):
    answer = api.fetch(path_of(job))

    assert answer["Retry-After"] == "1"


def test_a_waiting_job_is_cancelled_at_once(api, job):
    answer = api.post(f"{PREFIX}{path_of(job, '/cancel')}")

    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert api.post(f"{PREFIX}{path_of(job, '/cancel')}").status_code == 202


def test_a_running_job_is_asked_to_stop(api, job):
    running(job)
    answer = api.post(f"{PREFIX}{path_of(job, '/cancel')}").json()

    assert (answer["state"], answer["is_cancel_requested"]) == ("running", True)


def test_what_has_ended_cannot_be_cancelled(api, job):
    ended(job)
    answer = api.post(f"{PREFIX}{path_of(job, '/cancel')}")

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_failed_job_runs_again(api, job):
    ended(job, code="internal-error", detail="It broke.")
    answer = api.post(f"{PREFIX}{path_of(job, '/retry')}")

    assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (202, "queued", None)


def test_what_waits_or_succeeded_does_not_run_again(api, job):
    assert api.post(f"{PREFIX}{path_of(job, '/retry')}").status_code == 409
    ended(job)
    assert api.post(f"{PREFIX}{path_of(job, '/retry')}").status_code == 409


@pytest.mark.parametrize("steer", ["/cancel", "/retry"])
def test_nobody_steers_the_job_of_somebody_else(steer, job, bob):
    answer = client_with(bob, *Scope).post(f"{PREFIX}{path_of(job, steer)}")

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "alice" in answer.json()["detail"]


def test_the_log_is_text(api, job):
    voice = events.JobEvents(running(job))
    voice.line("loading größe")
    voice.flush()
    answer = api.fetch(path_of(job, "/log"))

    assert (answer.content.decode(), answer["Content-Type"]) == ("loading größe\n", "text/plain; charset=utf-8")


def test_events_tell_what_happened_and_end_with_the_job(api, job):
    voice = events.JobEvents(running(job))
    voice.stage("fetching", 1, 2, "bytes")
    voice.line("half of it")
    job.succeed({"model_uri": "models:/sentiment/1"})
    told = events_of(api.fetch(path_of(job, "/events")))

    assert [name for _, name, _ in told][:4] == ["state", "stage", "line", "state"]
    assert told[-1][2]["state"] == "succeeded"


def test_events_go_on_after_the_last_that_was_seen(api, job):
    voice = events.JobEvents(running(job))
    voice.line("first")
    voice.line("second")
    job.succeed({"model_uri": "models:/sentiment/1"})
    told = events_of(api.fetch(path_of(job, "/events")))
    seen = next(event_id for event_id, name, data in told if data.get("text") == "first")

    assert events_of(api.fetch(path_of(job, "/events"), **{"Last-Event-ID": seen}))[0][2] == {"text": "second"}


def test_the_list_costs_the_same_number_of_queries_for_one_job_and_for_many(api, alice, job, django_assert_num_queries):
    api.fetch("/jobs")
    with django_assert_num_queries(2):
        api.fetch("/jobs")
    for _ in range(10):
        submit_load(model_uri="models:/sentiment/1", created_by=alice)
    with django_assert_num_queries(2):
        api.fetch("/jobs")
