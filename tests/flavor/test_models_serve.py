"""What we log is served by stock `mlflow models serve`, in processes that cannot import this package."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import flavor
from flavor.pyfunc import PyfuncModel
from tests import tiny_models

from .tasks.test_image_classification import picture, png

# `flavor` is found from the root of the repository only; this makes sure, and leaves a word where somebody finds it all the same.
WITHOUT_FLAVOR = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("flavor", "registry_ui", "tests"):
            raise ModuleNotFoundError(f"{name} is not installed here", name=name)

sys.meta_path.insert(0, Refuse())
"""


@pytest.mark.slow
def test_texts_are_answered_with_every_label_and_params_are_followed(tmp_path: Path) -> None:
    pipeline = tiny_models.text_classification()
    expected = PyfuncModel(flavor.tasks.get_task("text-classification"), pipeline)
    flavor.save_model(pipeline, tmp_path / "model", input_example="the soup was cold")
    texts = ["the soup was cold", "the waiter is kind"]
    with served(tmp_path) as ask:
        status, answer = ask({"inputs": texts})
        assert (status, rounded(answer["predictions"])) == (200, rounded(expected.predict(texts)))
        assert {"label", "score"} == set(answer["predictions"][0][0])
        status, answer = ask({"inputs": texts, "params": {"top_k": 1}})
        assert (status, [len(records) for records in answer["predictions"]]) == (200, [1, 1])
        pairs = [{"text": text, "text_pair": "good"} for text in texts]
        status, answer = ask({"inputs": pairs})
        assert (status, rounded(answer["predictions"])) == (200, rounded(expected.predict(pairs)))
        status, answer = ask({"inputs": texts, "params": {"top_k": -1}})
        assert status == 400
        assert "params.top_k" in answer["message"]


@pytest.mark.slow
def test_images_are_answered_with_every_label(tmp_path: Path) -> None:
    pipeline = tiny_models.image_classification()
    expected = PyfuncModel(flavor.tasks.get_task("image-classification"), pipeline)
    flavor.save_model(pipeline, tmp_path / "model")
    images = [png(picture("red")), png(picture("blue"))]
    with served(tmp_path) as ask:
        encoded = [base64.b64encode(image).decode() for image in images]
        status, answer = ask({"inputs": encoded})
        assert (status, rounded(answer["predictions"])) == (200, rounded(expected.predict(images)))
        status, answer = ask({"dataframe_split": {"columns": ["image"], "data": [[each] for each in encoded]}})
        assert (status, rounded(answer["predictions"])) == (200, rounded(expected.predict(images)))


def test_base64_in_bytes_is_the_medium_since_the_server_hands_it_over_so() -> None:
    model = PyfuncModel(flavor.tasks.get_task("image-classification"), tiny_models.image_classification())
    encoded = base64.b64encode(png(picture()))
    answers = [model.predict([given]) for given in (png(picture()), encoded, b"data:image/png;base64," + encoded)]
    assert answers[0] == answers[1] == answers[2]


@contextmanager
def served(folder: Path) -> Iterator[Any]:
    """Serve `folder`/model; what is yielded asks /invocations and returns the status and the JSON of the answer."""
    (folder / "sitecustomize.py").write_text(WITHOUT_FLAVOR)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by that name
    environment = {**os.environ, "PATH": programs, "PYTHONPATH": str(folder), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder / "model"), "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env=environment, start_new_session=True
        )  # a group of its own: the command starts others
    try:
        _wait_for(f"http://127.0.0.1:{port}/ping", process, log)
        yield lambda body: _ask(f"http://127.0.0.1:{port}/invocations", body)
    finally:
        with suppress(ProcessLookupError):  # it ended by itself, and _wait_for said why
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _ask(url: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    """Ask until the server answers; on a busy machine its start takes minutes."""
    until = time.monotonic() + 240
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"no answer from {url}: {log.read_text()}")


def rounded(value: Any) -> Any:
    """The value with numbers of three digits: batches add floats in their own order."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value
