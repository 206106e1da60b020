"""Whatever goes wrong is answered by a problem document that names it and the way out."""

import pytest
from django.db import OperationalError
from django.utils.html import escape

from registry_ui.api.problem_types import PROBLEM_TYPES
from registry_ui.api.resources import registered_models
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX, ApiClient

pytestmark = pytest.mark.django_db


def test_every_problem_says_what_it_is_where_it_was_and_under_which_id_the_log_has_it(api):
    answer = api.fetch("/models/nothing", **{"X-Request-ID": "abc-123-def-456"})
    problem = answer.json()

    assert answer["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/api/v1/problems/model-not-found"
    assert problem["instance"] == "/api/v1/models/nothing"
    assert problem["request_id"] == answer["X-Request-ID"] == "abc-123-def-456"
    assert problem["hint"]


@pytest.mark.parametrize("code", PROBLEM_TYPES)
def test_the_type_of_every_problem_leads_to_its_explanation(code, db):
    stranger = ApiClient()
    answer = stranger.fetch(f"/problems/{code}").json()
    page = stranger.fetch(f"/problems/{code}", Accept="text/html,*/*;q=0.8")

    assert (answer["type"], answer["code"]) == (f"/api/v1/problems/{code}", code)
    assert answer["meaning"]
    assert answer["way_out"]
    assert escape(PROBLEM_TYPES[code].title) in page.content.decode()


@pytest.mark.parametrize("path", ["/nothing", "/models/", "/jobs/not-a-uuid", "/problems/nothing", "/models/a%00b", "/"])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_an_address_that_there_is_not(path, method, api):
    answer = getattr(api, method)(f"{PREFIX}{path}")

    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found" or (path, answer.status_code) == ("/problems/nothing", 405)


def test_a_slash_too_many_is_pointed_out(api):
    assert "do not end in a slash" in api.fetch("/models/").json()["detail"]


@pytest.mark.parametrize(
    ("path", "code", "named"),
    [
        ("/models/nothing", "model-not-found", "nothing"),
        ("/models/nothing/versions", "model-not-found", "nothing"),
        ("/models/nothing/versions/1", "model-not-found", "nothing"),
        ("/models/nothing/aliases/production", "model-not-found", "nothing"),
        ("/models/sentiment/versions/7", "version-not-found", "7"),
        ("/models/sentiment/versions/7/card", "version-not-found", "7"),
        ("/models/sentiment/versions/99999999999999999999", "version-not-found", "99999999999999999999"),
        ("/models/sentiment/versions/production", "version-not-found", "aliases/production"),
        ("/models/sentiment/aliases/staging", "alias-not-found", "staging"),
        ("/models/sentiment/aliases/1", "alias-not-found", "1"),
        ("/models/sentiment/aliases/staging/state", "alias-not-found", "staging"),
        ("/tasks/nothing", "not-found", "text-classification"),
        ("/jobs/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11", "not-found", "job"),
        ("/jobs/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/log", "not-found", "job"),
        ("/jobs/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/events", "not-found", "job"),
        ("/assets/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11", "not-found", "7c1f3f1e"),
        ("/assets/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/content", "not-found", "7c1f3f1e"),
        ("/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11", "prediction-not-found", "7c1f3f1e"),
        ("/predictions/7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11/events", "prediction-not-found", "7c1f3f1e"),
        ("/predictions/nothing", "prediction-not-found", "nothing"),
    ],
)
def test_what_is_not_there_is_named(path, code, named, api):
    make_version(aliases=("production",))
    answer = api.fetch(path)

    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert named in answer.json()["detail"]


def test_a_method_that_there_is_not_names_those_there_are(api):
    answer = api.delete(f"{PREFIX}/models")

    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer["Allow"].startswith("GET")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"source": ', "JSON"),
        ("\xff\xfe", "JSON"),
        ('{"source": NaN}', "JSON"),
        ("[" * 100_000, "nested"),
        ('{"source": "\\ud800"}', "surrogate"),
        ('{"source": "a\\u0000b"}', "NUL"),
        ('{"source": ' + "1" * 5000 + "}", "JSON"),
    ],
)
def test_a_body_that_cannot_be_read(body, named, api):
    answer = api.post(f"{PREFIX}/logged-models", body.encode("latin-1"), content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-request")
    assert named in answer.json()["detail"]


def test_a_type_of_body_that_is_not_taken(api):
    answer = api.post(f"{PREFIX}/logged-models", "source=x", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.json()["code"]) == (415, "media-type-not-supported")


def test_a_body_that_is_too_large(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = api.send("/logged-models", {"source": "x" * 1000})

    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_an_error_of_ours_shows_nothing_of_the_inside(api, monkeypatch, caplog):
    def fail(query):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(registered_models, "list_models_for", fail)
    answer = api.fetch("/models")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.content.decode()
    assert "the secret of the house" in caplog.text


def test_a_database_that_is_away_is_not_called_our_error(api, monkeypatch, caplog):
    def fail(query):
        raise OperationalError("database is locked")

    monkeypatch.setattr(registered_models, "list_models_for", fail)
    answer = api.fetch("/models")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "database is locked" in caplog.text


def test_an_answer_of_jobs_and_models_without_a_problem_type_keeps_its_detail(db):
    from registry_ui.api.problems import problem_with

    assert problem_with("model-error", "The model could not read this row.").to_json()["detail"].startswith("The model")
