"""Coming in and going out, as people see it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from registry_ui.accounts import attempts, links
from registry_ui.accounts.models import SignInLink

SIGN_IN = "/account/sign-in"
TOKENS = "/account/tokens"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _redis(redis):
    """Attempts are counted in an empty Redis."""


def try_password(client: Client, username: str, password: str, **more: str):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return client.get(TOKENS).status_code == 200


def test_a_page_sends_strangers_to_the_sign_in_page_and_back(client, bob):
    sent = client.get("/account/tokens?x=1")
    assert sent.url == f"{SIGN_IN}?next=/account/tokens%3Fx%3D1"

    page = client.get(sent.url)
    assert 'value="/account/tokens?x=1"' in page.text

    back = try_password(client, "bob", "bob's secret", next="/account/tokens?x=1")
    assert back.url == "/account/tokens?x=1"
    assert is_signed_in(client)


def test_a_fragment_takes_the_whole_page_to_the_sign_in_page(client):
    answer = client.get("/jobs", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/models/sentiment?tab=card"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == f"{SIGN_IN}?next=/models/sentiment%3Ftab%3Dcard"
    assert not answer.content


def test_a_form_that_strangers_send_does_not_bring_them_back_to_its_action(client):
    assert client.post(f"{TOKENS}").url == f"{SIGN_IN}?next=/"


def test_a_wrong_password_is_told_without_saying_which_was_wrong(client, bob):
    wrong_password = try_password(client, "bob", "guess")
    unknown_name = try_password(client, "bobby", "guess")

    assert wrong_password.status_code == unknown_name.status_code == 422
    for page in (wrong_password, unknown_name):
        assert "do not belong together" in page.text
    assert not is_signed_in(client)


def test_after_a_wrong_password_the_cursor_waits_for_another(client, bob):
    page = try_password(client, "bob", "guess").text
    (focused,) = re.findall(r"<input[^>]*autofocus[^>]*>", page)
    assert 'name="password"' in focused
    assert "guess" not in page


def test_an_empty_form_names_its_fields(client):
    page = try_password(client, "", "")
    assert page.status_code == 422
    assert page.text.count("This field is required.") == 2


def test_nobody_is_sent_to_another_site(client, bob):
    answer = try_password(client, "bob", "bob's secret", next="https://evil.example/")
    assert answer.url == "/"


def test_too_many_wrong_passwords_have_to_wait_even_for_the_right_one(client, bob):
    for _ in range(attempts.ALLOWED):
        try_password(client, "bob", "guess")

    told = try_password(client, "bob", "bob's secret")
    assert told.status_code == 429
    assert "Too many attempts" in told.text
    assert 0 < int(told["Retry-After"]) <= attempts.FORGOTTEN_AFTER_S
    assert not is_signed_in(client)


def test_waiting_holds_nobody_else_up(client, alice, bob):
    for _ in range(attempts.ALLOWED + 1):
        try_password(client, "bob", "guess")

    assert try_password(client, "alice", "alice's secret").status_code == 302


def test_a_success_forgets_the_wrong_passwords(client, bob):
    for _ in range(3):
        for _ in range(attempts.ALLOWED - 1):
            try_password(client, "bob", "guess")
        assert try_password(client, "bob", "bob's secret").status_code == 302
        client.logout()


def test_a_redis_that_is_away_keeps_nobody_out(client, bob, redis_server):
    redis_server.stop()
    try:
        assert try_password(client, "bob", "bob's secret").status_code == 302
    finally:
        redis_server.start()


def test_somebody_who_left_cannot_sign_in(client, bob):
    bob.is_active = False
    bob.save()
    assert "do not belong together" in try_password(client, "bob", "bob's secret").text


def test_who_is_signed_in_is_sent_on_from_the_sign_in_page(client_alice):
    assert client_alice.get(f"{SIGN_IN}?next={TOKENS}").url == TOKENS


def test_signing_out_ends_the_session(client_alice):
    assert client_alice.get("/account/sign-out").status_code == 405
    assert client_alice.post("/account/sign-out").url == SIGN_IN
    assert not is_signed_in(client_alice)


def test_a_link_waits_for_its_button(client, bob):
    path = links.create(bob)

    for _ in range(2):  # a mail program that looks first does not use it up
        assert "signs you in once" in client.get(path).text
        assert not is_signed_in(client)

    assert client.post(path).url == "/"
    assert is_signed_in(client)


def test_a_used_link_says_so(bob):
    path = links.create(bob)
    Client().post(path)

    for answer in (Client().get(path), Client().post(path)):
        assert answer.status_code == 410
        assert "used already" in answer.text
        assert "sign_in_link" in answer.text


def test_an_expired_link_says_so(client, bob):
    path = links.create(bob)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = client.post(path)
    assert answer.status_code == 410
    assert "has expired" in answer.text
    assert not is_signed_in(client)


def test_an_unknown_link_says_so(client):
    answer = client.get("/account/link/made-up")
    assert answer.status_code == 410
    assert "no such link" in answer.text


def test_a_link_takes_over_from_whoever_is_signed_in(client_alice, bob):
    client_alice.post(links.create(bob))
    assert "bob" in client_alice.get(TOKENS).text


def test_who_came_by_a_link_sets_a_first_password(client, bob):
    bob.set_unusable_password()
    bob.save()
    client.post(links.create(bob))

    page = client.get("/account/password")
    assert "Set a password" in page.text
    assert "old_password" not in page.text
    client.post("/account/password", {"new_password1": "correct horse battery", "new_password2": "correct horse battery"})
    assert is_signed_in(client)
    assert try_password(Client(), "bob", "correct horse battery").status_code == 302


def test_changing_the_password_needs_the_old_one(client, bob):
    client.force_login(bob)
    new = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}

    refused = client.post("/account/password", {"old_password": "guess", **new})
    assert refused.status_code == 422
    assert "old password" in refused.text

    client.post("/account/password", {"old_password": "bob's secret", **new})
    assert try_password(Client(), "bob", "correct horse battery").status_code == 302


def test_a_weak_password_is_told_why(client, bob):
    client.force_login(bob)
    page = client.post("/account/password", {"old_password": "bob's secret", "new_password1": "bob", "new_password2": "bob"})
    assert page.status_code == 422
    assert "too short" in page.text
