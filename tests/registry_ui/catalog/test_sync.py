"""The index follows a real MLflow: what is made, moved, measured and deleted there is seen here after the next turn."""

import shutil
from pathlib import Path

import pytest
from django.utils import timezone

from registry_ui.catalog import sync
from registry_ui.catalog.mlflow_client import MlflowUnavailable
from registry_ui.catalog.models import Alias, LoggedModel, ModelVersion, RegisteredModel, SyncState

pytestmark = pytest.mark.django_db


def only_version() -> ModelVersion:
    return ModelVersion.objects.get()


def folder_of(version: ModelVersion) -> Path:
    return Path(version.artifact_uri.removeprefix("file://"))


def test_an_empty_registry_is_synced_too(synced):
    synced()

    assert not RegisteredModel.objects.exists()
    assert SyncState.objects.get().last_succeeded_at is not None


def test_a_new_version_appears_with_the_facts_of_its_files(register, synced):
    register("sentiment", card="---\nlicense: mit\n---\n# Sentiment\n\nReads reviews.\n")

    synced()

    version = only_version()
    assert (version.model.name, version.version, version.task) == ("sentiment", 1, "text-classification")
    assert version.architecture == "BertForSequenceClassification"
    assert version.parameter_count == 9
    assert version.license == "mit"
    assert "Reads reviews." in version.card
    assert version.signature["inputs"][0]["name"] == "text"
    assert {"path": "model/model.safetensors", "size_bytes": 180} in version.files
    assert version.facts_read_at is not None
    assert (version.model.latest_version, version.model.task) == (1, "text-classification")


def test_a_turn_without_changes_writes_no_rows(register, synced):
    register()
    synced()

    report = synced()

    assert (report.indexed, report.forgotten, report.facts_read) == (0, 0, 0)


def test_tags_and_descriptions_follow(store, register, synced):
    register()
    synced()
    store.set_registered_model_tag("sentiment", "team", "reviews")
    store.set_model_version_tag("sentiment", "1", "checked", "yes")
    store.update_registered_model("sentiment", "Reads *reviews*.")
    store.update_model_version("sentiment", "1", "The first.")

    synced()

    version = only_version()
    assert version.model.tags == {"team": "reviews"}
    assert version.model.description == "Reads *reviews*."
    assert version.tags == {"checked": "yes"}
    assert version.description == "The first."


def test_an_alias_moves_and_goes(store, register, synced):
    register(), register()
    store.set_registered_model_alias("sentiment", "champion", "1")
    synced()
    assert Alias.objects.get().version.version == 1

    store.set_registered_model_alias("sentiment", "champion", "2")
    synced()
    assert Alias.objects.get().version.version == 2

    store.delete_registered_model_alias("sentiment", "champion")
    synced()
    assert not Alias.objects.exists()


def test_a_deleted_version_goes_and_the_one_before_is_the_latest_again(store, register, synced):
    register(), register()
    synced()
    assert RegisteredModel.objects.get().latest_version == 2

    store.delete_model_version("sentiment", "2")
    synced()

    assert only_version().version == 1
    assert RegisteredModel.objects.get().latest_version == 1


def test_a_deleted_model_goes_with_its_versions(store, register, synced):
    register("sentiment"), register("entities")
    synced()

    store.delete_registered_model("sentiment")
    synced()

    assert [row.model.name for row in ModelVersion.objects.all()] == ["entities"]


def test_a_renamed_model_keeps_its_versions(store, register, synced):
    register("sentiment")
    synced()

    store.rename_registered_model("sentiment", "opinions")
    synced()

    assert (only_version().model.name, only_version().task) == ("opinions", "text-classification")


def test_a_model_made_anew_under_its_old_name_is_read_anew(store, register, synced):
    register("sentiment", task="text-classification")
    synced()
    store.delete_registered_model("sentiment")
    register("sentiment", task="token-classification")

    synced()

    assert only_version().task == "token-classification"


def test_metrics_and_params_of_a_run_appear_though_logged_later(store, experiment, register, synced):
    run = store.create_run(experiment, run_name="sweet-lark")
    register(run_id=run.info.run_id)
    synced()
    assert only_version().run_name == "sweet-lark"

    store.log_metric(run.info.run_id, "accuracy", 0.91)
    store.log_metric(run.info.run_id, "loss", float("nan"))
    store.log_param(run.info.run_id, "epochs", 3)
    synced()

    assert only_version().metrics == {"accuracy": 0.91, "loss": "NaN"}
    assert only_version().params == {"epochs": "3"}


def test_a_logged_model_without_a_version_is_listed_until_it_has_one(store, logged, synced):
    model = logged("draft")
    synced()
    assert LoggedModel.objects.get().name == "draft"

    store.create_registered_model("sentiment")
    store.create_model_version("sentiment", f"models:/{model.model_id}")
    synced()

    assert not LoggedModel.objects.exists()
    assert only_version().logged_model_id == model.model_id


