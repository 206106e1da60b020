"""What a job remembers of its way, and what it is about once it has made something."""

from datetime import datetime

import pytest

from flavor.tasks import InvalidInput
from registry_ui.jobs.events import JobEvents
from registry_ui.jobs.models import Job
from registry_ui.jobs.places import place_of
from registry_ui.jobs.progress import Progress
from registry_ui.jobs.services import list_jobs, submit_load, submit_log
from registry_ui.jobs.timeline import steps_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(bells):
    job = submit_log(source="/checkpoints/x", registered_model="sentiment")
    assert job.claim("w/1", lease_s=60, timeout_s=60)
    return job


def walked(job):
    job.refresh_from_db()
    return [(step.name, str(step.state)) for step in steps_of(job)]


def test_the_stages_are_kept_in_order_with_their_last_figures(job):
    voice = JobEvents(job)
    voice.stage("checking the source")
    for done in (1, 2, 3):
        voice.stage("copying weights", done, 3, "bytes")
    voice.stage("registering")
    voice.flush()

    job.refresh_from_db()
    assert [(stage["name"], stage["done"]) for stage in job.stages] == [
        ("checking the source", None),
        ("copying weights", 3),
        ("registering", None),
    ]
    starts = [datetime.fromisoformat(stage["started_at"]) for stage in job.stages]
    assert starts == sorted(starts)


def test_a_job_that_alternates_keeps_the_newest_stages(job):
    voice = JobEvents(job)
    for number in range(200):
        voice.stage(f"stage {number}")
    voice.flush()

    job.refresh_from_db()
    assert len(job.stages) == 50
    assert job.stages[-1]["name"] == "stage 199"


def test_another_attempt_begins_with_no_stages(job):
    JobEvents(job).stage("copying weights")
    job.try_again(after_s=0)
    assert walked(job) == [("waiting to try again", "current")]

    assert job.claim("w/2", lease_s=60, timeout_s=60)
    assert walked(job) == []


def test_the_timeline_of_a_success_is_all_done(job):
    JobEvents(job).stage("registering")
    assert walked(job) == [("waiting for a worker", "done"), ("registering", "current")]

    job.succeed({"model_uri": "models:/sentiment/3"})
    assert walked(job) == [("waiting for a worker", "done"), ("registering", "done")]


def test_the_timeline_of_a_failure_shows_where_it_stopped(job):
    JobEvents(job).stage("copying weights")
    job.fail(code="disk-full", detail="The disk is full.")
    assert walked(job)[-1] == ("copying weights", "stopped")


def test_a_job_cancelled_in_the_queue_stopped_while_waiting(bells):
    job = submit_load(model_uri="models:/m/1")
    job.cancel()
    assert walked(job) == [("waiting for a worker", "stopped")]


def test_a_log_job_is_found_at_the_version_it_made(job):
    assert list(list_jobs(target="models:/sentiment")) == [job]
    assert not list_jobs(target="models:/sentiment/3")

    job.succeed({"model_uri": "models:/sentiment/3"})
    assert list(list_jobs(target="models:/sentiment/3")) == [job]
    assert list(list_jobs(target="models:/sentiment")) == [job]
    assert not list_jobs(target="models:/senti")


def test_version_1_does_not_find_the_jobs_of_version_10(bells):
    submit_load(model_uri="models:/m/10")
    assert not Job.objects.filter(pk__in=list_jobs(target="models:/m/1")).exists()


@pytest.mark.parametrize(
    ("template", "task", "reason"),
    [
        ("no place for it", None, "exactly once"),
        ("{prompt} and {prompt}", None, "exactly once"),
        ("Say {prompt}", "image-classification", "takes no prompt template"),
    ],
)
def test_a_prompt_template_that_cannot_work_is_refused(bells, template, task, reason):
    with pytest.raises(InvalidInput, match=reason) as refused:
        submit_log(source="x", prompt_template=template, task=task)
    assert refused.value.field == "prompt_template"


@pytest.mark.parametrize(
    ("progress", "text", "percent"),
    [
        (Progress(340_000_000, 980_000_000, "bytes"), "340 MB of 980 MB", 34),
        (Progress(120, 400, "steps"), "120 of 400 steps", 30),
        (Progress(1500, None, "files"), "1,500 files", None),
        (Progress(7, 5, ""), "7 of 5", 100),
        (Progress(0, 10, "steps"), "0 of 10 steps", 0),
    ],
)
def test_progress_reads_as_numbers(progress, text, percent):
    assert (progress.text, progress.percent) == (text, percent)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("models:/sentiment/3", "sentiment version 3"),
        ("models:/sentiment@champion", "sentiment @champion"),
        ("models:/sentiment", "sentiment"),
        ("demo:digits", "digits"),
        ("/var/checkpoints/bert", "bert"),
        ("org/name", "org/name"),
        ("runs:/abc/model", "runs:/abc/model"),
        ("", ""),
    ],
)
def test_what_a_job_is_about_has_a_short_name(address, text):
    assert str(place_of(address)) == text
