"""What people see of jobs: the list, one job, what they may do with it."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry_ui.jobs.events import JobEvents
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import cancel, submit_load, submit_log, submit_train
from registry_ui.jobs.states import State

pytestmark = pytest.mark.django_db(transaction=True)

HTMX = {"HX-Request": "true"}
POLLED = {**HTMX, "HX-Target": "job-list"}


@pytest.fixture(autouse=True)
def _bells(bells):
    """Nobody works in these tests."""


@pytest.fixture
def client_bob(bob):
    client = Client()
    client.force_login(bob)
    return client


def started(job: Job) -> Job:
    assert job.claim("worker-1/1", lease_s=60, timeout_s=60)
    return job


def failed(job: Job, detail: str = "There is no config.json in '/x'; save the model first.") -> Job:
    started(job).fail(code="invalid-input", detail=detail, field="source")
    return job


def url_of(job: Job) -> str:
    return f"/jobs/{job.pk}"


def test_without_jobs_the_list_says_what_a_job_is_and_offers_one(client_alice):
    page = client_alice.get("/jobs").text
    assert "No jobs yet" in page
    assert 'href="/log-model"' in page
    assert "every 2s" not in page


def test_a_line_says_what_on_what_in_which_state_and_who(client_alice, alice):
    submit_load(model_uri="models:/sentiment/3", created_by=alice)

    page = client_alice.get("/jobs").text
    for words in ("Load", "sentiment", "version 3", "Queued", "waiting for a worker", "just now", "alice"):
        assert words in page


def test_a_running_line_has_its_stage_and_real_numbers(client_alice):
    job = started(submit_log(source="/x", registered_model="sentiment"))
    JobEvents(job).stage("copying weights", 340_000_000, 980_000_000, "bytes")

    page = client_alice.get("/jobs").text
    assert "copying weights" in page
    assert "340 MB of 980 MB" in page
    assert '<progress max="100" value="34"' in page


def test_training_is_told_in_steps(client_alice):
    job = started(submit_train(demo="digits"))
    JobEvents(job).stage("training", 120, 400, "steps")

    page = client_alice.get(url_of(job)).text
    assert "Train digits" in page
    assert "120 of 400 steps · 30 %" in page
    assert "by the system" in page


def test_the_list_asks_again_only_while_something_is_active(client_alice):
    job = submit_load(model_uri="models:/m/1")
    live = client_alice.get("/jobs", headers=POLLED).text
    assert live.lstrip().startswith('<section id="job-list"')
    assert 'hx-get="/jobs"' in live
    assert "every 2s" in live

    cancel(job)
    assert "hx-trigger" not in client_alice.get("/jobs", headers=POLLED).text


def test_the_list_asks_again_for_what_it_shows(client_alice):
    submit_load(model_uri="models:/m/1")
    assert 'hx-get="/jobs?state=active&amp;kind=load"' in client_alice.get("/jobs?state=active&kind=load").text


def test_the_list_can_be_narrowed(client_alice):
    failed(submit_log(source="/x", registered_model="broken"))
    submit_load(model_uri="models:/waiting/1")

    assert "broken" in client_alice.get("/jobs?state=failed").text
    assert "waiting" not in client_alice.get("/jobs?state=failed").text.partition("<tbody>")[2]
    assert "broken" not in client_alice.get("/jobs?state=active").text
    assert "broken" not in client_alice.get("/jobs?kind=load").text
    assert "No job is like this" in client_alice.get("/jobs?state=timed_out").text


@pytest.mark.parametrize(("query", "named"), [("state=done", "done"), ("kind=bake", "bake")])
def test_a_state_or_kind_that_nothing_has_is_named(client_alice, query, named):
    submit_load(model_uri="models:/m/1")
    page = client_alice.get(f"/jobs?{query}").text
    assert "No such jobs" in page
    assert f"{named}" in page


def test_many_jobs_come_in_pages_and_cost_no_more_queries(client_alice, alice, django_assert_num_queries):
    for number in range(3):
        submit_load(model_uri=f"models:/m{number}/1", created_by=alice)
    with django_assert_num_queries(4):  # session, user, count, jobs
        client_alice.get("/jobs")

    for number in range(3, 60):
        submit_load(model_uri=f"models:/m{number}/1", created_by=alice)
    with django_assert_num_queries(4):
        page = client_alice.get("/jobs").text
    assert "25 of 60" in page
    assert "60 of 60" in client_alice.get("/jobs?page=3").text
    assert "60 of 60" in client_alice.get("/jobs?page=99").text


def test_the_jobs_of_a_version_come_in_short_for_its_page(client_alice):
    for _ in range(7):
        cancel(submit_load(model_uri="models:/sentiment/3"))
    submit_load(model_uri="models:/sentiment/30")

    short = client_alice.get("/jobs?target=models:/sentiment/3", headers=HTMX).text
    assert short.lstrip().startswith('<section id="latest-jobs"')
    assert short.count("Cancelled") == 5
    assert 'href="/jobs?target=models%3A%2Fsentiment%2F3"' in short
    assert "hx-trigger" not in short


def test_the_short_list_says_when_there_is_nothing_and_asks_again_when_there_is(client_alice):
    assert "No jobs yet" in client_alice.get("/jobs?target=models:/m/1", headers=HTMX).text

    submit_load(model_uri="models:/m/1")
    assert "every 2s" in client_alice.get("/jobs?target=models:/m/1", headers=HTMX).text


def test_the_short_list_names_what_each_job_is_about_unless_the_page_does(client_alice):
    nothing = client_alice.get("/jobs?state=active", headers=HTMX).text
    assert "Running now" in nothing
    assert "Nothing is under way" in nothing

    submit_load(model_uri="models:/sentiment/3")
    assert ">Load sentiment version 3</a>" in client_alice.get("/jobs?state=active", headers=HTMX).text
    assert ">Load sentiment version 3</a>" in client_alice.get("/jobs?target=models:/sentiment", headers=HTMX).text
    assert ">Load</a>" in client_alice.get("/jobs?target=models:/sentiment/3", headers=HTMX).text


def test_the_top_bar_counts_what_is_active(client_alice):
    assert "No active jobs" in client_alice.get("/jobs/running").text

    submit_load(model_uri="models:/m/1")
    one = client_alice.get("/jobs/running").text
    assert "1 active job" in one
    assert 'href="/jobs?state=active"' in one
    started(submit_load(model_uri="models:/m/2"))
    assert "2 active jobs" in client_alice.get("/jobs/running").text


def test_a_running_job_shows_stage_numbers_log_and_what_was_asked(client_alice):
    job = started(submit_log(source="/checkpoints/x", registered_model="sentiment", card="# Card\n\nIt <b>tells</b> moods."))
    voice = JobEvents(job)
    voice.stage("checking the source")
    voice.stage("copying weights", 1, 4, "files")
    voice.line("copying <config.json>")
    voice.flush()

    page = client_alice.get(url_of(job)).text
    for words in (
        "Checking the source",
        "Copying weights",
        "1 of 4 files",
        "copying &lt;config.json&gt;",
        "/checkpoints/x",
        "worker-1",
    ):
        assert words in page
    assert "<b>tells</b>" not in page
    assert "every 1s" in page


def test_the_fragment_of_an_ended_job_does_not_ask_again(client_alice):
    job = submit_load(model_uri="models:/m/1")
    assert "every 1s" in client_alice.get(url_of(job), headers=HTMX).text

    cancel(job)
    fragment = client_alice.get(url_of(job), headers=HTMX).text
    assert fragment.lstrip().startswith('<div id="job"')
    assert "hx-trigger" not in fragment


def test_a_success_leads_to_the_version_it_made(client_alice):
    job = started(submit_log(source="/x", registered_model="sentiment"))
    job.succeed(
        {"model_uri": "models:/sentiment/4", "model_id": "m-1", "registered_model": "sentiment", "version": "4", "run_id": None}
    )

    page = client_alice.get(url_of(job)).text
    assert "Open sentiment version 4" in page
    assert 'href="/models/sentiment/versions/4"' in page
    assert "Run id" not in page


def test_a_training_leads_to_the_log_job_it_submitted(client_alice):
    job, follower = started(submit_train(demo="digits")), uuid.uuid4()
    job.succeed({"log_job_id": str(follower)})
    assert f'href="/jobs/{follower}"' in client_alice.get(url_of(job)).text


def test_a_failure_is_one_sentence_with_the_field_and_ways_out(client_alice):
    job = failed(submit_log(source="/x", registered_model="sentiment"))

    page = client_alice.get(url_of(job)).text
    assert "There is no config.json in &#x27;/x&#x27;; save the model first." in page
    assert "<code>source</code>" in page
    assert f'href="/log-model?like={job.pk}"' in page
    assert f'action="/jobs/{job.pk}/retry"' in page
    assert "Traceback" not in page


def test_cancelling_by_htmx_answers_with_the_job_as_it_is_now(client_alice):
    job = submit_load(model_uri="models:/m/1")

    fragment = client_alice.post(f"{url_of(job)}/cancel", headers=HTMX)
    assert fragment.status_code == 200
    assert "Cancelled" in fragment.text
    assert 'id="job-retry"' in fragment.text
    assert "hx-trigger" not in fragment.text


def test_cancelling_by_a_plain_form_goes_to_the_job(client_alice):
    job = submit_load(model_uri="models:/m/1")
    assert client_alice.post(f"{url_of(job)}/cancel").url == url_of(job)
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_running_job_that_shall_stop_says_so_until_it_does(client_alice):
    job = started(submit_load(model_uri="models:/m/1"))
    fragment = client_alice.post(f"{url_of(job)}/cancel", headers=HTMX).text
    assert "Cancelling" in fragment
    assert "asked to stop" in fragment
    assert 'id="job-cancel"' not in fragment
    assert "every 1s" in fragment


def test_retrying_queues_the_job_again(client_alice):
    job = failed(submit_load(model_uri="models:/m/1"))

    fragment = client_alice.post(f"{url_of(job)}/retry", headers=HTMX).text
    assert "Queued" in fragment
    assert "Waiting to try again" in fragment
    assert "no config.json" not in fragment.partition('id="job-log-heading"')[0]


def test_a_second_attempt_says_so(client_alice):
    job = started(submit_load(model_uri="models:/m/1"))
    job.try_again(after_s=0)
    started(job)
    assert "attempt 2 of 3" in client_alice.get(url_of(job)).text


def test_others_may_look_but_neither_cancel_nor_retry(client_bob, alice):
    job = submit_load(model_uri="models:/m/1", created_by=alice)

    page = client_bob.get(url_of(job)).text
    assert 'id="job-cancel"' not in page
    refused = client_bob.post(f"{url_of(job)}/cancel")
    assert refused.status_code == 403
    assert client_bob.post(f"{url_of(job)}/retry").status_code == 403
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_who_asked_may_cancel_without_being_an_administrator(client_bob, bob):
    job = submit_load(model_uri="models:/m/1", created_by=bob)
    assert 'id="job-cancel"' in client_bob.get(url_of(job)).text
    client_bob.post(f"{url_of(job)}/cancel")
    job.refresh_from_db()
    assert job.state == State.CANCELLED


@pytest.mark.parametrize("rest", ["", "/log", "/events"])
def test_an_unknown_job_is_a_page_that_says_so(client_alice, rest):
    page = client_alice.get(f"/jobs/{uuid.uuid4()}{rest}")
    assert page.status_code == 404
    assert "There is no job" in page.text
    assert client_alice.get(f"/jobs/not-an-id{rest}").status_code == 404


def test_of_a_long_log_the_page_shows_the_end_and_leads_to_the_whole(client_alice):
    job = started(submit_load(model_uri="models:/m/1"))
    job.record(log="".join(f"line {number}.\n" for number in range(900)))

    page = client_alice.get(url_of(job)).text
    assert "line 899." in page
    assert "line 1." not in page
    assert "Whole log" in page
    whole = client_alice.get(f"{url_of(job)}/log")
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole.text.startswith("line 0.\n")


def test_names_of_any_length_and_script_do_not_break_the_page(client_alice):
    job = failed(submit_log(source="org/" + "x" * 400, registered_model="نموذج " * 40), detail="<script>alert(1)</script>")
    for page in (client_alice.get("/jobs").text, client_alice.get(url_of(job)).text):
        assert "نموذج" in page
        assert "<script>alert" not in page


def test_strangers_see_nothing(client):
    for url in ("/jobs", "/jobs/running", "/log-model", f"/jobs/{uuid.uuid4()}", f"/jobs/{uuid.uuid4()}/events"):
        assert client.get(url).url.startswith("/account/sign-in?next=")


def test_a_job_whose_asker_left_is_the_systems(client_alice, bob):
    job = submit_load(model_uri="models:/m/1", created_by=bob)
    bob.delete()
    assert "by the system" in client_alice.get(url_of(job)).text


def test_a_job_that_another_clock_started_in_the_future_took_no_negative_time(client_alice):
    job = started(submit_load(model_uri="models:/m/1"))
    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() + timedelta(hours=1))
    assert client_alice.get(url_of(job)).status_code == 200
