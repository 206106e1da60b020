"""What we log is served by stock `mlflow models serve`, in processes that cannot import this package."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel, scoring_server

import flavor
from flavor.pyfunc import PyfuncModel
from flavor.results import RowResult, json_safe
from flavor.signatures import signature_of
from flavor.tasks import Row, Task, all_tasks
from flavor.tasks._checking import check_rows
from tests import tiny_models

from .conftest import wait_for
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
        assert ask({"dataframe_records": pairs}) == (200, answer)
        assert ask({"inputs": []}) == (200, {"predictions": []})
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


class Echo(PyfuncModel):
    """Answers each row with the row itself: what has come through MLflow's server to the model."""

    def run(self, rows: list[Row], params: Row | None = None, **_: Any) -> list[RowResult]:
        return [RowResult(records=[as_json(row)]) for row in check_rows(self.task, rows)]


@cache
def any_pipeline() -> Any:
    return tiny_models.text_classification()


def invoked(task: Task, body: Row) -> list[Row]:
    """What MLflow's server answers to the body of a request, in this process."""
    described = Model(signature=signature_of(task))
    described.add_flavor("python_function", loader_module="unused")
    described = Model.from_dict(json.loads(json.dumps(described.to_dict(), default=str)))
    model = PyFuncModel(described, Echo(task, any_pipeline()))
    answer = scoring_server.invocations(json.dumps(body).encode(), "application/json", model, model.metadata.get_input_schema())
    answers = json.loads(answer.response)
    if isinstance(answers, dict):  # a chat without a wrapper is answered without one
        answers = answers["predictions"]
    return [records[0] for records in answers]


def as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    return json_safe(value)


def as_cell(value: Any) -> Any:
    """A list of lists of several lengths goes as its JSON text: MLflow's server makes an array of what it reads."""
    try:
        numpy.array(value)
    except ValueError:
        return json.dumps(value)
    return value


def bodies(row: Row) -> dict[str, Row]:
    """A row twice in every form that MLflow's server reads."""
    packed = {name: as_cell(value) for name, value in row.items()}
    return {
        "inputs": {"inputs": [packed, packed]},
        "instances": {"instances": [packed, packed]},
        "dataframe_records": {"dataframe_records": [row, row]},
        "dataframe_split": {"dataframe_split": {"columns": list(row), "data": [list(row.values())] * 2}},
    }


def as_row(example: Any) -> Row:
    return dict(example.values[1])


EXAMPLES = [pytest.param(task, as_json(task.example), id=task.name) for task in all_tasks()]
CHAT = [{"role": "system", "content": "be short"}, {"role": "user", "content": [{"type": "text", "text": "why?"}]}]
CHATS = [task for task in all_tasks() if any(each.name == "messages" for each in task.inputs)]


@pytest.mark.parametrize("form", ["inputs", "instances", "dataframe_records", "dataframe_split"])
@pytest.mark.parametrize(("task", "row"), EXAMPLES)
def test_rows_in_every_form_of_a_request_arrive_whole(task: Task, row: Row, form: str) -> None:
    heard = invoked(task, bodies(row)[form])
    assert [{name: json.loads(text) if text != row[name] else text for name, text in each.items()} for each in heard] == [row] * 2


@pytest.mark.parametrize(("task", "row"), EXAMPLES)
def test_one_row_alone_and_none_at_all_are_requests_too(task: Task, row: Row) -> None:
    assert len(invoked(task, {"inputs": {name: as_cell(value) for name, value in row.items()}})) == 1
    assert invoked(task, {"inputs": []}) == []
    assert invoked(task, {"dataframe_split": {"columns": list(row), "data": []}}) == []


@pytest.mark.parametrize(("task", "row"), [each for each in EXAMPLES if len(as_row(each)) == 1])
def test_values_without_a_name_are_the_first_input(task: Task, row: Row) -> None:
    (value,) = row.values()
    assert invoked(task, {"inputs": [value, value]}) == invoked(task, {"instances": [value, value]}) == [row, row]
    assert invoked(task, {"inputs": value}) == [row]
    assert invoked(task, {"dataframe_split": {"data": [[value], [value]]}}) == [row, row]


@pytest.mark.parametrize("task", CHATS, ids=[task.name for task in CHATS])
def test_a_chat_arrives_in_every_form(task: Task) -> None:
    row = {"messages": CHAT}
    for body in (row, {"inputs": CHAT}, {"inputs": row}, {"inputs": [row]}, {"instances": [row]}, {"dataframe_records": CHAT}):
        assert invoked(task, body) == [row]
    assert invoked(task, {"inputs": [CHAT, CHAT]}) == invoked(task, bodies(row)["dataframe_split"]) == [row, row]


def test_columns_of_texts_and_pairs_are_rows() -> None:
    pairs = {"text": ["a", "b"], "text_pair": ["c", "d"]}
    expected = [{"text": "a", "text_pair": "c"}, {"text": "b", "text_pair": "d"}]
    assert invoked(flavor.tasks.get_task("text-classification"), {"inputs": pairs}) == expected


def test_a_name_that_no_input_has_is_refused_by_name_and_not_dropped() -> None:
    with pytest.raises(MlflowException, match="text_pare is not an input of text-classification"):
        invoked(flavor.tasks.get_task("text-classification"), {"dataframe_records": [{"text": "a", "text_pare": "b"}]})


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
        wait_for(f"http://127.0.0.1:{port}/ping", process, log)
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


def rounded(value: Any) -> Any:
    """The value with numbers of three digits: batches add floats in their own order."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value
