"""The OpenAPI document is valid, whole, and read by people on a page."""

import json

import pytest
from drf_spectacular.validation import validate_schema

from registry_ui.accounts.scopes import Scope
from registry_ui.api.openapi import openapi
from registry_ui.api.urls import urlpatterns
from tests.registry_ui.api.conftest import PREFIX

pytestmark = pytest.mark.django_db

PAGES = {"docs", "unknown"}
RESOURCES = [pattern for pattern in urlpatterns if pattern.name not in PAGES]


def operations():
    return [(path, method, said) for path, methods in openapi()["paths"].items() for method, said in methods.items()]


def test_it_is_a_valid_openapi_3_1_document():
    assert openapi()["openapi"] == "3.1.0"
    validate_schema(openapi())


def test_making_it_raises_no_warning(capsys):
    openapi.cache_clear()
    openapi()

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("pattern", RESOURCES, ids=lambda pattern: pattern.name)
def test_every_address_and_method_is_in_it(pattern):
    path = f"{PREFIX}/{pattern.pattern._route}".replace("<segment:", "{").replace("<uuid:", "{").replace(">", "}")
    methods = {name for name in ("get", "post", "put", "patch", "delete") if hasattr(pattern.callback.cls, name)}

    assert methods == openapi()["paths"][path].keys()


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own():
    assert all(said["summary"] and said["description"] and said["tags"] for _, _, said in operations())
    names = [said["operationId"] for _, _, said in operations()]
    assert len(names) == len(set(names))


def test_every_operation_names_the_scope_it_needs():
    named = {said["operationId"]: said.get("x-required-scope") for _, _, said in operations()}
    free = {name for name, scope in named.items() if scope is None}

    assert free == {"get_me", "get_schema", "list_tasks", "get_task", "list_problem_types", "get_problem_type"}
    assert set(named.values()) - {None} == set(Scope)


def test_every_operation_may_answer_with_a_problem():
    ours = [said["responses"]["default"]["content"] for _, _, said in operations() if "OpenAI" not in said["tags"]]
    assert all("application/problem+json" in content for content in ours)


def test_every_operation_of_openai_may_answer_with_an_error_of_its_form():
    theirs = [said["responses"]["default"]["content"] for _, _, said in operations() if "OpenAI" in said["tags"]]
    assert theirs
    assert all(content["application/json"]["schema"]["$ref"].endswith("/OpenAiError") for content in theirs)


def test_the_document_is_served(api):
    assert api.fetch("/schema").json() == json.loads(json.dumps(openapi()))


def test_the_page_shows_every_operation(client_alice):
    page = client_alice.get(f"{PREFIX}/docs").content.decode()

    assert all(said["operationId"] in page for _, _, said in operations())
    assert "models:predict" in page
    assert "http://" not in page.replace("http://testserver", "") or "cdn" not in page


def test_the_page_asks_a_stranger_to_sign_in(client, db):
    assert client.get(f"{PREFIX}/docs").status_code == 302
