"""How to use a version from elsewhere: Python with `flavor`, Python with stock MLflow, REST with curl."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from flavor.tasks import Field, Kind, Row

from . import mlflow_client
from .models import ModelVersion

# Media are too long to be printed: a file stands for them.
_FILES = {Kind.IMAGE: "photo.png", Kind.AUDIO: "speech.wav", Kind.VIDEO: "clip.mp4"}
_MEDIA_TYPES = {"photo.png": "image/png", "speech.wav": "audio/wav", "clip.mp4": "video/mp4"}
_LONGEST_TEXT = 300


@dataclass(frozen=True)
class Snippet:
    """A piece of code and what it does."""

    title: str
    language: str
    code: str
    note: str = ""


def snippets_of(version: ModelVersion, *, predict_url: str) -> list[Snippet]:
    """Return the ways to use the version, most comfortable first; none for one that cannot be tried here."""
    task = version.known_task
    if task is None or version.problem:
        return []
    row = {field.name: _Value(field, task.example[field.name]) for field in task.inputs if field.name in task.example}
    return [
        Snippet("Python", "python", _with_flavor(version, row), "A Transformers pipeline, as it was logged."),
        Snippet("Python, stock MLflow", "python", _with_pyfunc(version, row), "Needs no package of ours."),
        Snippet(
            "curl",
            "bash",
            _with_curl(row, dict(task.example_params), predict_url),
            "Needs an API token: see API tokens in your menu.",
        ),
    ]


@dataclass(frozen=True)
class _Value:
    field: Field
    example: Any

    @property
    def file(self) -> str | None:
        return _FILES.get(self.field.kind)

    def in_python(self) -> str:
        return f'open("{self.file}", "rb").read()' if self.file else _short(self.example)

    def in_json(self) -> Any:
        return f"base64 of {self.file}" if self.file else self.example

    def as_argument(self) -> str:
        return f'"{self.file}"' if self.file else _short(self.example)


def _with_flavor(version: ModelVersion, row: dict[str, _Value]) -> str:
    arguments = ", ".join(
        value.as_argument() if position == 0 else f"{name}={value.as_argument()}"
        for position, (name, value) in enumerate(row.items())
    )
    return f"{_connected('flavor')}\npipeline = flavor.load_model({_quoted(version.uri)})\nprint(pipeline({arguments}))\n"


def _with_pyfunc(version: ModelVersion, row: dict[str, _Value]) -> str:
    fields = ", ".join(f'"{name}": {value.in_python()}' for name, value in row.items())
    return f"{_connected()}\nmodel = mlflow.pyfunc.load_model({_quoted(version.uri)})\nprint(model.predict([{{{fields}}}]))\n"


def _with_curl(row: dict[str, _Value], params: Row, predict_url: str) -> str:
    head = f'curl -H "Authorization: Bearer $REGISTRY_TOKEN" \\\n  {shlex.quote(predict_url)} \\\n'
    files = [value.file for value in row.values() if value.file]
    if files and len(row) == 1:
        return f'{head}  -H "Content-Type: {_MEDIA_TYPES[files[0]]}" \\\n  --data-binary @{files[0]}\n'
    body: dict[str, Any] = {"inputs": {name: value.in_json() for name, value in row.items()}}
    if params:
        body["parameters"] = params
    written = json.dumps(body, ensure_ascii=False)
    return f'{head}  -H "Content-Type: application/json" \\\n  -d {shlex.quote(written)}\n'


def _connected(*imports: str) -> str:
    lines = [f"import {name}" for name in sorted({*imports, "mlflow"})]
    return "\n".join([*lines, "", f"mlflow.set_tracking_uri({_quoted(mlflow_client.address())})"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _short(value: Any) -> str:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        value = value[:_LONGEST_TEXT]
    return repr(value) if not isinstance(value, str) else _quoted(value)
