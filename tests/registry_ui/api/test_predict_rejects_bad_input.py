"""What a model cannot be asked is refused before it travels, and every value at fault is named."""

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

SENTIMENT = "/models/sentiment/versions/1/predict"
DIGITS = "/models/digits/versions/1/predict"


@pytest.fixture(autouse=True)
def _models(worker):
    make_version()
    make_version("digits", task="image-classification")
    make_version("teller", task="text-generation")


def encoded(data):
    return base64.b64encode(data).decode()


def pointers(answer):
    assert answer.status_code == 422, answer.content
    return [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/inputs"),
        ({"inputs": None}, "/inputs"),
        ({"inputs": 7}, "/inputs"),
        ({"inputs": []}, "/inputs"),
        ({"inputs": ["a"] * 1001}, "/inputs"),
        ({"inputs": {}}, "/inputs/text"),
        ({"inputs": {"text": 7}}, "/inputs/text"),
        ({"inputs": {"text": None}}, "/inputs/text"),
        ({"inputs": {"text": "a", "image": "b"}}, "/inputs/image"),
        ({"inputs": {"a/b": "c"}}, "/inputs/a~1b"),
        ({"inputs": ["a", 7]}, "/inputs/1"),
        ({"inputs": ["a", ["b"]]}, "/inputs/1"),
        ({"inputs": ["a", {"text": 7}]}, "/inputs/1/text"),
        ({"inputs": "a", "parameters": {"top_k": -1}}, "/parameters/top_k"),
        ({"inputs": "a", "parameters": {"top_k": "two"}}, "/parameters/top_k"),
        ({"inputs": "a", "parameters": {"temperature": 1}}, "/parameters/temperature"),
        ({"inputs": "a", "parameters": [1]}, "/parameters"),
        ({"inputs": "a", "options": {"timeout_s": 0}}, "/options/timeout_s"),
        ({"inputs": "a", "options": {"timeout_s": 10_000}}, "/options/timeout_s"),
        ({"inputs": "a", "options": {"timeout_s": "1"}}, "/options/timeout_s"),
        ({"inputs": "a", "options": {"overlong": "cut"}}, "/options/overlong"),
        ({"inputs": "a", "options": 7}, "/options"),
        ({"input": "a"}, "/input"),
        ([1, 2], ""),
        ("a", ""),
        (None, ""),
    ],
)
def test_a_wrong_value_is_pointed_at(body, pointer, api, worker):
    assert pointers(api.send(SENTIMENT, body)) == [pointer]
    assert worker.sent == []


def test_all_rows_that_are_wrong_are_named_at_once(api):
    assert pointers(api.send(SENTIMENT, {"inputs": ["a", 7, {"txt": "b"}]})) == ["/inputs/1", "/inputs/2/txt"]


def test_an_unknown_parameter_is_answered_with_those_there_are(api):
    detail = api.send(SENTIMENT, {"inputs": "a", "parameters": {"temperature": 1}}).json()["detail"]

    assert "top_k" in detail


def test_an_empty_body_is_named(api):
    answer = api.post(f"{PREFIX}{SENTIMENT}", b"", content_type="application/json")

    assert pointers(answer) == ["/inputs"]


def test_exactly_one_of_text_and_messages_is_wanted(api):
    chat = [{"role": "user", "content": "hi"}]
    answer = api.send("/models/teller/versions/1/predict", {"inputs": {"text": "a", "messages": chat}})

    assert pointers(answer) == ["/inputs/messages"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (encoded(b"not an image"), "PNG"),
        (encoded(b""), "empty"),
        ("?!", "base64"),
        ("/etc/passwd.png", "base64"),
        ("http://example.org/cat.png", "base64"),
        ({"url": "http://example.org/cat.png"}, "base64"),
        ({"asset": "7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11"}, "asset"),
        (7, "base64"),
    ],
)
def test_what_is_no_image_is_named(given, named, api, worker):
    answer = api.send(DIGITS, {"inputs": [{"image": encoded(image())}, {"image": given}]})

    assert pointers(answer) == ["/inputs/1/image"]
    assert named in answer.json()["detail"]
    assert worker.sent == []


