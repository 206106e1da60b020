"""What a caller of the zygote sees: results, reports, errors in words, and children that end when they shall."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from flavor.runtime.scratch import Scratch
from flavor.runtime.zygote import ChildCancelled, ChildDied, ChildFailed, ChildTimedOut, Zygote
from tests.flavor.runtime.conftest import wait_until

REPOSITORY = Path(__file__).resolve().parents[3]
TARGETS = "tests.flavor.runtime.targets"


def call(zygote: Zygote, target: str, on_event: Any = lambda event: None, **options: Any) -> Any:
    kwargs = options.pop("kwargs", {})
    return zygote.call(f"{TARGETS}:{target}", kwargs, name=target, on_event=on_event, **options)


class Running:
    """A call in a thread of its own; `pids` are the processes it told of."""

    def __init__(self, zygote: Zygote, target: str, **options: Any) -> None:
        self.lines: list[str] = []
        self.raised: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(zygote, target), kwargs=options)
        self._thread.start()
        wait_until(lambda: self.lines)
        self.pids = [int(word) for word in self.lines[0].split()]

    def _run(self, zygote: Zygote, target: str, **options: Any) -> None:
        try:
            call(zygote, target, lambda event: self.lines.append(event.get("line", "")), **options)
        except BaseException as error:
            self.raised = error

    def end(self) -> BaseException | None:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.raised


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_result_of_a_call_comes_back(zygote: Zygote) -> None:
    assert call(zygote, "add", kwargs={"left": 1, "right": 2}) == 3


def test_many_calls_run_beside_each_other(zygote: Zygote) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda number=number: found.append(call(zygote, "add", kwargs={"left": number, "right": 0})))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == list(range(8))


def test_progress_and_lines_are_heard_in_order_with_what_is_printed(zygote: Zygote) -> None:
    events: list[dict[str, Any]] = []
    call(zygote, "tell", events.append)

    stages = [(event["done"], event["total"], event["unit"]) for event in events if "stage" in event]
    assert stages == [(1, 2, "sheep"), (2, 2, "sheep")]
    assert {"half way", "printed", "to stderr"} <= {event.get("line") for event in events}


def test_a_flood_of_lines_is_thinned_and_says_so(zygote: Zygote) -> None:
    events: list[dict[str, Any]] = []
    call(zygote, "flood", events.append, kwargs={"lines": 20_000})

    assert 100 < len(events) < 5_000
    assert any("lines left out" in event["line"] for event in events)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("refuse", ("invalid-input", "top_k must be 1 or more, got 0.", "top_k")),
        ("find_nothing", ("model-not-loadable", "config.json is missing.", None)),
    ],
)
def test_an_error_that_the_caller_can_mend_keeps_its_words(zygote: Zygote, target: str, said: tuple) -> None:
    with pytest.raises(ChildFailed) as raised:
        call(zygote, target)
    assert (raised.value.code, raised.value.detail, raised.value.field) == said


def test_a_crash_is_told_by_its_name_and_shown_in_the_log_only(zygote: Zygote, caplog: pytest.LogCaptureFixture) -> None:
    events: list[dict[str, Any]] = []
    with pytest.raises(ChildFailed) as raised:
        call(zygote, "crash", events.append)

    assert raised.value.code == "internal-error"
    assert "ZeroDivisionError" in raised.value.detail
    assert "secret" not in raised.value.detail
    assert events == []
    assert "the secret of the house" in caplog.text


def test_a_result_that_is_not_json_is_an_error(zygote: Zygote) -> None:
    with pytest.raises(ChildFailed, match="TypeError"):
        call(zygote, "answer_with_a_set")


@pytest.mark.parametrize(("target", "how"), [("segfault", "SIGSEGV"), ("leave", "exit status 3")])
def test_a_child_that_dies_says_how(zygote: Zygote, target: str, how: str) -> None:
    with pytest.raises(ChildDied, match=how):
        call(zygote, target)


def test_a_child_killed_from_outside_was_probably_short_of_memory(zygote: Zygote) -> None:
    running = Running(zygote, "sleep_until_stopped")
    os.kill(running.pids[0], signal.SIGKILL)

    assert "out of memory" in str(running.end())


def test_a_function_that_is_told_to_stop_may_end_by_itself(zygote: Zygote) -> None:
    wanted = threading.Event()
    running = Running(zygote, "sleep_until_stopped", is_cancelled=wanted.is_set)
    wanted.set()

    assert isinstance(running.end(), ChildCancelled)


def test_a_function_that_does_not_listen_is_killed_with_its_descendants(zygote: Zygote) -> None:
    wanted = threading.Event()
    running = Running(zygote, "hang", is_cancelled=wanted.is_set)
    wanted.set()

    assert isinstance(running.end(), ChildCancelled)
    wait_until(lambda: all(is_gone(pid) for pid in running.pids))


def test_temporary_files_of_a_killed_child_are_removed(zygote: Zygote) -> None:
    paths: list[Path] = []

    def listen(event: dict[str, Any]) -> None:
        paths.append(Path(event["line"]))
        assert paths[0].is_file()
        raise KeyError

    with pytest.raises(KeyError):
        call(zygote, "litter", listen)
    wait_until(lambda: not paths[0].parent.exists())


def test_temporary_files_of_an_owner_that_was_killed_are_removed_by_the_next(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f"flavor-children-{dead.pid}-x" / "child").mkdir(parents=True)
    (tmp_path / f"flavor-children-{os.getppid()}-x").mkdir()
    Scratch().close()

    assert [each.name for each in tmp_path.iterdir()] == [f"flavor-children-{os.getppid()}-x"]


def test_a_call_past_its_time_is_ended(zygote: Zygote) -> None:
    with pytest.raises(ChildTimedOut, match=r"0\.2 s"):
        call(zygote, "sleep_until_stopped", timeout_s=0.2)


def test_a_listener_that_fails_ends_the_call_and_the_child(zygote: Zygote) -> None:
    pids: list[int] = []

    def listen(event: dict[str, Any]) -> None:
        pids.append(int(event["line"]))
        raise KeyError("the database is away")

    with pytest.raises(KeyError):
        call(zygote, "sleep_until_stopped", listen)
    wait_until(lambda: is_gone(pids[0]))


def test_a_function_that_does_not_exist_is_an_error(zygote: Zygote) -> None:
    with pytest.raises(ChildFailed, match="AttributeError"):
        call(zygote, "absent")


def test_children_compute_with_few_threads_and_read_nothing(zygote: Zygote) -> None:
    found = call(zygote, "surroundings")
    assert found["torch_threads"] == 1
    assert found["has_opened_the_gpu"] is False
    assert found["stdin"] == ""


def test_the_process_that_asks_imports_nothing_heavy() -> None:
    code = "import sys, flavor.runtime.pool; print({'torch', 'transformers', 'mlflow', 'numpy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.strip() == "set()"
