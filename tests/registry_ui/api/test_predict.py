"""Asking a model: the forms a request may come in, and what comes back."""

import base64
import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registry_ui.accounts.scopes import Scope
from registry_ui.assets import services as assets
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX, client_with
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

LABELS = [{"label": "good", "score": 0.75}, {"label": "bad", "score": 0.25}]
SENTIMENT = "/models/sentiment/versions/1/predict"
DIGITS = "/models/digits/versions/1/predict"
CHOOSER = "/models/chooser/versions/1/predict"
PNG = base64.b64encode(image()).decode()


@pytest.fixture
def sentiment(worker):
    """A version that gives every text the same labels."""
    worker.answers = lambda request: {
        "results": [
            {
                "records": LABELS,
                "usage": {"input_tokens": 3},
                "parameters": {"top_k": {"value": 5, "source": "default"}},
                "warnings": [],
            }
            for _ in request.rows
        ],
        "timing_ms": {"queued": 1, "forward": 5},
    }
    return make_version(aliases=("production",))


@pytest.fixture
def digits(worker):
    """A version that takes images."""
    worker.answers = lambda request: {"results": [{"records": LABELS} for _ in request.rows]}
    return make_version("digits", task="image-classification")


def bytes_asked(worker):
    """The media that the worker was sent, by their assets."""
    return [assets.read(row["image"]["asset"]) for row in worker.asked.rows]


@pytest.mark.usefixtures("sentiment")
def test_one_text_is_answered_by_its_records(api, worker):
    answer = api.send(SENTIMENT, {"inputs": "I loved it"})
    body = answer.json()

    assert (answer.status_code, body["status"], body["outputs"]) == (200, "succeeded", LABELS)
    assert worker.asked.rows == [{"text": "I loved it"}]


@pytest.mark.usefixtures("sentiment")
def test_the_answer_says_which_model_did_what_with_which_parameters_in_what_time(api):
    body = api.send(SENTIMENT, {"inputs": "I loved it"}).json()

    assert body["object"] == "prediction"
    assert body["task"] == "text-classification"
    assert body["model"] == {"name": "sentiment", "version": "1", "uri": "models:/sentiment/1"}
    assert body["parameters_effective"] == {"top_k": {"value": 5, "source": "default"}}
    assert body["usage"] == {"input_tokens": 3}
    assert body["timing_ms"].keys() == {"queued", "forward", "total"}
    assert body["links"]["self"] == f"/api/v1/predictions/{body['id']}?single=true"
    assert body["links"]["html"] == f"/predictions/{body['id']}"


@pytest.mark.usefixtures("sentiment")
def test_a_list_is_answered_by_a_list_of_the_same_length(api, worker):
    three = api.send(SENTIMENT, {"inputs": ["a", {"text": "b"}, {"text": "c", "text_pair": "d"}]}).json()
    one = api.send(SENTIMENT, {"inputs": ["a"]}).json()

    assert three["outputs"] == [LABELS, LABELS, LABELS]
    assert three["usage"] == {"input_tokens": 9}
    assert one["outputs"] == [LABELS]
    assert "single" not in one["links"]["self"]
    assert worker.sent[0][1].requests[0].rows == [{"text": "a"}, {"text": "b"}, {"text": "c", "text_pair": "d"}]


@pytest.mark.usefixtures("sentiment")
def test_an_alias_is_followed_and_the_answer_says_to_which_version(api, worker):
    body = api.send("/models/sentiment/aliases/production/predict", {"inputs": {"text": "a"}}).json()

    assert body["model"]["version"] == "1"
    assert worker.sent[0][1].uri == "models:/sentiment/1"


@pytest.mark.usefixtures("sentiment")
def test_parameters_and_the_deadline_travel_along(api, worker):
    api.send(SENTIMENT, {"inputs": "a", "parameters": {"top_k": 1, "function_to_apply": None}, "options": {"timeout_s": 30}})

    assert worker.asked.params == {"top_k": 1}


@pytest.mark.usefixtures("sentiment")
def test_a_text_over_the_models_length_may_be_refused(api, worker):
    api.send(SENTIMENT, {"inputs": "a", "options": {"overlong": "refuse"}})

    assert worker.asked.overlong == "refuse"


@pytest.mark.usefixtures("sentiment")
def test_null_for_parameters_and_options_is_as_good_as_nothing(api):
    assert api.send(SENTIMENT, {"inputs": "a", "parameters": None, "options": None}).status_code == 200


@pytest.mark.usefixtures("sentiment")
def test_the_asker_is_remembered(bob, worker):
    client_with(bob, Scope.PREDICT).send(SENTIMENT, {"inputs": "a"})

    assert worker.asked.caller_id == bob.pk


@pytest.mark.usefixtures("sentiment")
def test_rows_that_failed_have_their_error_in_place(api, worker):
    error = {"code": "invalid-input", "detail": "text is too long", "field": "text"}
    worker.answers = lambda request: {"results": [{"records": LABELS}, {"error": error}]}

    answer = api.send(SENTIMENT, {"inputs": ["a", "b"]})
    good, bad = answer.json()["outputs"]

    assert answer.status_code == 200
    assert good == LABELS
    assert (bad["error"]["code"], bad["error"]["errors"][0]["pointer"]) == ("validation", "/inputs/1/text")


