"""Probes for whoever watches the processes: nobody has to sign in for them."""

import pytest
from django.test import override_settings

from registry_ui.web import redis as connection

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_healthy(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_the_site_is_ready_when_its_database_and_redis_answer(client, redis):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "redis": "ok"}


def test_the_site_is_not_ready_without_redis_and_says_which_part_is_missing(client, tmp_path):
    with override_settings(REDIS_URL=f"unix://{tmp_path}/no.sock"):
        connection.client.cache_clear()
        answer = client.get("/readyz")
    connection.client.cache_clear()
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "redis": "unavailable"}
