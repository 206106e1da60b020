"""Where a model is, and warming it."""

import pytest

from registry_ui.jobs.models import Job
from tests.factories import make_version
from tests.registry_ui.predictions.conftest import advertise

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/models/sentiment/versions/1", "/models/sentiment/aliases/production"])
def test_a_model_that_nobody_holds_is_cold(path, api):
    make_version(aliases=("production",))

    assert api.fetch(f"{path}/state").json()["state"] == "cold"


def test_a_model_on_its_way_shows_its_bytes(api):
    make_version()
    advertise(models=[{"uri": "models:/sentiment/1", "state": "fetching", "done_bytes": 340, "total_bytes": 980, "worker": "w"}])
    state = api.fetch("/models/sentiment/versions/1/state").json()

    assert (state["state"], state["done_bytes"], state["total_bytes"]) == ("fetching", 340, 980)
    assert "queue" not in state


def test_a_model_that_cannot_be_loaded_says_why(api):
    make_version()
    advertise(models=[{"uri": "models:/sentiment/1", "state": "failed", "reason": "config.json is missing"}])

    assert api.fetch("/models/sentiment/versions/1/state").json()["reason"] == "config.json is missing"


@pytest.mark.parametrize("path", ["/models/sentiment/versions/1", "/models/sentiment/aliases/production"])
def test_a_model_is_warmed_by_a_job(path, api, bells):
    make_version(aliases=("production",))
    answer = api.send(f"{path}/load", None)

    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{answer.json()['id']}")
    assert (answer.json()["kind"], answer.json()["target"]) == ("load", "models:/sentiment/1")


def test_warming_twice_with_one_key_is_one_job(api, bells):
    make_version()
    answers = [api.send("/models/sentiment/versions/1/load", None, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[1]["Idempotency-Replayed"] == "true"
    assert Job.objects.count() == 1


def test_what_cannot_be_tried_is_not_warmed(api, bells):
    make_version(task="", problem="Its weights are pickled")
    answer = api.send("/models/sentiment/versions/1/load", None)

    assert (answer.status_code, answer.json()["code"]) == (409, "model-not-loadable")
    assert not Job.objects.exists()
