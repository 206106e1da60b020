"""What goes wrong is said in a sentence with a way out, in the form the asker reads, and never as a trace."""

import pytest
from django.test import Client

from tests.registry_ui.web.urls import SECRET

pytestmark = [pytest.mark.urls("tests.registry_ui.web.urls"), pytest.mark.django_db]

KINDS = [
    ("missing", 404, "There is no version 9 of sentiment; its versions are 1 to 3."),
    ("forbidden", 403, "Only an administrator may do this."),
    ("bad", 400, "page must be a number, got"),
    ("suspicious", 400, "Go back, reload the page and try again."),
    ("broken", 500, "This is an error of ours"),
]


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("kind", "status", "sentence"), KINDS)
def test_a_person_gets_a_page_with_the_sentence_and_the_request_id(browser, kind, status, sentence):
    response = browser.get(f"/raises/{kind}")
    body = response.content.decode()
    assert response.status_code == status
    assert "<!doctype html>" in body
    assert sentence in body
    assert response["X-Request-ID"] in body
    assert_no_trace(body)


@pytest.mark.parametrize(("kind", "status", "sentence"), KINDS)
def test_htmx_gets_a_fragment_that_the_page_can_show(browser, kind, status, sentence):
    body = browser.get(f"/raises/{kind}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in body
    assert "data-problem" in body
    assert sentence in body
    assert_no_trace(body)


@pytest.mark.parametrize(("kind", "status", "sentence"), KINDS)
def test_a_client_of_rest_gets_a_problem_document(browser, kind, status, sentence):
    response = browser.get(f"/api/v1/raises/{kind}")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert sentence in response.json()["detail"]
    assert response.json()["request_id"] == response["X-Request-ID"]
    assert_no_trace(response.content.decode())


def test_going_back_in_history_to_a_failed_page_shows_the_whole_page(browser):
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<!doctype html>" in browser.get("/raises/missing", headers=headers).content.decode()


def test_an_unknown_address_does_not_list_the_addresses_there_are(client_alice):
    body = client_alice.get("/no-such-page").content.decode()
    assert "The address is wrong, or what it named was removed." in body
    assert "urlpatterns" not in body
    assert "no-such-page" not in body


def test_a_form_from_before_the_session_says_how_to_go_on(alice):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    response = strict.post("/page")
    assert response.status_code == 403
    assert "This page was open for too long" in response.content.decode()


def assert_no_trace(body: str) -> None:
    for leak in ("Traceback", "RuntimeError", SECRET, "/etc/passwd", "urls.py"):
        assert leak not in body