def test_a_version_whose_logged_model_was_deleted_keeps_its_facts(store, register, synced):
    register()
    model_id = store.get_model_version("sentiment", "1").source.removeprefix("models:/")
    store.delete_logged_model(model_id)

    synced()

    assert only_version().task == "text-classification"
    assert only_version().problem == ""


def test_a_version_without_files_says_so_and_the_others_are_read(store, register, synced, tmp_path):
    store.create_registered_model("gone")
    store.create_model_version("gone", (tmp_path / "nowhere").as_uri())
    register("sentiment")

    synced()

    gone = ModelVersion.objects.get(model__name="gone")
    assert "does not exist" in gone.problem
    assert gone.facts_read_at is None
    assert ModelVersion.objects.get(model__name="sentiment").problem == ""


def test_a_folder_that_holds_no_model_is_not_listed(store, synced, tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "passwords.txt").write_text("secret")
    store.create_registered_model("odd")
    store.create_model_version("odd", (tmp_path / "private").as_uri())

    synced()

    assert "no MLmodel file" in only_version().problem
    assert only_version().files == []


def test_corrupt_weights_are_named_and_read_again_once_mended(register, synced):
    register()
    synced()
    version = only_version()
    weights = folder_of(version) / "model" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(b"\xff" * 64)
    ModelVersion.objects.update(facts_read_at=None)
    synced()
    assert "model.safetensors" in only_version().problem

    weights.write_bytes(whole)
    ModelVersion.objects.update(facts_retry_at=timezone.now())
    synced()

    assert only_version().problem == ""


def test_a_version_that_failed_is_not_read_each_turn(store, synced, tmp_path):
    store.create_registered_model("gone")
    store.create_model_version("gone", (tmp_path / "nowhere").as_uri())
    assert synced().facts_read == 1

    assert synced().facts_read == 0


def test_facts_stay_when_the_files_vanish_later(register, synced):
    register()
    synced()

    shutil.rmtree(folder_of(only_version()))
    synced()

    assert only_version().task == "text-classification"


def test_an_mlflow_that_is_away_is_a_problem_in_words_and_the_index_stays(register, synced, settings):
    register()
    synced()
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"

    report = sync.sync_once()

    assert report.problem == "MLflow at http://127.0.0.1:9 does not answer; it was asked for its registered models."
    assert SyncState.objects.get().problem == report.problem
    assert ModelVersion.objects.count() == 1


def test_a_password_in_the_address_of_mlflow_is_not_shown(db, settings):
    settings.MLFLOW_TRACKING_URI = "http://admin:secret@127.0.0.1:9"

    assert sync.sync_once().problem.startswith("MLflow at http://127.0.0.1:9 does not answer")


def test_a_refreshed_version_appears_at_once_with_its_alias(store, register, db):
    register()
    store.set_registered_model_alias("sentiment", "champion", "1")

    sync.refresh_version("sentiment", "1")

    assert only_version().task == "text-classification"
    assert Alias.objects.get().version == only_version()


def test_refreshing_what_was_deleted_removes_it(store, register, synced):
    register(), register()
    synced()
    store.delete_model_version("sentiment", "2")

    sync.refresh_version("sentiment", 2)

    assert only_version().version == 1
    assert RegisteredModel.objects.get().latest_version == 1


def test_refreshing_says_when_mlflow_is_away(db, settings):
    settings.MLFLOW_TRACKING_URI = "http://127.0.0.1:9"

    with pytest.raises(MlflowUnavailable, match="sentiment"):
        sync.refresh_version("sentiment", "1")


@pytest.fixture
def large(monkeypatch):
    """Treat any registry as too large to be compared whole, two models a slice."""
    monkeypatch.setattr(sync, "WHOLE_UP_TO", -1)
    monkeypatch.setattr(sync, "MODELS_PER_SLICE", 2)
    monkeypatch.setattr(sync, "NEWEST_CHANGED", 1)


def test_a_large_registry_is_found_slice_by_slice(large, register, synced):
    names = [f"model {letter}" for letter in "abcde"]
    for name in names:
        register(name)

    synced()

    assert list(RegisteredModel.objects.values_list("name", flat=True)) == names


def test_in_a_large_registry_aliases_and_deletions_are_found_within_one_walk(large, store, register, synced):
    for letter in "abcde":
        register(f"model {letter}")
    synced()
    store.set_registered_model_alias("model b", "champion", "1")
    store.delete_registered_model("model d")

    for _ in range(3):
        synced()

    assert Alias.objects.get().version.model.name == "model b"
    assert not RegisteredModel.objects.filter(name="model d").exists()


def test_a_new_version_in_a_large_registry_appears_in_the_next_turn(large, register, synced):
    for letter in "abcde":
        register(f"model {letter}")
    synced()

    register("model e")
    synced()

    assert RegisteredModel.objects.get(name="model e").latest_version == 2


@pytest.mark.parametrize("name", ["it's", 'a "quoted" name', 'it\'s "both"', "per%cent_", "Größe 大", "x" * 200])
def test_names_that_mlflow_takes_are_indexed(register, synced, large, name):
    register(name)

    synced()

    assert only_version().model.name == name
