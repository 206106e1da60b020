"""How a model's files come to this machine."""

import threading

import pytest
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from flavor.errors import ModelNotLoadable
from registry_ui.jobs.failures import JobInterrupted
from registry_ui.workers import artifacts
from registry_ui.workers.artifacts import fetch


def never():
    return False


@pytest.fixture
def logged(store, experiment):
    """A finished LoggedModel with one file."""
    model = store.create_logged_model(experiment, name="m")
    folder = artifacts.Path(artifacts.urlparse(model.artifact_location).path)
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}")
    store.finalize_logged_model(model.model_id, "READY")
    return model, folder


@pytest.fixture
def remote(monkeypatch, tmp_path, settings):
    """A store that is not on this machine: `remote:` addresses, served from a folder, each file counted."""
    settings.VAR_DIR = tmp_path / "var"
    served, fetched = tmp_path / "served", []
    (served / "sub").mkdir(parents=True)
    (served / "MLmodel").write_text("flavors: {}")
    (served / "sub" / "weights").write_bytes(b"x" * 1000)

    class Counting(LocalArtifactRepository):
        def download_artifacts(self, artifact_path, dst_path=None):
            fetched.append(artifact_path)
            target = artifacts.Path(dst_path) / artifact_path
            target.parent.mkdir(exist_ok=True)
            target.write_bytes((served / artifact_path).read_bytes())
            return str(target)

    monkeypatch.setattr(artifacts, "get_artifact_repository", lambda address, tracking_uri: Counting(served.as_uri()))
    return fetched


def test_files_on_this_machine_are_used_in_place(logged, store):
    model, folder = logged
    assert fetch(f"models:/{model.model_id}", None, never) == str(folder)


def test_a_registered_version_and_its_alias_lead_to_the_files(logged, store):
    model, folder = logged
    store.create_registered_model("in-place")
    store.create_model_version("in-place", f"models:/{model.model_id}", model_id=model.model_id)
    store.set_registered_model_alias("in-place", "champion", "1")

    assert fetch("models:/in-place/1", None, never) == str(folder)
    assert fetch("models:/in-place@champion", None, never) == str(folder)


def test_a_model_logged_in_a_run_is_found_by_its_name(store, experiment):
    run = store.create_run(experiment)
    model = store.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
    folder = artifacts.Path(artifacts.urlparse(model.artifact_location).path)
    folder.mkdir(parents=True)
    store.finalize_logged_model(model.model_id, "READY")

    assert fetch(f"runs:/{run.info.run_id}/model", None, never) == str(folder)


@pytest.mark.parametrize("uri", ["models:/absent/1", "models:/m-absent", "runs:/absent/model", "/no/such/folder"])
def test_what_is_not_there_is_named(store, uri):
    with pytest.raises(ModelNotLoadable, match=r"absent|/no/such/folder"):
        fetch(uri, None, never)


def test_remote_files_are_downloaded_once_with_progress(remote):
    seen = []
    first = fetch("remote://model", lambda done, total: seen.append((done, total)), never)
    again = fetch("remote://model", lambda done, total: None, never)

    assert first == again
    assert sorted(remote) == ["MLmodel", "sub/weights"]
    assert (artifacts.Path(first) / "sub" / "weights").stat().st_size == 1000
    assert seen[-1] == (1011, 1011)


def test_many_who_want_the_same_files_download_them_once(remote):
    threads = [threading.Thread(target=fetch, args=("remote://model", lambda done, total: None, never)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(remote) == 2


def test_a_cancelled_download_leaves_nothing(remote, settings):
    with pytest.raises(JobInterrupted):
        fetch("remote://model", lambda done, total: None, lambda: True)
    assert list((settings.VAR_DIR / "cache" / "models").iterdir()) == []
