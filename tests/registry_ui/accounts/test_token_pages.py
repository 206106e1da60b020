"""Making, seeing and revoking API tokens on the page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.accounts import tokens
from registry_ui.accounts.models import ApiToken

URL = "/account/tokens"
HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


def make(client, headers=None, **said):
    return client.post(URL, {"name": "nightly", "scopes": ["models:read"], "expires": "30", **said}, headers=headers or {})


def test_without_tokens_the_page_says_what_they_are_for(client_alice):
    assert "No tokens yet" in client_alice.get(URL).text


def test_a_new_token_is_shown_once_and_works(client_alice):
    page = make(client_alice)
    shown = re.search(r"mlr_[0-9a-f]{16}\.[\w\-]{43}", page.text)
    assert page.status_code == 201
    assert shown is not None
    assert "no-store" in page["Cache-Control"]
    found = tokens.find_valid(shown[0])
    assert found is not None
    assert found.scopes == ["models:read"]
    assert timedelta(days=29) < found.expires_at - timezone.now() <= timedelta(days=30)

    again = client_alice.get(URL).text
    assert "nightly" in again
    assert shown[0] not in again


def test_the_example_can_be_pasted(client_alice):
    page = make(client_alice).text
    assert "http://testserver/api/v1/me" in page
    assert "Authorization: Bearer mlr_" in page


def test_htmx_gets_the_list_and_the_token_without_the_frame(client_alice):
    page = make(client_alice, headers=HTMX).text
    assert page.lstrip().startswith('<div id="tokens"')
    assert "mlr_" in page


def test_a_token_may_live_for_ever(client_alice):
    make(client_alice, expires="")
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": ""}, "Give the token a name"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["models:everything"]}, "models:everything is not one of the available choices"),
        ({"expires": "12345"}, "12345 is not one of the available choices"),
    ],
)
def test_a_form_that_is_not_right_says_where_and_makes_nothing(client_alice, said, reason):
    page = make(client_alice, **said)
    assert page.status_code == 422
    assert reason in page.text
    assert 'aria-invalid="true"' in page.text
    assert not ApiToken.objects.exists()


def test_revoking_ends_the_token_and_keeps_it_in_the_list(client_alice, alice):
    token, plain = tokens.create(alice, name="ci", scopes=["models:read"])

    answer = client_alice.post(f"{URL}/{token.pk}/revoke", follow=True)
    assert "“ci” is revoked" in answer.text
    assert "Revoked" in answer.text
    assert tokens.find_valid(plain) is None


def test_an_expired_token_is_called_so(client_alice, alice):
    token, _ = tokens.create(alice, name="ci", scopes=["models:read"])
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert "Expired" in client_alice.get(URL).text


def test_nobody_sees_or_revokes_the_tokens_of_others(client, alice, bob):
    token, plain = tokens.create(alice, name="of alice", scopes=["models:read"])
    client.force_login(bob)

    assert "of alice" not in client.get(URL).text
    assert client.post(f"{URL}/{token.pk}/revoke").status_code == 404
    assert tokens.find_valid(plain)


def test_many_tokens_cost_no_more_queries_than_one(client_alice, alice, django_assert_max_num_queries):
    for number in range(12):
        tokens.create(alice, name=f"token {number}", scopes=["models:read"])
    with django_assert_max_num_queries(3):  # session, user, tokens
        client_alice.get(URL)