def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(api, settings):
    settings.MAX_IMAGE_PIXELS = 100
    answer = api.post(f"{PREFIX}{DIGITS}", image(size=(50, 50)), content_type="image/png")

    assert pointers(answer) == ["/inputs/image"]
    assert "megapixels" in answer.json()["detail"]


def test_a_raw_body_that_is_no_image_or_empty(api):
    assert pointers(api.post(f"{PREFIX}{DIGITS}", b"nothing", content_type="image/png")) == ["/inputs/image"]
    assert pointers(api.post(f"{PREFIX}{DIGITS}", b"", content_type="image/png")) == ["/inputs"]


@pytest.mark.parametrize(("query", "pointer"), [("top_k=-1", "/parameters/top_k"), ("color=red", "/parameters/color")])
def test_a_wrong_parameter_in_the_query_is_named(query, pointer, api):
    assert pointers(api.post(f"{PREFIX}{DIGITS}?{query}", image(), content_type="image/png")) == [pointer]


def test_a_file_that_is_too_large(api, settings):
    settings.MAX_UPLOAD_BYTES = 10
    raw = api.post(f"{PREFIX}{DIGITS}", image(), content_type="image/png")
    form = api.post(f"{PREFIX}{DIGITS}", {"inputs": SimpleUploadedFile("a.png", image(), "image/png")})

    assert [(answer.status_code, answer.json()["code"]) for answer in (raw, form)] == [(413, "body-too-large")] * 2


def test_a_task_that_takes_no_file_says_what_it_takes(api):
    answer = api.post(f"{PREFIX}{SENTIMENT}", image(), content_type="image/png")

    assert (answer.status_code, answer.json()["code"]) == (415, "media-type-not-supported")
    assert "text" in answer.json()["detail"]


def test_a_form_with_a_wrong_part_names_it(api):
    assert pointers(api.post(f"{PREFIX}{DIGITS}", {"picture": SimpleUploadedFile("a.png", image())})) == ["/picture"]
    assert pointers(api.post(f"{PREFIX}{SENTIMENT}", {"inputs": "not json"})) == ["/inputs"]
    assert pointers(api.post(f"{PREFIX}{SENTIMENT}", {"inputs": '"a"', "parameters": "{"})) == ["/parameters"]


def test_a_version_that_cannot_be_tried_says_why(api):
    make_version("odd", task="", problem="Its weights are pickled")
    answer = api.send("/models/odd/versions/1/predict", {"inputs": "a"})

    assert (answer.status_code, answer.json()["code"]) == (409, "model-not-loadable")
    assert "pickled" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/models/nothing/versions/1/predict", "/models/nothing/aliases/production/predict"])
def test_a_model_that_there_is_not(path, api):
    assert api.send(path, {"inputs": "a"}).status_code == 404


def test_an_error_that_the_model_finds_points_into_the_body_too(api, worker):
    error = {"code": "invalid-input", "detail": "params.prompt_template has no {prompt}", "field": "params.prompt_template"}
    worker.answers = lambda request: {"error": error}

    assert pointers(api.send("/models/teller/versions/1/predict", {"inputs": "a"})) == ["/parameters/prompt_template"]


def test_the_error_of_the_only_row_is_the_error_of_the_request(api, worker):
    error = {"code": "invalid-input", "detail": "text has 700 tokens, the model reads 512", "field": "text"}
    worker.answers = lambda request: {"results": [{"error": error}]}

    assert pointers(api.send(SENTIMENT, {"inputs": "a"})) == ["/inputs/text"]
    assert pointers(api.send(SENTIMENT, {"inputs": {"text": "a"}})) == ["/inputs/text"]
