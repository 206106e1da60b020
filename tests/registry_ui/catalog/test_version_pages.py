"""The page of a version and its tabs, as a browser gets them."""

import html
import re

import pytest

from tests.factories import make_version

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LONG_NAME = "a-name-that-somebody-generated-" * 7


def is_whole(text: str) -> bool:
    return "<!doctype html>" in text


def test_a_version_shows_card_facts_and_how_to_use_it(page):
    make_version("sentiment", 1)
    make_version(
        "sentiment",
        2,
        aliases=("champion",),
        card="# Reads reviews\n\n<script>alert(1)</script>[x](javascript:alert(1))",
        card_data={"language": ["en", "de"]},
        license="apache-2.0",
        architecture="BertForSequenceClassification",
        parameter_count=4_385_538,
        base_model="models:/sentiment/1",
        run_id="50cb8a2e9d8f",
        run_name="sweet-lark",
    )

    text = page("/models/sentiment/versions/2")
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))

    for shown in ("Reads reviews", "apache-2.0", "BertForSequenceClassification", "4,385,538", "en, de", "sweet-lark"):
        assert shown in text
    assert 'href="/models/sentiment/versions/1"' in text
    assert "alert(1)</script>" not in text
    assert 'href="javascript' not in text
    assert 'flavor.load_model("models:/sentiment/2")' in plain
    assert "mlflow.pyfunc.load_model" in plain
    assert "http://testserver/api/v1/models/sentiment/versions/2/predict" in plain


def test_a_version_without_a_card_says_how_to_add_one(page):
    make_version("sentiment", 1)

    assert "No model card" in page("/models/sentiment/versions/1")


def test_a_version_that_cannot_be_tried_says_why_and_offers_no_try(page):
    make_version("sentiment", 1, problem="Its weights are pickles (model.bin).")

    text = page("/models/sentiment/versions/1")

    assert "Its weights are pickles (model.bin)." in text
    assert "/versions/1/playground" not in text


def test_a_version_whose_files_are_not_read_yet_asks_again(page):
    make_version("sentiment", 1, facts_read_at=None)

    assert 'hx-trigger="load delay:2s"' in page("/models/sentiment/versions/1", **HTMX)


def test_a_followed_alias_stays_in_breadcrumb_and_tabs_until_it_moves(client_alice, page):
    make_version("sentiment", 1, aliases=("champion",))

    response = client_alice.get("/models/sentiment/aliases/champion")
    assert response.headers["Location"] == "/models/sentiment/versions/1?alias=champion"
    text = page("/models/sentiment/versions/1?alias=champion")
    assert "@champion" in text
    assert "/models/sentiment/versions/1/files?alias=champion" in text

    make_version("sentiment", 2, aliases=("champion",))
    assert "@champion" not in page("/models/sentiment/versions/1?alias=champion")


def test_a_version_by_alias_or_latest_leads_to_its_number(client_alice):
    make_version("sentiment", 1), make_version("sentiment", 2)

    assert client_alice.get("/models/sentiment/versions/1/card").headers["Location"] == "/models/sentiment/versions/1"
    assert client_alice.get("/models/sentiment/versions/latest").headers["Location"] == "/models/sentiment/versions/2"
    assert client_alice.get("/models/sentiment/versions/latest/files").headers["Location"] == "/models/sentiment/versions/2/files"


def test_the_signature_tab_explains_each_column_in_the_words_of_the_task(page):
    signature = {
        "inputs": [{"name": "text", "type": "string", "required": True}],
        "outputs": [{"name": "", "type": "tensor float32 (any, 3)", "required": True}],  # as `flavor.inspection` reads it
        "params": [{"name": "top_k", "type": "long", "default": 1, "shape": None}],
    }
    make_version("sentiment", 1, signature=signature, input_example={"text": ["x" * 2000]})

    text = page("/models/sentiment/versions/1/signature")

    for shown in ("The text to classify.", "tensor float32 (any, 3)", "(unnamed)", "top_k", "2,000 characters"):
        assert shown in text


def test_without_a_signature_the_task_says_what_it_takes(page):
    make_version("sentiment", 1)

    text = page("/models/sentiment/versions/1/signature")

    assert "logged without a signature" in text
    assert "The text to classify." in text


def test_the_prompt_tab_is_there_for_models_that_read_prompts(page):
    make_version("teller", 1, task="text-generation", prompt_template="Tell: {prompt}", chat_template="{{ messages }}")
    make_version("sentiment", 1)

    text = re.sub(r"<[^>]+>", "", page("/models/teller/versions/1/prompt"))

    assert "Tell: {prompt}" in text
    assert "{{ messages }}" in text
    assert "/versions/1/prompt" not in page("/models/sentiment/versions/1")
    assert "prompt registry" not in text


def test_the_prompt_tab_says_where_mlflow_has_the_prompt(page):
    mlmodel = """
flavors:
  transformers: {task: text-generation}
  flavor: {prompt: {uri: "prompts:/tell@live", version: "prompts:/tell/2"}}
metadata: {prompt_template: "Tell: {prompt}"}
"""
    make_version("teller", 1, task="text-generation", prompt_template="Tell: {prompt}", mlmodel=mlmodel)

    text = re.sub(r"<[^>]+>", "", page("/models/teller/versions/1/prompt"))

    assert "registry: prompts:/tell@live, which was prompts:/tell/2 when the model was logged" in text


def test_the_metrics_tab_shows_metrics_params_and_what_the_card_claims(page):
    claimed = {"results": [{"dataset": {"name": "reviews"}, "metrics": [{"type": "accuracy", "value": 0.77}]}, "nonsense"]}
    make_version(
        "sentiment", 1, metrics={"accuracy": 0.9432, "loss": "NaN"}, params={"epochs": "3"}, card_data={"model-index": [claimed]}
    )

    text = page("/models/sentiment/versions/1/metrics")

    for shown in ("0.9432", "NaN", "epochs", "Claimed by the card", "0.77", "reviews"):
        assert shown in text


def test_empty_tabs_say_what_would_fill_them(page):
    make_version("sentiment", 1)

    assert "No metrics" in page("/models/sentiment/versions/1/metrics")
    assert "No files" in page("/models/sentiment/versions/1/files")
