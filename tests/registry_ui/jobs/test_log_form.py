"""The form "Log a model"."""

import re

import pytest

from flavor.tasks import all_tasks
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import submit_load, submit_log
from tests.factories import make_version

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/log-model"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _bells(bells):
    """Nobody works in these tests."""


def send(client, headers=None, **said):
    return client.post(URL, {"source": "/checkpoints/x", **said}, headers=headers or {})


def error_at(page: str, field: str) -> str:
    found = re.search(rf'id="id_{field}_error">([^<]*)<', page)
    return found[1] if found else ""


def test_the_form_says_which_folders_may_be_read_and_that_the_hub_is_off(client_alice, settings, tmp_path):
    settings.CHECKPOINT_ROOTS = [tmp_path / "checkpoints"]
    settings.HUB_OFFLINE = True
    page = client_alice.get(URL).text
    assert str(tmp_path / "checkpoints") in page
    assert "The Hub is switched off here" in page

    settings.HUB_OFFLINE = False
    assert "The Hub is switched off here" not in client_alice.get(URL).text


def test_the_form_offers_tasks_models_and_checkpoints_there_are(client_alice, settings, tmp_path):
    make_version("sentiment")
    (tmp_path / "mine" / "bert").mkdir(parents=True)
    (tmp_path / "mine" / "bert" / "config.json").touch()
    (tmp_path / "empty").mkdir()
    settings.CHECKPOINT_ROOTS = [tmp_path, tmp_path / "not-there"]

    page = client_alice.get(URL).text
    for task in all_tasks():
        assert task.title in page
    assert '<option value="sentiment">' in page
    assert f'<option value="{tmp_path}/mine/bert">' in page
    assert f'<option value="{tmp_path}/empty">' not in page


def test_a_filled_form_becomes_a_job_and_leads_to_its_page(client_alice, alice):
    answer = send(
        client_alice,
        registered_model="sentiment",
        alias="champion",
        task=all_tasks()[0].name,
        card="# Card",
        description="Better.",
        validate="on",
    )
    job = Job.objects.get()
    assert answer.url == f"/jobs/{job.pk}"
    assert (job.kind, job.created_by, job.target) == ("log", alice, "models:/sentiment")
    assert job.payload == {
        "source": "/checkpoints/x",
        "registered_model": "sentiment",
        "alias": "champion",
        "task": all_tasks()[0].name,
        "card": "# Card",
        "description": "Better.",
        "validate": True,
    }


def test_htmx_is_led_to_the_page_of_the_job(client_alice):
    answer = send(client_alice, headers=HTMX)
    assert answer["HX-Redirect"] == f"/jobs/{Job.objects.get().pk}"


def test_the_source_alone_is_enough(client_alice):
    send(client_alice)
    assert Job.objects.get().payload == {"source": "/checkpoints/x"}


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"source": ""}, "source", "Say what to log"),
        ({"registered_model": "a/b"}, "registered_model", "may not contain"),
        ({"alias": "champion"}, "alias", "give registered_model too"),
        ({"registered_model": "m", "alias": "v3"}, "alias", "kept by MLflow"),
        ({"registered_model": "m", "alias": "no spaces"}, "alias", "letters, digits"),
        ({"task": "no-such-task"}, "task", "no-such-task is not one of the available choices"),
        ({"prompt_template": "without it"}, "prompt_template", "exactly once"),
    ],
)
def test_a_form_that_is_not_right_says_where_and_keeps_what_was_typed(client_alice, said, field, reason):
    for headers in ({}, HTMX):
        answer = send(client_alice, headers=headers, description="What I typed", **said)
        assert answer.status_code == 422
        assert reason in error_at(answer.text, field)
        assert "What I typed" in answer.text
    assert not Job.objects.exists()


def test_the_field_at_fault_has_the_focus(client_alice):
    page = send(client_alice, headers=HTMX, registered_model="m", alias="v3").text
    (focused,) = re.findall(r"<(?:input|select|textarea)[^>]*autofocus[^>]*>", page)
    assert 'name="alias"' in focused
    assert 'aria-invalid="true"' in focused


def test_htmx_gets_the_form_without_the_frame(client_alice):
    page = send(client_alice, headers=HTMX, source="").text
    assert page.lstrip().startswith('<form id="log-form"')


def test_one_form_sent_twice_is_one_job(client_alice):
    key = re.search(r'name="key" value="(\w+)"', client_alice.get(URL).text)[1]

    first = send(client_alice, key=key)
    second = send(client_alice, key=key)
    assert first.url == second.url

    changed = send(client_alice, key=key, registered_model="another")
    assert changed.url != first.url
    assert Job.objects.count() == 2


def test_a_prompt_template_is_asked_for_where_the_task_takes_one(client_alice):
    for task in all_tasks():
        part = client_alice.get(URL, {"task": task.name, "prompt_template": "Say {prompt}"}, headers=HTMX).text
        assert part.lstrip().startswith('<div id="prompt-template"')
        assert ("Say {prompt}" in part) == task.accepts_prompt_template
    assert "textarea" in client_alice.get(URL, {"task": ""}, headers=HTMX).text


def test_a_form_like_an_earlier_job_is_filled_with_what_was_asked(client_alice):
    job = submit_log(source="/checkpoints/old", registered_model="sentiment", alias="champion")

    page = client_alice.get(f"{URL}?like={job.pk}").text
    for value in ("/checkpoints/old", "sentiment", "champion"):
        assert f'value="{value}"' in page


def test_a_form_like_no_log_job_is_empty(client_alice):
    other = submit_load(model_uri="models:/m/1")
    for like in ("nonsense", str(other.pk)):
        page = client_alice.get(f"{URL}?like={like}")
        assert page.status_code == 200
        assert "models:/m/1" not in page.text


def test_a_link_may_fill_the_form(client_alice):
    assert 'value="sentiment"' in client_alice.get(f"{URL}?registered_model=sentiment&key=chosen").text
    assert "chosen" not in client_alice.get(f"{URL}?key=chosen").text
