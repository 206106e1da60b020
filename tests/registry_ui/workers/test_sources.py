"""What may be logged, and what is refused with which way out."""

import pytest

from registry_ui.jobs.failures import JobFailed
from registry_ui.workers.sources import resolve


@pytest.fixture
def checkpoint(checkpoints):
    folder = checkpoints / "bert"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


def refused(source):
    with pytest.raises(JobFailed) as error:
        resolve(source, events=None)
    return error.value


def test_a_checkpoint_below_an_allowed_folder_is_taken(checkpoint):
    assert resolve(str(checkpoint), events=None).path == str(checkpoint)
    assert resolve(checkpoint.as_uri(), events=None).path == str(checkpoint)


def test_a_checkpoint_may_be_named_relative_to_an_allowed_folder(checkpoint):
    assert resolve("bert", events=None).path == str(checkpoint)


@pytest.mark.parametrize("source", ["/etc", "/nowhere/at/all", "../outside", "~/model"])
def test_a_path_outside_is_refused_alike_whether_it_exists_or_not(checkpoints, source):
    error = refused(source)
    assert (error.code, error.field) == ("path-not-allowed", "source")
    assert str(checkpoints) in error.detail


def test_a_path_that_climbs_out_is_refused(checkpoint):
    assert refused(f"{checkpoint}/../../..").code == "path-not-allowed"


def test_a_link_that_leads_outside_is_refused_naming_it(checkpoint, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (checkpoint / "model.safetensors").symlink_to(tmp_path / "secret")

    error = refused(str(checkpoint))
    assert error.code == "path-not-allowed"
    assert "model.safetensors" in error.detail


def test_a_folder_that_is_a_link_outside_is_refused(checkpoints, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (checkpoints / "link").symlink_to(tmp_path / "elsewhere")

    assert refused("link").code == "path-not-allowed"


def test_a_link_within_the_allowed_folder_is_taken(checkpoint, checkpoints):
    (checkpoints / "blob").write_text("weights")
    (checkpoint / "model.safetensors").symlink_to(checkpoints / "blob")

    assert resolve("bert", events=None).path == str(checkpoint)


def test_a_missing_folder_is_named(checkpoints):
    assert "no folder" in refused(str(checkpoints / "absent")).detail


def test_a_hub_id_is_passed_on_as_it_is(checkpoints):
    source = resolve("distilbert/distilbert-base-uncased", events=None)
    assert (source.given, source.path) == ("distilbert/distilbert-base-uncased", None)


@pytest.mark.parametrize("source", ["a/b/c/d", "https://example.com/model", "what is this?"])
def test_anything_else_is_refused_naming_what_there_is(checkpoints, source):
    assert "runs:/" in refused(source).detail