@pytest.mark.usefixtures("sentiment")
def test_warnings_point_to_their_input(api, worker):
    warning = {"code": "input_truncated", "detail": "512 of 731 tokens used"}
    worker.answers = lambda request: {"results": [{"records": []}, {"records": [], "warnings": [warning]}][-len(request.rows) :]}

    assert api.send(SENTIMENT, {"inputs": "a"}).json()["warnings"] == [{**warning, "pointer": "/inputs"}]
    assert api.send(SENTIMENT, {"inputs": ["a", "b"]}).json()["warnings"] == [{**warning, "pointer": "/inputs/1"}]


@pytest.mark.usefixtures("digits")
@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: {"image": text}, lambda text: {"image": {"base64": text}}])
def test_an_image_may_come_as_base64(wrap, api, worker):
    api.send(DIGITS, {"inputs": wrap(base64.b64encode(image()).decode())})

    assert bytes_asked(worker) == [image()]


@pytest.mark.usefixtures("digits")
def test_an_image_may_come_as_a_data_uri(api, worker):
    api.send(DIGITS, {"inputs": f"data:image/png;base64,{base64.b64encode(image()).decode()}"})

    assert bytes_asked(worker) == [image()]


@pytest.mark.usefixtures("digits")
def test_an_image_may_come_as_an_asset(api, worker):
    asset = api.post(f"{PREFIX}/assets", image(), content_type="image/png").json()
    answer = api.send(DIGITS, {"inputs": {"image": {"asset": asset["id"]}}})

    assert answer.json()["outputs"] == LABELS
    assert worker.asked.rows == [{"image": {"asset": asset["id"]}}]


@pytest.mark.usefixtures("digits")
def test_an_image_may_be_the_body_and_parameters_then_are_in_the_query(api, worker):
    answer = api.post(f"{PREFIX}{DIGITS}?top_k=2&function_to_apply=softmax&timeout_s=20", image(), content_type="image/png")

    assert answer.json()["outputs"] == LABELS
    assert bytes_asked(worker) == [image()]
    assert worker.asked.params == {"top_k": 2, "function_to_apply": "softmax"}


@pytest.mark.usefixtures("digits")
def test_an_image_may_be_a_file_of_a_form(api, worker):
    parts = {"inputs": SimpleUploadedFile("a.png", image(), "image/png"), "parameters": json.dumps({"top_k": 1})}
    answer = api.post(f"{PREFIX}{DIGITS}", parts)

    assert answer.json()["outputs"] == LABELS
    assert bytes_asked(worker) == [image()]
    assert worker.asked.params == {"top_k": 1}


@pytest.mark.usefixtures("digits")
def test_several_files_are_a_list(api, worker):
    files = [SimpleUploadedFile(name, image(size=(width, 3)), "image/png") for name, width in (("a.png", 5), ("b.png", 9))]
    answer = api.post(f"{PREFIX}{DIGITS}", {"inputs": files})

    assert answer.json()["outputs"] == [LABELS, LABELS]
    assert bytes_asked(worker) == [image(size=(5, 3)), image(size=(9, 3))]


@pytest.fixture
def chooser(worker):
    """A version that takes images and the labels to choose from."""
    worker.answers = lambda request: {"results": [{"records": LABELS} for _ in request.rows]}
    return make_version("chooser", task="zero-shot-image-classification")


@pytest.mark.usefixtures("chooser")
def test_labels_to_choose_from_may_stand_among_the_parameters_as_the_hubs_clients_send_them(api, worker):
    body = {"inputs": [PNG, {"image": PNG, "candidate_labels": ["own"]}], "parameters": {"candidate_labels": ["a", "b"]}}
    answer = api.send(CHOOSER, body)

    assert answer.json()["outputs"] == [LABELS, LABELS]
    assert [row["candidate_labels"] for row in worker.asked.rows] == [["a", "b"], ["own"]]
    assert worker.asked.params == {}


@pytest.mark.usefixtures("chooser")
def test_labels_may_be_in_the_query_beside_an_image_as_the_body(api, worker):
    api.post(f'{PREFIX}{CHOOSER}?candidate_labels=["a","b"]', image(), content_type="image/png")

    assert worker.asked.rows[0]["candidate_labels"] == ["a", "b"]


@pytest.mark.usefixtures("chooser")
def test_without_labels_to_choose_from_the_input_is_named(api):
    assert api.send(CHOOSER, {"inputs": PNG}).json()["errors"][0]["pointer"] == "/inputs/candidate_labels"


@pytest.mark.usefixtures("sentiment")
def test_a_form_may_hold_json_too(api):
    answer = api.post(f"{PREFIX}{SENTIMENT}", {"inputs": json.dumps(["a", "b"])})

    assert answer.json()["outputs"] == [LABELS, LABELS]


@pytest.mark.usefixtures("sentiment")
def test_every_prediction_has_an_id_of_its_own(api):
    ids = {uuid.UUID(api.send(SENTIMENT, {"inputs": "a"}).json()["id"]) for _ in range(2)}

    assert len(ids) == 2


@pytest.mark.usefixtures("digits")
def test_files_of_an_answer_are_listed_with_where_their_bytes_are(api, worker):
    content = image()
    asset = assets.store(content, "image/png", "mask.png")
    mask = {"asset": str(asset.id), "media_type": "image/png"}
    worker.answers = lambda request: {"results": [{"records": [{"label": "cat", "mask": mask}]}]}
    body = api.send(DIGITS, {"inputs": base64.b64encode(content).decode()}).json()

    assert body["outputs"] == [{"label": "cat", "mask": mask}]
    (medium,) = body["media"]
    assert (medium["id"], medium["media_type"]) == (str(asset.id), "image/png")
    assert api.get(medium["url"]).content == content
