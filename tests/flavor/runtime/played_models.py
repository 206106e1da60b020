"""Models for children to load: a folder says in `tiny.json` which tiny pipeline it holds and how it misbehaves."""

import ctypes
import json
import os
import time
from pathlib import Path
from typing import Any

from flavor.errors import ModelNotLoadable
from flavor.pyfunc import PyfuncModel
from flavor.tasks import get_task
from tests import tiny_models

LOADER = f"{__name__}:load"


def save(folder: Path, *, task: str = "text-classification", weights_bytes: int = 1000, **behaviour: Any) -> str:
    """Write a folder that `load` reads; `behaviour` are the fields of `Misbehaving`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.json").write_text(json.dumps({"task": task, **behaviour}))
    with (folder / "model.safetensors").open("wb") as weights:
        weights.truncate(weights_bytes)
    return str(folder)


def load(path: str) -> Any:
    """Load as `flavor.loading.load_pyfunc_model` does."""
    said = json.loads((Path(path) / "tiny.json").read_text())
    task = said.pop("task")
    if said.pop("is_corrupt", False):
        raise ModelNotLoadable(f"model.safetensors in {path} is corrupt; log the model again.")
    model = PyfuncModel(get_task(task), tiny_models.pipeline_for(task))
    return Misbehaving(model, **said)


class Misbehaving:
    """A tiny model that counts its calls in a file, and obeys rows such as "sleep 3", "crash", "hold"."""

    def __init__(
        self,
        model: PyfuncModel,
        *,
        calls: str | None = None,
        ballast_bytes: int = 0,
        is_slow: bool = False,
    ) -> None:
        self.task = model.task
        self._model = model
        self._calls = calls
        self._is_slow = is_slow
        self._ballast = bytearray(os.urandom(1)) * ballast_bytes
        self._is_warmed_up = False

    def run(self, rows: list[dict], params: dict | None = None, **options: Any) -> list[Any]:
        if self._is_warmed_up:
            self._note(f"run {len(rows)}")
            for row in rows:
                self._obey(str(row.get("text", "")))
        self._is_warmed_up = True
        return self._model.run(rows, params, **options)

    def stream(self, row: dict, params: dict | None = None, **options: Any) -> Any:
        self._note("stream 1")
        for piece in self._model.stream(row, params, **options):
            self._note("piece")
            yield piece
            if self._is_slow and isinstance(piece, str):
                time.sleep(0.03)

    def _note(self, line: str) -> None:
        if self._calls:
            with open(self._calls, "a") as file:
                file.write(line + "\n")

    def _obey(self, text: str) -> None:
        what, _, value = text.partition(" ")
        if what == "crash":
            ctypes.string_at(0)
        elif what == "sleep":
            time.sleep(float(value))
        elif what == "hold":  # until the file of that name is there
            while not os.path.exists(value):
                time.sleep(0.01)
        elif what == "die":
            os._exit(3)
