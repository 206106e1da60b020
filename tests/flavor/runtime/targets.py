"""Functions that children are made to call."""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from flavor.errors import ModelNotLoadable
from flavor.tasks import InvalidInput

Report = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]


def add(report: Report, should_stop: ShouldStop, *, left: int, right: int) -> int:
    return left + right


def tell(report: Report, should_stop: ShouldStop) -> None:
    report({"stage": "counting", "done": 1, "total": 2, "unit": "sheep"})
    report({"line": "half way"})
    sys.stdout.write("printed\n")
    sys.stderr.write("to stderr\n")
    report({"stage": "counting", "done": 2, "total": 2, "unit": "sheep"})


def flood(report: Report, should_stop: ShouldStop, *, lines: int) -> None:
    for number in range(lines):
        sys.stdout.write(f"line {number}\n")


def refuse(report: Report, should_stop: ShouldStop) -> None:
    raise InvalidInput("top_k", "top_k must be 1 or more, got 0.")


def find_nothing(report: Report, should_stop: ShouldStop) -> None:
    raise ModelNotLoadable("config.json is missing.")


def crash(report: Report, should_stop: ShouldStop) -> None:
    raise ZeroDivisionError("the secret of the house")


def answer_with_a_set(report: Report, should_stop: ShouldStop) -> set[int]:
    return {1}


def segfault(report: Report, should_stop: ShouldStop) -> None:
    ctypes.string_at(0)


def leave(report: Report, should_stop: ShouldStop) -> None:
    os._exit(3)


def sleep_until_stopped(report: Report, should_stop: ShouldStop) -> str:
    report({"line": str(os.getpid())})
    while not should_stop():
        time.sleep(0.01)
    return "stopped"


def hang(report: Report, should_stop: ShouldStop) -> None:
    """Neither listens nor ends; has a child of its own."""
    descendant = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    report({"line": f"{os.getpid()} {descendant.pid}"})
    while True:
        time.sleep(60)


def litter(report: Report, should_stop: ShouldStop) -> str:
    """Write a temporary file, tell where, and hang."""
    _, path = tempfile.mkstemp()
    report({"line": path})
    while True:
        time.sleep(60)


def surroundings(report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    torch: Any = sys.modules.get("torch")
    return {
        "environment": dict(os.environ),
        "at_start": _environment_at_start(),
        "torch_threads": torch and torch.get_num_threads(),
        "has_opened_the_gpu": torch and torch.cuda.is_initialized(),
        "stdin": sys.stdin.read(),
    }


def _environment_at_start() -> str:
    with open("/proc/self/environ") as file:
        return file.read()
