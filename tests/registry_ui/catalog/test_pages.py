"""Home, the lists and the page of a model, as a browser gets them; what holds for every page."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.catalog.models import LoggedModel, SyncState
from tests.factories import make_version

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LONG_NAME = "a-name-that-somebody-generated-" * 7


def is_whole(text: str) -> bool:
    return "<!doctype html>" in text


def test_pages_need_a_session(client):
    for path in (
        "/",
        "/models",
        "/models/sentiment",
        "/models/sentiment/versions/1",
        "/models/a/versions/1/files/b",
        "/freshness",
    ):
        assert client.get(path).headers["Location"].startswith("/account/sign-in")


def test_an_empty_home_says_how_to_begin_and_waits_for_the_first_model(page):
    text = page("/")

    assert "Log the first model" in text
    assert "mlflow.transformers.log_model" in re.sub(r"<[^>]+>", "", text)
    assert page("/", status=204, **HTMX, **{"HX-Target": "first-model"}) == ""


def test_home_reloads_itself_when_the_first_model_is_there(client_alice):
    make_version("sentiment")

    response = client_alice.get("/", headers={**HTMX, "HX-Target": "first-model"})

    assert response.headers["HX-Refresh"] == "true"


def test_home_shows_what_changed_recently(page):
    make_version("sentiment", 3, aliases=("champion",), metrics={"accuracy": 0.9432})

    text = page("/")

    assert "/models/sentiment/versions/3" in text
    assert "champion" in text
    assert "0.9432" in text
    assert not is_whole(page("/", **HTMX))


def test_home_says_when_mlflow_is_away(page):
    make_version("sentiment")
    SyncState.objects.create(pk=1, last_succeeded_at=timezone.now(), problem="MLflow at http://x does not answer.")

    assert "MLflow at http://x does not answer." in page("/")


def test_an_empty_list_says_how_to_log(page):
    text = page("/models")

    assert "No models yet" in text
    assert "fill_demo" in re.sub(r"<[^>]+>", "", text)


def test_a_list_shows_each_model_in_a_row(page):
    make_version(
        "sentiment", 1, aliases=("champion",), metrics={"eval_f1": 0.5}, parameter_count=4_385_538, size_bytes=17_563_811
    )
    make_version("entities", 1, task="token-classification")

    text = page("/models")

    assert text.count('class="model-cell"') == 2
    for shown in ("sentiment", "champion", "0.5", "4.39M", "17.6 MB", "Token classification"):
        assert shown in text


def test_a_list_without_a_match_leads_back(page):
    make_version("sentiment")

    text = page("/models?q=nothing-of-this-kind")

    assert "No model matches" in text
    assert 'value="nothing-of-this-kind"' in text


def test_a_list_is_a_fragment_for_htmx_at_the_same_url(page):
    make_version("sentiment")

    text = page("/models?q=sent", **HTMX)

    assert text.strip().startswith('<div id="model-list">')
    assert not is_whole(text)
    assert is_whole(page("/models?q=sent"))


def test_a_long_list_has_pages_that_keep_the_query(page):
    for number in range(60):
        make_version(f"model {number}")

    text = page("/models?q=model&sort=name")

    assert "1\N{EN DASH}50 of 60" in text
    assert "q=model&amp;sort=name&amp;page=2" in text
    assert page("/models?q=model&page=2").count('class="model-cell"') == 10
    assert page("/models?page=nonsense").count('class="model-cell"') == 50


def test_tags_of_a_name_are_shown_not_obeyed(page):
    make_version("<img src=x onerror=alert(1)>")

    assert "<img src=x" not in page("/models")


def test_the_list_leads_to_models_that_are_logged_only(page):
    make_version("sentiment")
    now = timezone.now()
    LoggedModel.objects.create(model_id="m-1a2b", name="draft", status="READY", experiment_id="1", created_at=now, seen_at=now)

    assert "1 logged, not registered" in page("/models")
    text = page("/logged-models")
    assert "draft" in text
    assert "source=models:/m-1a2b" in text


def test_a_model_shows_description_tags_aliases_and_versions(page):
    make_version("sentiment", 1, metrics={"accuracy": 0.8})
    version = make_version("sentiment", 2, aliases=("champion",), metrics={"accuracy": 0.9}, card="# Reads reviews")
    version.model.description, version.model.tags = "Reads **reviews**.", {"team": "guests"}
    version.model.save()

    text = page("/models/sentiment")

    for shown in ("<strong>reviews</strong>", "guests", "champion", "Version 1", "Version 2", "0.8", "0.9", "Card of version 2"):
        assert shown in text


def test_a_model_without_versions_says_so(page):
    make_version("sentiment", 1).delete()

    assert "No versions" in page("/models/sentiment")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/models/nobody", "There is no registered model named “nobody” here."),
        ("/models/nobody/versions/1", "There is no registered model named “nobody” here."),
        ("/models/sentiment/versions/7", "Model “sentiment” has no version 7."),
        ("/models/sentiment/versions/7/files", "Model “sentiment” has no version 7."),
        ("/models/sentiment/aliases/prod", "Model “sentiment” has no alias “prod”."),
        ("/models/sentiment/versions/prod", "Model “sentiment” has no alias “prod”."),
        ("/models/sentiment/versions/1/files/none.txt", "sentiment version 1 has no file “none.txt”."),
        ("/models/sentiment/versions/1/files?file=none.txt", "sentiment version 1 has no file “none.txt”."),
    ],
)
def test_what_is_not_there_is_a_404_that_names_it(page, path, said):
    make_version("sentiment", 1)

    assert said in page(path, status=404)


@pytest.mark.parametrize(
    "name", ["it's", 'a "quoted" name', "50% off?", "a#b&c", "Größe 感情", " spaces ", LONG_NAME[:200], "مرحبا"]
)
def test_any_name_that_mlflow_takes_has_its_pages(page, name):
    make_version(name, 1, aliases=("champion",))

    for url in (
        reverse("catalog:model", args=(name,)),
        reverse("catalog:version", args=(name, 1)),
        reverse("catalog:version_tab", args=(name, 1, "files")),
    ):
        assert is_whole(page(url))
    assert page("/models").count('class="model-cell"') == 1


def test_freshness_in_a_few_words(page):
    assert "Not synced yet" in page("/freshness")

    state = SyncState.objects.create(pk=1, last_succeeded_at=timezone.now())
    assert "dot-ok" in page("/freshness")

    SyncState.objects.update(last_succeeded_at=timezone.now() - timedelta(minutes=5))
    assert "5 min ago" in page("/freshness")
    assert "dot-warn" in page("/freshness")

    SyncState.objects.filter(pk=state.pk).update(problem="MLflow at http://x does not answer.")
    assert "MLflow is away" in page("/freshness")


# Session and user are two of these.
@pytest.mark.parametrize(
    ("path", "queries"),
    [("/", 5), ("/models", 9), ("/models/model%200", 10), ("/models/model%200/versions/1", 4), ("/freshness", 3)],
)
def test_pages_cost_the_same_queries_with_few_and_many_rows(page, django_assert_num_queries, path, queries):
    make_version("model 0", 1, aliases=("champion",))
    with django_assert_num_queries(queries):
        page(path)
    for number in range(1, 30):
        make_version(f"model {number}", 1, aliases=("champion", "beta"), metrics={"f1": 0.5})
        make_version("model 0", number + 1, aliases=(f"alias-{number}",), card="# Card")

    with django_assert_num_queries(queries):
        page(path)
