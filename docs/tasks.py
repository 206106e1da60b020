"""Writes docs/tasks.md: every task, what goes in and comes out, through which doors, and what stock MLflow does with it.

What we do is read from `flavor.tasks`; what stock does was observed and lies in docs/stock.toml. Run it from the root of the
repository with `.venv/bin/python -m docs.tasks`; a test fails while the file is stale.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flavor.tasks import Field, Task, all_tasks

FOLDER = Path(__file__).parent
TARGET = FOLDER / "tasks.md"
MODALITIES = ("text", "audio", "vision", "multimodal")
HEADER = (
    "Task",
    "Takes",
    "Answers",
    "`load_model`",
    "pyfunc",
    "`predict_stream`",
    "Playground and REST",
    "Stock `load_model`",
    "Stock pyfunc",
)
INTRODUCTION = """\
# Tasks

*Written by `.venv/bin/python -m docs.tasks` from the descriptions in `flavor/tasks`; do not edit it by hand.*

A model of any of these {count} tasks is logged, loaded and asked in the same ways:

- **`load_model`**: `flavor.load_model(uri)` gives the pipeline: Transformers' own where it has one, else ours of the same kind.
- **pyfunc**: `flavor.load_pyfunc_model(path)`; `mlflow.pyfunc.load_model(uri)` and `mlflow models serve` even where this package
  is not installed. Texts, lists, dicts, frames, arrays and all four forms of requests of MLflow's server are taken: MLflow is
  told no inputs to check, so that we check them. A registry that demands typed ones, such as Unity Catalog, gets them with
  `signature=flavor.signatures.signature_of(task, with_inputs=True)`. N inputs give N lists of records with the fields below;
  `[]` gives `[]`. MLflow's server makes arrays of what stands under `inputs` and `instances`: lists of lists of several lengths
  go as JSON text, or in a frame.
- **`predict_stream`**: the text of one input, piece by piece as it is written; at once where several beams are followed.
- **Playground and REST**: a form and a picture made for the task, and `/predict` of the version, see [rest.md](rest.md).

The last two columns are what the flavor that comes with MLflow {mlflow} does on Transformers {transformers} with the same
pipeline; [flavor-weaknesses.md](flavor-weaknesses.md) goes through its weaknesses one by one, with the tests that prove ours
otherwise. A `?` marks a field that may be left out, or that only some models answer with.
"""
PROTOCOLS = """\
## In OpenAI's words

Log with `task=` one of these, and MLflow's door takes and answers OpenAI's requests; the playground and REST still answer as the
task that the model does.
"""


def render() -> str:
    """Return the whole document."""
    stock = tomllib.loads((FOLDER / "stock.toml").read_text(encoding="utf-8"))
    parts = [INTRODUCTION.format(count=len(all_tasks()), mlflow="3.17.2", transformers="5.23")]
    for modality in MODALITIES:
        tasks = [task for task in all_tasks() if task.modality == modality]
        parts.append(f"## {modality.capitalize()}\n\n{_table(HEADER, (_row(task, stock['tasks'][task.name]) for task in tasks))}")
    protocols = ((f"`{name}`", _yes(each["streams"]), each["pyfunc"]) for name, each in stock["protocols"].items())
    parts.append(f"{PROTOCOLS}\n{_table(('Task', '`predict_stream`', 'Stock pyfunc'), protocols)}")
    return "\n".join(parts)


def _row(task: Task, stock: dict[str, str]) -> tuple[str, ...]:
    return (
        _name(task),
        _inputs(task),
        _fields(task.outputs),
        "our pipeline" if _is_ours(task) else "Transformers' pipeline",
        "yes, also in stock's shape" if task.is_done_by_stock else "yes",
        _yes(task.streams),
        f"{task.display} display",
        stock["native"],
        stock["pyfunc"],
    )


def _name(task: Task) -> str:
    notes = [f"also `{alias}`" for alias in task.aliases] + [f"needs `{package}`" for package in task.packages]
    return "<br>".join([f"`{task.name}`", *notes])


def _is_ours(task: Task) -> bool:
    return task.pipeline.startswith("..")


def _inputs(task: Task) -> str:
    """The fields of a row; of those that are instead of each other, one is enough."""
    groups = [" or ".join(_field(each, is_sure=True) for each in task.inputs if each.name in names) for names in task.one_of]
    grouped = {name for names in task.one_of for name in names}
    return ", ".join([*groups, *(_field(each) for each in task.inputs if each.name not in grouped)])


def _fields(fields: Iterable[Field]) -> str:
    return ", ".join(_field(each) for each in fields)


def _field(field: Field, *, is_sure: bool = False) -> str:
    name = f"`{field.name}`" + ("" if is_sure or field.required else "?")
    return name if field.name == field.kind else f"{name} {field.kind}"


def _yes(value: bool) -> str:
    return "yes" if value else "-"


def _table(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
