"""What the commands of accounts print, and to whom they refuse."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from registry_ui.accounts import links, tokens
from registry_ui.accounts.models import ApiToken, User

pytestmark = pytest.mark.django_db


def printed(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def signs_in(url: str) -> User | None:
    return links.use(url.strip().rsplit("/", 1)[1])


def test_the_first_start_makes_the_administrator_and_prints_a_link():
    url = printed("ensure_admin", "--host", "http://127.0.0.1:8123")

    admin = User.objects.get()
    assert url.startswith("http://127.0.0.1:8123/account/link/")
    assert signs_in(url) == admin
    assert (admin.username, admin.is_superuser, admin.has_usable_password()) == ("admin", True, False)


def test_a_link_is_printed_again_until_the_administrator_has_come():
    printed("ensure_admin")
    assert printed("ensure_admin") != ""

    User.objects.update(last_login=timezone.now())
    assert printed("ensure_admin") == ""
    assert signs_in(printed("ensure_admin", "--link")) == User.objects.get()


def test_a_registry_with_an_administrator_gets_no_other(alice):
    printed("ensure_admin")
    assert list(User.objects.all()) == [alice]


def test_the_administrator_is_not_made_of_somebody_else():
    User.objects.create_user("admin")
    with pytest.raises(CommandError, match="is no administrator"):
        printed("ensure_admin")


def test_a_link_for_somebody_is_printed_alone(bob):
    out = printed("sign_in_link", "--user", "bob", "--host", "registry.example.org:8000/")

    assert out.startswith("http://registry.example.org:8000/account/link/")
    assert out.count("\n") == 1
    assert signs_in(out) == bob


def test_a_link_for_nobody_names_who_there_is(alice, bob):
    with pytest.raises(CommandError, match="no active user 'eve'; there are: alice, bob"):
        printed("sign_in_link", "--user", "eve")


@pytest.mark.parametrize("host", ["ftp://x", "http://x/path", "", "http://me@x"])
def test_a_host_that_is_none_is_refused(bob, host):
    with pytest.raises(CommandError, match="--host"):
        printed("sign_in_link", "--user", "bob", "--host", host)


def test_a_token_is_printed_and_nothing_else(alice):
    out = printed("api_token", "--name", "ci", "--scopes", "models:read,jobs:read", "--user", "alice", "--days", "7")

    token = tokens.find_valid(out.rstrip("\n"))
    assert token is not None
    assert (token.user, token.name, token.scopes) == (alice, "ci", ["models:read", "jobs:read"])
    assert token.expires_at is not None


def test_a_token_may_do_everything_unless_told_otherwise(alice):
    printed("api_token", "--name", "ci", "--user", "alice")
    assert len(ApiToken.objects.get().scopes) == 7


def test_an_unknown_scope_is_named_with_those_there_are(alice):
    with pytest.raises(CommandError, match=r"no scope 'models:all'; choose from: models:read"):
        printed("api_token", "--name", "ci", "--user", "alice", "--scopes", "models:all")
