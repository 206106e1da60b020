"""Models, versions and aliases as REST shows them."""

from datetime import UTC, datetime, timedelta

import pytest

from registry_ui.catalog.models import RegisteredModel
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX

pytestmark = pytest.mark.django_db


def names(answer):
    return [model["name"] for model in answer.json()["data"]]


def follow(api, path):
    """Every row of a list, page by page."""
    rows, address = [], f"{PREFIX}{path}"
    while address:
        body = api.get(address).json()
        assert body["has_more"] == (body["next"] is not None)
        rows, address = rows + body["data"], body["next"]
    return rows


def test_an_empty_registry_has_an_empty_list(api):
    assert api.fetch("/models").json() == {"data": [], "has_more": False, "next": None}


def test_a_model_shows_its_latest_version_and_where_aliases_point(api):
    make_version(version=1, aliases=("production",))
    make_version(version=2, size_bytes=1234, metrics={"accuracy": 0.9})

    (model,) = api.fetch("/models").json()["data"]

    assert model["latest_version"]["version"] == "2"
    assert model["latest_version"]["metrics"] == {"accuracy": 0.9}
    assert model["aliases"] == [{"alias": "production", "version": "1", "url": "/api/v1/models/sentiment/aliases/production"}]
    assert api.get(model["links"]["self"]).json() == model


def test_models_are_found_by_word_and_by_task(api):
    make_version("sentiment", task="text-classification")
    make_version("digits", task="image-classification")
    make_version("unknown", task="")

    assert names(api.fetch("/models?q=digit")) == ["digits"]
    assert names(api.fetch("/models?task=text-classification")) == ["sentiment"]
    assert names(api.fetch("/models?task=none")) == ["unknown"]
    assert names(api.fetch("/models?q=digit&task=text-classification")) == []


def test_models_are_sorted(api):
    for name, size in (("b", 10), ("a", None), ("c", 20)):
        make_version(name, size_bytes=size)

    assert names(api.fetch("/models?sort=name")) == ["a", "b", "c"]
    assert names(api.fetch("/models?sort=-name")) == ["c", "b", "a"]
    assert names(api.fetch("/models?sort=-size")) == ["c", "b", "a"]
    assert names(api.fetch("/models?sort=size")) == ["b", "c", "a"]


@pytest.mark.parametrize("sort", ["name", "-name", "updated", "-updated", "size", "-size", "task", "parameters"])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_together_are_the_whole_list_in_order(sort, limit, api):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(7):
        make_version(f"model-{number}", size_bytes=None if number % 3 == 0 else number % 2)
        updated_at = None if number == 4 else begin + timedelta(days=number // 2)
        RegisteredModel.objects.filter(name=f"model-{number}").update(updated_at=updated_at)

    whole = api.fetch(f"/models?sort={sort}&limit=200").json()["data"]

    assert len(whole) == 7
    assert follow(api, f"/models?sort={sort}&limit={limit}") == whole


def test_a_row_that_comes_while_somebody_reads_shifts_nothing(api):
    for name in ("b", "d"):
        make_version(name)
    first = api.fetch("/models?sort=name&limit=1").json()
    make_version("a")

    assert names(api.get(first["next"])) == ["d"]


def test_the_next_page_is_in_the_link_header_too(api):
    for name in ("a", "b"):
        make_version(name)
    answer = api.fetch("/models?limit=1")

    assert answer["Link"] == f'<{answer.json()["next"]}>; rel="next"'


def test_a_cursor_of_another_list_is_refused(api):
    for name in ("a", "b"):
        make_version(name)
    cursor = api.fetch("/models?limit=1&sort=name").json()["next"].partition("cursor=")[2]

    for path in (f"/models?sort=-name&cursor={cursor}", f"/jobs?cursor={cursor}", "/models?cursor=made-up"):
        answer = api.fetch(path)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("sort=color", "sort"),
        ("page=2", "page"),
        ("q=%00", "q"),
    ],
)
def test_a_wrong_query_is_named(query, parameter, api):
    answer = api.fetch(f"/models?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == parameter
    assert parameter in answer.json()["detail"]


def test_versions_come_newest_first(api):
    for version in (1, 2, 10):
        make_version(version=version)

    assert [row["version"] for row in follow(api, "/models/sentiment/versions?limit=2")] == ["10", "2", "1"]


def test_a_version_shows_every_fact(api):
    make_version(
        version=3,
        aliases=("production",),
        architecture="BertForSequenceClassification",
        parameter_count=12,
        card="# Sentiment",
        input_example={"text": "hello"},
        model_config={"top_k": 2},
        mlmodel="flavors: {}",
    )

    version = api.fetch("/models/sentiment/versions/3").json()

    assert version["uri"] == "models:/sentiment/3"
    assert version["aliases"] == ["production"]
    assert version["architecture"] == "BertForSequenceClassification"
    assert version["input_example"] == {"text": "hello"}
    assert version["mlmodel"] == "flavors: {}"
    assert version["links"]["predict"] == "/api/v1/models/sentiment/versions/3/predict"
    assert version["links"]["html"] == "/models/sentiment/versions/3"


def test_an_alias_and_latest_are_versions(api):
    make_version(version=1, aliases=("production",))
    make_version(version=2)

    assert api.fetch("/models/sentiment/aliases/production").json()["version"] == "1"
    assert api.fetch("/models/sentiment/versions/latest").json()["version"] == "2"


def test_a_card_comes_as_json_or_markdown(api):
    make_version(card="# Sentiment\n\nGood.", card_data={"license": "mit"})
    path = "/models/sentiment/versions/1/card"

    assert api.fetch(path).json() == {"card": "# Sentiment\n\nGood.", "front_matter": {"license": "mit"}}
    assert api.fetch(path, Accept="text/markdown").content.decode() == "# Sentiment\n\nGood."


def test_signature_and_files(api):
    make_version(signature={"inputs": [], "outputs": [], "params": []}, files=[{"path": "model/config.json", "size_bytes": 7}])

    assert api.fetch("/models/sentiment/versions/1/signature").json()["signature"]["inputs"] == []
    (file,) = api.fetch("/models/sentiment/versions/1/files").json()["data"]
    assert (file["path"], file["size_bytes"]) == ("model/config.json", 7)
    assert file["html"] == "/models/sentiment/versions/1/files/model/config.json"


def test_a_name_with_spaces_and_signs_is_a_name(api):
    make_version("Größe & mehr?")
    (model,) = api.fetch("/models").json()["data"]

    assert api.get(model["links"]["self"]).json()["name"] == "Größe & mehr?"
    assert api.get(model["latest_version"]["links"]["card"]).status_code == 200


def test_the_list_costs_the_same_number_of_queries_for_one_model_and_for_many(api, django_assert_num_queries):
    make_version("first", aliases=("a",))
    with django_assert_num_queries(6):
        api.fetch("/models")
    for number in range(20):
        make_version(f"model-{number}", aliases=("a", "b"))
    with django_assert_num_queries(5):
        api.fetch("/models")
