"""What an API token lets in, and when it no longer does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flavor.tasks import InvalidInput
from registry_ui.accounts import tokens
from registry_ui.accounts.models import ApiToken
from registry_ui.accounts.scopes import Scope


def make(user, **said):
    return tokens.create(user, **{"name": "nightly", "scopes": [Scope.READ], **said})


def test_a_token_finds_its_user_and_scopes(alice):
    _, plain = make(alice, scopes=[Scope.PREDICT, Scope.READ])

    found = tokens.find_valid(plain)
    assert found is not None
    assert (found.user, found.scopes) == (alice, ["models:read", "models:predict"])


def test_the_secret_is_nowhere_in_the_row(alice):
    token, plain = make(alice)
    secret = plain.partition(".")[2]
    assert secret not in str(list(ApiToken.objects.filter(pk=token.pk).values()))


def test_a_hash_made_with_another_key_lets_nobody_in(alice, settings):
    _, plain = make(alice)
    settings.SECRET_KEY = "another"
    assert tokens.find_valid(plain) is None


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda plain: plain[:-1] + ("A" if plain[-1] != "A" else "B"), lambda plain: plain + "\n"]
)
def test_a_token_with_one_sign_wrong_lets_nobody_in(alice, spoil):
    _, plain = make(alice)
    assert tokens.find_valid(spoil(plain)) is None


@pytest.mark.parametrize("junk", ["", "mlr_", "Bearer x", "mlr_0123456789abcdef.short", "mlr_\x00", "💥" * 50])
@pytest.mark.django_db
def test_what_is_no_token_lets_nobody_in(junk):
    assert tokens.find_valid(junk) is None


def test_the_secret_of_one_token_does_not_fit_another(alice):
    (_, one), (_, other) = make(alice), make(alice)
    mixed = f"{one.partition('.')[0]}.{other.partition('.')[2]}"
    assert tokens.find_valid(mixed) is None


def test_a_revoked_token_lets_nobody_in_and_says_since_when(alice):
    token, plain = make(alice)
    tokens.revoke(token)

    assert tokens.find_valid(plain) is None
    assert token.standing == "revoked"
    assert token.revoked_at is not None


def test_an_expired_token_lets_nobody_in(alice):
    token, plain = make(alice, expires_at=timezone.now() + timedelta(days=1))
    assert tokens.find_valid(plain)

    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    token.refresh_from_db()
    assert tokens.find_valid(plain) is None
    assert token.standing == "expired"


def test_the_token_of_somebody_who_left_lets_nobody_in(bob):
    _, plain = make(bob)
    bob.is_active = False
    bob.save()
    assert tokens.find_valid(plain) is None


def test_use_is_written_at_most_once_a_minute(alice, django_assert_num_queries):
    token, plain = make(alice)
    assert token.last_used_at is None

    with django_assert_num_queries(2):
        tokens.find_valid(plain)
    with django_assert_num_queries(1):
        found = tokens.find_valid(plain)
    assert found is not None
    assert found.last_used_at is not None

    before = timezone.now() - timedelta(minutes=2)
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=before)
    tokens.find_valid(plain)
    token.refresh_from_db()
    assert token.last_used_at > before


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["models:everything"]}, "scopes"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_naming_the_field(alice, said, field):
    with pytest.raises(InvalidInput) as refused:
        make(alice, **said)

    assert refused.value.field == field
    assert not ApiToken.objects.exists()
