"""Who may come in, and what a token may do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry_ui.accounts import tokens
from registry_ui.accounts.scopes import Scope
from registry_ui.api.urls import urlpatterns
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX, ApiClient, client_with

pytestmark = pytest.mark.django_db


def with_header(value):
    return ApiClient(headers={"Authorization": value})


def test_a_stranger_gets_a_problem_that_says_how_to_come_in(db):
    answer = ApiClient().fetch("/models")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not-authenticated"
    assert "Authorization: Bearer" in answer.json()["hint"]


@pytest.mark.parametrize(
    "value", ["Bearer mlr_0123456789abcdef.wrong", "Bearer", "Bearer a b", "Basic YTpi", "Bearer \u00e9", "Bearer %00"]
)
def test_a_wrong_token_is_refused(db, value):
    answer = with_header(value).fetch("/me")

    assert (answer.status_code, answer["WWW-Authenticate"][:6]) == (401, "Bearer")


def test_a_revoked_and_an_expired_token_are_refused(alice):
    revoked, plain_of_revoked = tokens.create(alice, name="a", scopes=[Scope.READ])
    expired, plain_of_expired = tokens.create(alice, name="b", scopes=[Scope.READ])
    tokens.revoke(revoked)
    type(expired).objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert [with_header(f"Bearer {plain}").fetch("/me").status_code for plain in (plain_of_revoked, plain_of_expired)] == [
        401,
        401,
    ]


def test_a_token_says_who_it_is_and_what_it_may(alice):
    answer = client_with(alice, Scope.READ, Scope.PREDICT).fetch("/me").json()

    assert answer["username"] == "alice"
    assert answer["scopes"] == ["models:read", "models:predict"]
    assert answer["token"]["name"] == "ci"


def test_a_missing_scope_is_named(alice, bells):
    answer = client_with(alice, Scope.READ).send("/logged-models", {"source": "x"})

    assert answer.status_code == 403
    assert answer.json()["code"] == "scope-missing"
    assert "models:log" in answer.json()["detail"]


def test_a_person_who_is_signed_in_may_do_everything(client_alice):
    answer = client_alice.get(f"{PREFIX}/me").json()

    assert (answer["scopes"], answer["token"]) == (list(Scope), None)


def test_a_session_needs_the_csrf_token_to_change_something(alice, bells):
    make_version()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)

    answer = browser.post(f"{PREFIX}/models/sentiment/versions/1/load")

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed")


def test_a_token_needs_no_csrf_token(alice, bells):
    make_version()
    _, plain = tokens.create(alice, name="ci", scopes=[Scope.LOAD])
    machine = ApiClient(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {plain}"})

    assert machine.send("/models/sentiment/versions/1/load", None).status_code == 202


def test_a_token_counts_before_the_session(alice, bob):
    browser = ApiClient()
    browser.force_login(alice)
    _, plain = tokens.create(bob, name="ci", scopes=[Scope.READ])

    assert browser.fetch("/me", Authorization=f"Bearer {plain}").json()["username"] == "bob"


def test_every_method_of_every_address_says_which_scope_it_needs():
    views = [pattern.callback.cls for pattern in urlpatterns if hasattr(pattern.callback, "cls")]
    closed = [view for view in views if hasattr(view, "required_scopes")]
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}

    assert all(view.required_scopes.keys() == {name for name in methods if hasattr(view, name.lower())} for view in closed)
    assert {view.__name__ for view in views} - {view.__name__ for view in closed} == {
        "ProblemTypeList",
        "ProblemTypeDetail",
        "UnknownAddress",
    }
