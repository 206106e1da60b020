"""Folders in the making: what a killed process left is removed, what a living one holds is not."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

import flavor
from flavor.staging import beside, saved_at

from .conftest import files_of, folder_of

Checkpoints = Callable[..., Path]

WRITER = """
import sys
from pathlib import Path
from flavor.staging import beside
with beside(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half a model")
    print(folder, flush=True)
    sys.stdin.read()
"""


KILLED = """
import os, signal, sys
import mlflow, flavor
source, uri, run_id, points = sys.argv[1:]
flavor.save_model(source, source + "-saved")  # what is imported here is not imported by each child
for point in range(int(points)):
    if child := os.fork():
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, point
        continue
    told = []
    def kill_at_point(*event):
        told.append(event)
        if len(told) > point:
            os.kill(os.getpid(), signal.SIGKILL)
    mlflow.set_tracking_uri(uri)
    flavor.log_model(source, name=f"killed{point}", run_id=run_id, progress=kill_at_point)
    os._exit(0)
"""


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Another process that is writing what shall become `path`, and is killed in the end. Gives its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Path(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait before what is left behind counts as abandoned."""
    monkeypatch.setattr("flavor.staging.ABANDONED_AFTER_S", 0)


def test_a_save_removes_what_a_killed_one_left_and_nothing_of_a_living_one(at_once: None, tmp_path: Path) -> None:
    with writing(tmp_path / "model") as left:
        with saved_at(tmp_path / "model") as folder:
            (folder / "MLmodel").write_text("whole")
        assert (left / "half").is_file()
    with beside(tmp_path / "model"):
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_was_left_a_moment_ago_is_not_touched(tmp_path: Path) -> None:
    with writing(tmp_path / "model") as left:
        pass
    with beside(tmp_path / "model"):
        assert (left / "half").is_file()


@pytest.mark.parametrize("name", [".model-backup12", ".model-0123456789", ".other-01234567", "model-01234567"])
def test_folders_of_other_names_are_nobodys_business(at_once: None, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with beside(tmp_path / "model"):
        assert (tmp_path / name).is_dir()


def test_a_log_says_of_killed_ones_that_they_failed(
    store: MlflowClient, checkpoint: Checkpoints, at_once: None, tmp_path: Path
) -> None:
    experiment = store.create_experiment("killed", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    killed = mlflow.initialize_logged_model(name="killed", experiment_id=experiment)
    waiting = mlflow.initialize_logged_model(name="waiting", experiment_id=experiment)
    source = checkpoint()

    def states() -> set[tuple[str, str]]:
        return {(each.name, each.status) for each in store.search_logged_models([experiment])}

    with writing(Path(killed.artifact_location.removeprefix("file://"))) as left:
        flavor.log_model(source, name="first", run_id=run.info.run_id)
        assert states() == {("killed", "PENDING"), ("waiting", "PENDING"), ("first", "READY")}
    info = flavor.log_model(source, name="second", run_id=run.info.run_id)
    assert states() == {("killed", "FAILED"), ("waiting", "PENDING"), ("first", "READY"), ("second", "READY")}
    assert "killed" in store.get_logged_model(killed.model_id).tags["flavor.failure"]
    assert not left.exists()
    assert "MLmodel" in files_of(folder_of(info))
    assert store.get_logged_model(waiting.model_id).status == "PENDING"


def test_a_log_that_is_killed_at_any_stage_leaves_nothing_after_the_next(
    store: MlflowClient, mlflow_uri: str, checkpoint: Checkpoints, at_once: None, tmp_path: Path
) -> None:
    experiment = store.create_experiment("killed at any stage", artifact_location=(tmp_path / "store").as_uri())
    run = store.create_run(experiment)
    source = str(checkpoint())
    subprocess.run([sys.executable, "-c", KILLED, source, mlflow_uri, run.info.run_id, "5"], check=True)
    killed = store.search_logged_models([experiment])
    assert len(killed) == 4  # the first was killed while it looked at the source
    assert {each.status for each in killed} == {"PENDING"}
    info = flavor.log_model(source, name="after", run_id=run.info.run_id)
    assert {each.status for each in store.search_logged_models([experiment]) if each.name != "after"} == {"FAILED"}
    assert {path for path in (tmp_path / "store").rglob("*") if path.is_file()} == {
        path for path in folder_of(info).rglob("*") if path.is_file()
    }
    assert flavor.load_model(info.model_uri, device="cpu", verify=True)("good")
