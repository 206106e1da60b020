"""One zygote for all runtime tests of a run, and pools on it."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from flavor.runtime.pool import ModelFiles, ModelPool, PredictRequest
from flavor.runtime.zygote import Zygote
from tests.flavor.runtime import played_models

PLAYED = "tests.flavor.runtime.played_models"
PRELOADED = ("torch", "transformers.pipelines", "flavor.tasks:all_tasks", "flavor.pyfunc", "flavor.runtime.runner", PLAYED)
SECONDS = 60.0


@pytest.fixture(scope="package")
def zygote() -> Iterator[Zygote]:
    made = Zygote(threads=1, preload=PRELOADED)
    made.start()
    yield made
    made.close()


class Pool:
    """A pool whose models are folders, and what a test sees of it."""

    def __init__(self, zygote: Zygote, *, budget_bytes: int = 8 * 2**30, **options: Any) -> None:
        self.changes: list[Any] = []
        self.pool = ModelPool(
            zygote,
            budget_bytes=budget_bytes,
            on_change=self.changes.append,
            **{"fetch": lambda uri, progress, is_cancelled: ModelFiles(uri), "loader": played_models.LOADER, **options},
        )
        self._numbers = iter(range(1, 1_000_000))

    def ask(self, uri: str, *texts: str, seconds: float = SECONDS, **options: Any) -> Future:
        return self.pool.submit(uri, self.request(*texts, seconds=seconds, **options))

    def request(self, *texts: str, seconds: float = SECONDS, **options: Any) -> PredictRequest:
        rows = [{"text": text} for text in texts or ("good",)]
        asked = {"id": f"r{next(self._numbers)}", "rows": rows, "deadline": time.time() + seconds}
        return PredictRequest(**{**asked, **options})

    def answer(self, uri: str, *texts: str, **options: Any) -> dict:
        return self.ask(uri, *texts, **options).result(SECONDS)

    def state(self, uri: str) -> str:
        return next((str(each.state) for each in self.pool.states() if each.uri == uri), "cold")


@pytest.fixture
def make_pool(zygote: Zygote) -> Iterator[Any]:
    """Make pools that are closed after the test."""
    made: list[Pool] = []

    def make(**options: Any) -> Pool:
        made.append(Pool(zygote, **options))
        return made[-1]

    yield make
    for each in made:
        each.pool.close()


@pytest.fixture
def pool(make_pool: Any) -> Pool:
    return make_pool()


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A classifier that misbehaves on demand; what it did is in `calls(model)`."""
    return played_models.save(tmp_path / "classifier", calls=str(tmp_path / "classifier" / "calls"))


@pytest.fixture
def writer(tmp_path: Path) -> str:
    """A text generator that takes its time for every token."""
    return played_models.save(tmp_path / "writer", task="text-generation", calls=str(tmp_path / "writer" / "calls"), is_slow=True)


def calls(model: str) -> list[str]:
    path = Path(model) / "calls"
    return path.read_text().splitlines() if path.exists() else []


def wait_until(is_true: Any, seconds: float = SECONDS) -> None:
    give_up = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < give_up, "what was waited for did not happen"
        time.sleep(0.01)


class Gate:
    """A file on which a row "hold <file>" waits."""

    def __init__(self, path: Path) -> None:
        self.row = f"hold {path}"
        self._path = path

    def open(self) -> None:
        self._path.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path / "gate")
    yield made
    made.open()
