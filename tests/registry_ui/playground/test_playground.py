"""What people get on the playground: the form, the answer, and a clear word when there is none."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry_ui.playground import views
from registry_ui.predictions import gateway, history
from registry_ui.predictions.models import Prediction
from tests.factories import make_version
from tests.registry_ui.assets.test_services import image, png_header_of

pytestmark = pytest.mark.django_db(transaction=True)

BARS = ({"label": "POSITIVE", "score": 0.873}, {"label": "NEGATIVE", "score": 0.127})
CHAT_TEMPLATE = "{{ messages }}"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Pages wait a moment only, since a played worker answers at once or not at all."""
    monkeypatch.setattr(views, "WAIT_S", 0.3)


@pytest.fixture
def version(db):
    return make_version("sentiment", 3, aliases=("champion",), model_config={"top_k": 2})


def url_of(version, **query):
    url = reverse("playground:playground", args=[version.model.name, version.version])
    return f"{url}?{'&'.join(f'{name}={value}' for name, value in query.items())}" if query else url


def mark(answer, name):
    """What is said beside a field of the form."""
    found = re.search(rf'<div id="error-{re.escape(name)}"[^>]*>([^<]*)</div>', answer.content.decode())
    return found[1] if found else None


def said(answer):
    """The text of an answer, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_page_has_the_form_filled_with_the_first_example(client_alice, version):
    version.card_data = {"widget": [{"text": "Lovely.", "example_title": "praise"}]}
    version.save()
    answer = client_alice.get(url_of(version))

    assert answer.status_code == 200
    assert b">Lovely.</textarea>" in answer.content
    assert b'placeholder="2"' in answer.content  # top_k of the model config
    assert "model config" in said(answer)


def test_an_example_fills_the_form(htmx_alice, version):
    answer = htmx_alice.get(url_of(version, example="task"))

    assert b"The soup was cold, the waiter kind.</textarea>" in answer.content
    assert b"<html" not in answer.content


def test_the_form_can_be_empty(client_alice, version):
    assert b"The soup was cold, the waiter kind.</textarea>" not in client_alice.get(url_of(version, example="none")).content


def test_the_answer_comes_with_the_first_request(htmx_alice, version, worker):
    worker.says(*BARS, parameters={"top_k": {"value": 2, "source": "model_config"}}, usage={"input_tokens": 12})
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert "POSITIVE 0.873" in said(answer)
    assert "top_k 2 the model config" in said(answer)
    assert "12 input tokens" in said(answer)
    assert b"hx-trigger" not in answer.content
    assert "champion" in said(answer)


def test_params_go_along_as_they_were_typed(htmx_alice, version, worker):
    htmx_alice.post(url_of(version), {"text": "Lovely.", "params.top_k": "1", "params.function_to_apply": ""})
    (request,) = worker.take().requests

    assert (request.rows, request.params) == ([{"text": "Lovely."}], {"top_k": 1})


def test_an_answer_takes_earlier_marks_away(htmx_alice, version, worker):
    worker.says(*BARS)
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert (mark(answer, "text"), mark(answer, "params.top_k")) == ("", "")


def test_without_scripts_the_answer_is_a_page_of_its_own(client_alice, version, worker):
    worker.says(*BARS)
    answer = client_alice.post(url_of(version), {"text": "Lovely."}, follow=True)

    assert answer.redirect_chain == [(reverse("predictions:detail", args=[Prediction.objects.get().pk]), 302)]
    assert "POSITIVE 0.873" in said(answer)


def test_a_warning_is_shown(htmx_alice, version, worker):
    worker.says(*BARS, warnings=[{"code": "input_truncated", "detail": "512 of 731 tokens used"}])

    assert "input_truncated 512 of 731 tokens used" in said(htmx_alice.post(url_of(version), {"text": "Lovely."}))


def test_a_cold_model_shows_its_stage_and_asks_again(htmx_alice, version, worker):
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert answer.status_code == 202
    assert "Queued: waiting for a worker" in said(answer)
    assert b'hx-trigger="every' in answer.content
    assert b"/cancel" in answer.content


def test_empty_text_marks_its_field(htmx_alice, version, worker):
    answer = htmx_alice.post(url_of(version), {"text": ""})

    assert answer.status_code == 422
    assert mark(answer, "text") == "text is missing: The text to classify."
    assert worker.sent == []


def test_a_wrong_parameter_marks_its_field(htmx_alice, version, worker):
    answer = htmx_alice.post(url_of(version), {"text": "Lovely.", "params.top_k": "-1"})

    assert answer.status_code == 422
    assert mark(answer, "params.top_k").startswith("params.top_k must be from 0 to 100000, got -1")
    assert mark(answer, "text") == ""


def test_an_unknown_parameter_is_named(htmx_alice, version, worker):
    answer = htmx_alice.post(url_of(version), {"text": "Lovely.", "params.tempreature": "1"})

    assert answer.status_code == 422
    assert "params.tempreature is not a parameter of text-classification; it takes top_k" in said(answer)


def test_without_scripts_a_mistake_is_told_in_the_page_with_all_that_was_typed(client_alice, version, worker):
    answer = client_alice.post(url_of(version), {"text": "", "text_pair": "Kept.", "params.top_k": "7"})

    assert answer.status_code == 422
    assert mark(answer, "text") == "text is missing: The text to classify."
    assert b">Kept.</textarea>" in answer.content
    assert b'value="7"' in answer.content


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"hello", "not an image that can be read"), (png_header_of(10_000, 5_000), "50.0 megapixels"), (b"", "is empty")],
)
def test_a_file_that_is_no_usable_image_marks_its_field(htmx_alice, worker, data, why):
    version = make_version("digits", task="image-classification")
    answer = htmx_alice.post(url_of(version), {"image": SimpleUploadedFile("a.png", data, "image/png")})

    assert answer.status_code == 422
    assert why in mark(answer, "image")


def test_an_image_is_sent_as_an_asset_and_shown_beside_its_bars(htmx_alice, worker):
    worker.says({"label": "7", "score": 0.98})
    version = make_version("digits", task="image-classification")
    answer = htmx_alice.post(url_of(version), {"image": SimpleUploadedFile("seven.png", image(), "image/png")})

    (row,) = worker.sent[0][1].requests[0].rows
    assert f'src="{reverse("assets:asset", args=[row["image"]["asset"]])}"' in answer.content.decode()
    assert "7 0.980" in said(answer)


def test_a_field_that_the_worker_refuses_is_marked(htmx_alice, version, worker):
    worker.fails("invalid-input", "text has 9000 tokens and the model reads 512; shorten it.", "text")
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert answer.status_code == 422
    assert mark(answer, "text") == "text has 9000 tokens and the model reads 512; shorten it."


@pytest.mark.parametrize(
    ("code", "detail", "title"),
    [
        ("model-not-loadable", "model.safetensors is corrupt: its header ends early.", "The model cannot be loaded"),
        ("timeout", "The model did not answer within 60 s.", "No answer in time"),
        ("cancelled", "The request was cancelled.", "Cancelled"),
        ("runner-crashed", "The model's process ended by signal 9.", "The model&#x27;s process died"),
        ("something-new", "It is tired.", "The prediction failed"),
    ],
)
def test_a_failure_is_one_sentence_with_its_reason(htmx_alice, version, worker, code, detail, title):
    worker.fails(code, detail)
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert answer.status_code == 200
    assert title in answer.content.decode()
    assert detail.replace("'", "&#x27;") in answer.content.decode()
    assert b"Traceback" not in answer.content


def test_a_worker_that_says_nothing_of_its_failure_is_told_so(htmx_alice, version, worker):
    worker.answer = {"error": {"code": None, "detail": "", "field": None}}
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})

    assert answer.status_code == 200
    assert "The worker failed" in said(answer)


def test_without_a_worker_it_says_how_to_start_one(htmx_alice, client_alice, version):
    answer = htmx_alice.post(url_of(version), {"text": "Lovely."})
    page = client_alice.post(url_of(version), {"text": "Lovely."})

    assert "No worker is running; start one with" in said(answer)
    assert page.status_code == 503
    assert b">Lovely.</textarea>" in page.content


def test_a_task_that_is_not_known_here_is_said_on_the_page(client_alice):
    version = make_version("odd", task="astrology", problem="task 'astrology' is not known here")
    answer = client_alice.get(url_of(version))

    assert answer.status_code == 200
    assert "cannot be tried" in said(answer)
    assert b"<form id=" not in answer.content


@pytest.mark.parametrize(("name", "number"), [("nobody", 1), ("sentiment", 9)])
def test_a_version_that_is_not_there_is_not_found(client_alice, version, name, number):
    assert client_alice.get(reverse("playground:playground", args=[name, number])).status_code == 404


def test_an_alias_leads_to_its_version(client_alice, version):
    assert client_alice.get(reverse("playground:playground", args=["sentiment", "champion"])).status_code == 200


def test_a_past_prediction_fills_the_form_again(client_alice, version, worker):
    promise = gateway.predict(gateway.target_of(version), [{"text": "Once more."}], {"top_k": 1}, wait_s=0.01)
    message = worker.take()
    history.write([history.row_of(message, message.requests[0], {"id": promise.request_id, "results": []})])
    answer = client_alice.get(url_of(version, **{"from": promise.request_id}))

    assert b">Once more.</textarea>" in answer.content
    assert re.search(rb'name="params.top_k" value="1"', answer.content)


def test_a_past_prediction_that_is_forgotten_leaves_the_example(client_alice, version, monkeypatch):
    monkeypatch.setattr("registry_ui.predictions.asked.ROW_FOLLOWS_S", 0)

    assert client_alice.get(url_of(version, **{"from": "00000000-0000-0000-0000-000000000000"})).status_code == 200


def test_tokens_are_streamed_where_the_task_can(htmx_alice, worker):
    version = make_version("storyteller", task="text-generation", chat_template=CHAT_TEMPLATE)
    sent = {"choose.0": "messages", "messages.role": "user", "messages.content": "Hello?", "stream": "on"}
    answer = htmx_alice.post(url_of(version), sent)

    assert b'sse-connect="/predictions/' in answer.content
    assert worker.take().requests[0].is_stream


@pytest.mark.parametrize("change", [{"stream": ""}, {"params.num_beams": "2"}])
def test_what_cannot_or_shall_not_be_streamed_is_answered_at_once(htmx_alice, worker, change):
    worker.says({"generated_text": "Hello.", "finish_reason": "stop", "generated_tokens": 2})
    version = make_version("storyteller", task="text-generation", facts_read_at=None)
    answer = htmx_alice.post(url_of(version), {"choose.0": "text", "text": "Once", "stream": "on", **change})

    assert b"sse-connect" not in answer.content
    assert not worker.sent[0][1].requests[0].is_stream
    assert "ended by itself" in said(answer)


def test_a_chats_answer_goes_back_into_the_composer(htmx_alice, worker):
    worker.says({"generated_text": "Hi!", "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"})
    version = make_version("storyteller", task="text-generation", chat_template=CHAT_TEMPLATE)
    answer = htmx_alice.post(url_of(version), {"choose.0": "messages", "messages.role": "user", "messages.content": "Hello?"})

    assert "user Hello?" in said(answer)
    assert "data-chat-reply" in answer.content.decode()


def test_pages_need_a_session(client, version):
    assert client.get(url_of(version)).status_code == 302
    assert client.post(url_of(version), {"text": "Lovely."}).status_code == 302


def test_models_to_try_stand_on_a_shelf_for_each_task(client_alice, version):
    make_version("digits", task="image-classification")
    make_version("odd", task="astrology")
    answer = said(client_alice.get(reverse("playground:index")))

    assert "Text classification" in answer
    assert "sentiment version 3 champion" in answer
    assert answer.index("Image classification") < answer.index("Text classification")
    assert "odd" not in answer


def test_models_to_try_can_be_searched(htmx_alice, version):
    make_version("digits", task="image-classification")
    answer = htmx_alice.get(reverse("playground:index"), {"q": "digi"})

    assert "digits" in said(answer)
    assert "sentiment" not in said(answer)
    assert "No model of this name" in said(htmx_alice.get(reverse("playground:index"), {"q": "nothing like it"}))


def test_without_models_the_playground_says_how_to_get_one(client_alice):
    answer = client_alice.get(reverse("playground:index"))

    assert "Nothing to try yet" in said(answer)
    assert reverse("jobs:log_model") in answer.content.decode()
