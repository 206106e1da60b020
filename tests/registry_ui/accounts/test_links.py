"""What a one-time sign-in link promises."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from registry_ui.accounts import links
from registry_ui.accounts.links import Standing
from registry_ui.accounts.models import SignInLink


def token_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_a_link_signs_its_user_in_once(bob):
    token = token_of(links.create(bob))

    assert links.standing_of(token) is Standing.VALID
    assert links.use(token) == bob
    assert links.use(token) is None
    assert links.standing_of(token) is Standing.USED


def test_an_expired_link_signs_nobody_in(bob):
    token = token_of(links.create(bob))
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert links.use(token) is None
    assert links.standing_of(token) is Standing.EXPIRED


def test_the_link_itself_is_nowhere_in_the_table(bob):
    token = token_of(links.create(bob))
    assert token not in str(list(SignInLink.objects.values()))


@pytest.mark.django_db
def test_a_made_up_link_is_unknown():
    assert links.use("made-up") is None
    assert links.standing_of("made-up") is Standing.UNKNOWN


def test_the_link_of_somebody_who_left_is_worth_nothing(bob):
    token = token_of(links.create(bob))
    bob.is_active = False
    bob.save()

    assert links.use(token) is None
    assert links.standing_of(token) is Standing.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_the_same_time_one_wins(bob):
    token, start, winners = token_of(links.create(bob)), threading.Barrier(8), []

    def use():
        start.wait()
        winners.append(links.use(token))
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [winner for winner in winners if winner] == [bob]
    assert len(winners) == 8
