"""Two that write the index at once: what was read earlier never undoes what was seen later."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from registry_ui.catalog import indexing, sync
from registry_ui.catalog.indexing import Bundle, Measured
from registry_ui.catalog.models import Alias, ModelVersion, RegisteredModel
from registry_ui.catalog.records import RegisteredModelRecord, VersionRecord


def bundle(*versions: int, aliases=None, minutes_ago: int = 0, is_whole: bool = True) -> Bundle:
    return Bundle(
        RegisteredModelRecord("sentiment", aliases=aliases or {}),
        [VersionRecord("sentiment", number, source=f"models:/m-{number}") for number in versions],
        Measured(),
        timezone.now() - timedelta(minutes=minutes_ago),
        is_whole=is_whole,
    )


def numbers() -> list[int]:
    return sorted(ModelVersion.objects.values_list("version", flat=True))


@pytest.mark.django_db
def test_an_older_reading_does_not_remove_a_version_seen_since():
    indexing.index(bundle(1, 2, aliases={"champion": 2}))

    indexing.index(bundle(1, aliases={"champion": 1}, minutes_ago=1))

    assert numbers() == [1, 2]
    assert Alias.objects.get().version.version == 2


@pytest.mark.django_db
def test_an_older_reading_does_not_remove_a_model_seen_since():
    indexing.index(bundle(1))

    assert indexing.forget_models(["sentiment"], read_at=timezone.now() - timedelta(minutes=1)) == 0
    assert indexing.forget_models(["sentiment"], read_at=timezone.now()) == 1


@pytest.mark.django_db
def test_a_part_of_a_model_removes_nothing_and_is_compared_again():
    indexing.index(bundle(1, 2))

    indexing.index(bundle(2, is_whole=False))

    assert numbers() == [1, 2]
    assert indexing.known_hashes() == {"sentiment": ""}


@pytest.mark.django_db
def test_values_that_databases_refuse_are_made_to_fit():
    record = VersionRecord("sentiment", 1, source="s" * 5000, description="a\0b", tags={"a\0": "b\0"})

    indexing.index(Bundle(RegisteredModelRecord("sentiment"), [record], Measured(), timezone.now()))

    version = ModelVersion.objects.get()
    assert len(version.source) == 1000
    assert "\0" not in version.description
    assert version.tags == {"a\ufffd": "b\ufffd"}


@pytest.mark.django_db(transaction=True)
def test_a_sync_and_refreshes_at_once_make_each_row_once(store, register):
    for _ in range(3):
        register("sentiment")
    store.set_registered_model_alias("sentiment", "champion", "3")

    def work(number: int) -> None:
        try:
            sync.refresh_version("sentiment", number) if number else sync.sync_once()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [0, 1, 2, 3, 0, 3, 2, 1]))
    sync.sync_once()

    assert numbers() == [1, 2, 3]
    assert RegisteredModel.objects.get().latest_version == 3
    assert Alias.objects.get().version.version == 3
