"""Workers as REST shows them."""

import pytest

from tests.registry_ui.predictions.conftest import advertise

pytestmark = pytest.mark.django_db


def test_without_a_worker_the_list_is_empty(api):
    assert api.fetch("/workers").json()["data"] == []


def test_a_worker_shows_the_models_it_holds(api):
    advertise("w", models=[{"uri": "models:/sentiment/1", "state": "warm", "memory_bytes": 12, "requests": 3, "queue": "m.1"}])
    (worker,) = api.fetch("/workers").json()["data"]

    assert (worker["name"], worker["host"]) == ("w", "host")
    assert worker["models"][0]["uri"] == "models:/sentiment/1"
    assert worker["models"][0]["state"] == "warm"
    assert "queue" not in worker["models"][0]
