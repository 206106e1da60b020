"""What pages and REST are given from the index."""

import pytest

from registry_ui.catalog import selectors
from registry_ui.catalog.figures import in_order, main_figure
from registry_ui.catalog.search import ModelQuery
from registry_ui.catalog.selectors import AliasNotFound, ModelNotFound, VersionNotFound
from tests.factories import make_version

pytestmark = pytest.mark.django_db


def names(**asked) -> list[str]:
    return [model.name for model in selectors.list_models(**asked)]


def test_models_come_with_latest_version_and_aliases():
    make_version("sentiment", 1, aliases=("champion",))
    make_version("sentiment", 2)

    (model,) = selectors.list_models()

    assert model.latest.version == 2
    assert [(alias.name, alias.version.version) for alias in model.aliases.all()] == [("champion", 1)]


def test_a_model_without_versions_has_no_latest_one():
    make_version("sentiment", 1).delete()

    assert next(iter(selectors.list_models())).latest is None


@pytest.mark.parametrize(
    "q",
    ["senti", "SENTI", "reviews", "guest", "handwritten", "lark", "Größe", "senti guest", "50%", "text-class"],
)
def test_words_are_found_in_name_card_tags_run_and_task(q):
    version = make_version(
        "sentiment", card="Reads reviews, 50% of them handwritten.", run_name="sweet-lark", tags={"Größe": "klein"}
    )
    version.model.tags = {"team": "guest-experience"}
    version.model.save()
    make_version("entities", task="token-classification")

    assert names(q=q) == ["sentiment"]


def test_every_word_must_occur():
    make_version("sentiment", card="Reads reviews.")

    assert names(q="sentiment letters") == []


def test_signs_that_mean_something_to_databases_mean_nothing_here():
    make_version("sentiment")

    assert [names(q=q) for q in ("%", "_", "'; --", "\\", "\0", '"')] == [[], [], [], [], ["sentiment"], []]


def test_tasks_narrow_and_are_counted_as_if_they_did_not():
    make_version("sentiment"), make_version("opinions"), make_version("entities", task="token-classification")
    query = ModelQuery.of({"task": "token-classification"})

    assert [model.name for model in selectors.list_models_for(query)] == ["entities"]
    assert [(each.task, each.models) for each in selectors.count_tasks(query)] == [
        ("text-classification", 2),
        ("token-classification", 1),
    ]


def test_models_whose_task_is_not_known_can_be_asked_for():
    make_version("sentiment"), make_version("odd", task="")

    assert names(task="none") == ["odd"]


def test_lists_are_sorted_and_unknown_values_come_last():
    make_version("large", size_bytes=3), make_version("small", size_bytes=1), make_version("unread", size_bytes=None)

    assert names(sort="size") == ["small", "large", "unread"]
    assert names(sort="-size") == ["large", "small", "unread"]
    assert names(sort="-name") == ["unread", "small", "large"]


def test_a_sort_key_that_there_is_not_means_the_default():
    assert ModelQuery.of({"sort": "password"}).sort == "-updated"


@pytest.mark.parametrize("asked", ["2", 2, "champion", "@champion", "latest"])
def test_a_version_is_found_by_number_alias_or_latest(asked):
    make_version("sentiment", 1)
    make_version("sentiment", 2, aliases=("champion",))

    assert selectors.get_model_version("sentiment", asked).version == 2


def test_what_is_not_there_is_named():
    make_version("sentiment", 1)

    with pytest.raises(ModelNotFound, match="no registered model named “nobody”"):
        selectors.get_model_version("nobody", 1)
    with pytest.raises(VersionNotFound, match="“sentiment” has no version 7"):
        selectors.get_model_version("sentiment", 7)
    with pytest.raises(AliasNotFound, match="“sentiment” has no alias “champion”"):
        selectors.get_model_version("sentiment", "@champion")
    with pytest.raises(ModelNotFound, match="nobody"):
        selectors.get_model("nobody")


@pytest.mark.parametrize("version", ["99999999999999999999", "²", "-1", "1.0"])
def test_odd_version_numbers_are_not_found_and_break_nothing(version):
    make_version("sentiment", 1)

    with pytest.raises(selectors.NotFound):
        selectors.get_model_version("sentiment", version)


def test_a_version_is_found_by_each_of_its_uris():
    version = make_version("sentiment@home", 1, aliases=("champion",), logged_model_id="m-1a2b")

    for uri in ("models:/sentiment@home/1", "models:/sentiment@home@champion", "models:/m-1a2b"):
        assert selectors.find_by_uri(uri) == version
    for uri in ("models:/sentiment@home/2", "models:/m-ffff", "runs:/1/model", "sentiment", "models:/", ""):
        assert selectors.find_by_uri(uri) is None


def test_a_base_model_of_ours_is_found():
    base = make_version("sentiment", 1)
    adapter = make_version("sentiment", 2, base_model="models:/sentiment/1")
    named = make_version("opinions", 1, base_model="sentiment")
    foreign = make_version("foreign", 1, base_model="google/bert")

    assert selectors.find_base(adapter) == base
    assert selectors.find_base(named).version == 2
    assert selectors.find_base(foreign) is None


def test_a_list_costs_the_same_queries_for_one_model_and_for_many(django_assert_num_queries):
    make_version("model 0", 1, aliases=("champion",))
    with django_assert_num_queries(4):
        one = [(model.latest.version, list(model.aliases.all())) for model in selectors.list_models(q="model", sort="-size")]
    for number in range(1, 20):
        make_version(f"model {number}", 1, aliases=("champion", "beta"))

    with django_assert_num_queries(4):
        many = [(model.latest.version, list(model.aliases.all())) for model in selectors.list_models(q="model", sort="-size")]

    assert (len(one), len(many)) == (1, 20)


def test_the_metric_to_show_says_most_about_quality():
    metrics = {"train_runtime": 4.0, "loss": 0.3, "handwritten_accuracy": 0.8, "held_out_accuracy": 0.9, "train_accuracy": 1.0}

    assert main_figure(metrics).name == "held_out_accuracy"
    assert in_order(metrics) == ["held_out_accuracy", "handwritten_accuracy", "loss", "train_accuracy", "train_runtime"]
    assert main_figure({"epoch": 3, "train_runtime": 1.0}) is None
