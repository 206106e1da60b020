"""A model with several adapters: the playground offers them, and the one that was chosen is asked."""

import pytest
from django.urls import reverse

from registry_ui.playground import views
from tests.factories import make_version

pytestmark = pytest.mark.django_db(transaction=True)

MLMODEL = "flavors: {transformers: {task: text-classification}, flavor: {adapters: [formal, loose], active_adapter: loose}}"


@pytest.fixture
def url(db, monkeypatch):
    monkeypatch.setattr(views, "WAIT_S", 0.3)
    signature = {"inputs": [], "outputs": [], "params": [{"name": "adapter", "type": "string", "default": None}]}
    make_version("tones", 1, mlmodel=MLMODEL, signature=signature)
    return reverse("playground:playground", args=["tones", 1])


def test_the_form_offers_the_adapters_and_the_base(client_alice, url):
    page = client_alice.get(url).content.decode()
    for name in ("formal", "loose", "none"):
        assert f'value="{name}"' in page


def test_the_adapter_that_was_chosen_is_asked(htmx_alice, url, worker):
    htmx_alice.post(url, {"text": "Lovely.", "params.adapter": "formal"})
    (request,) = worker.take().requests
    assert request.params == {"adapter": "formal"}


def test_another_one_is_refused_beside_its_field(htmx_alice, url, worker):
    answer = htmx_alice.post(url, {"text": "Lovely.", "params.adapter": "third"})
    assert answer.status_code == 422
    assert b"third" in answer.content
