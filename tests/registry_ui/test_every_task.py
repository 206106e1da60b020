"""The contract of a task with the pages, asked of every file in `flavor/tasks`. Never edited to add a task.

`tests/flavor/tasks/test_every_task.py` asks the other half, and says what a task's own test file offers.
"""

import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
from django.conf import settings
from django.template.loader import get_template, render_to_string
from django.utils.datastructures import MultiValueDict

from flavor.pyfunc import PyfuncModel
from flavor.tasks import Display, Kind, Row, Task, all_tasks
from registry_ui.api import task_schema
from registry_ui.playground.examples import list_examples
from registry_ui.playground.forms import PredictForm
from registry_ui.predictions.results import result_of
from registry_ui.web.displays import partial_of
from tests.factories import make_version
from tests.registry_ui.untouched_form import fields_of

pytestmark = pytest.mark.django_db

TASKS = [pytest.param(task, id=task.name) for task in all_tasks()]
EMPTY = {"records": [], "warnings": [], "usage": {}, "parameters": {}, "error": None, "timing_ms": {}}


@cache
def answer_of(task: Task) -> Row:
    """What the task's tiny model answers to the task's example, as JSON."""
    own = import_module(f"tests.flavor.tasks.test_{task.name.replace('-', '_')}")
    (result,) = PyfuncModel(task, own.tiny_pipeline()).run([task.example], own.PARAMS)
    return json.loads(json.dumps(result.to_json()))


@pytest.mark.parametrize("task", TASKS)
def test_the_form_shows_every_input_and_parameter(task: Task) -> None:
    html = render_to_string("playground/_form.html", {"form": PredictForm(task), "version": make_version(task=task.name)})
    names = [each.name for each in task.inputs] + [f"params.{each.name}" for each in task.params]
    assert [name for name in names if f'id="error-{name}"' not in html] == []
    assert all(str(each.help)[:20] in html.replace("&#x27;", "'").replace("&quot;", '"') for each in (*task.inputs, *task.params))


@pytest.mark.parametrize("task", TASKS)
def test_the_form_filled_with_the_example_sends_the_example(task: Task) -> None:
    version = make_version(task=task.name, facts_read_at=None)
    example = list_examples(task, version)[0]
    filled = PredictForm(task, version=version, row=example.row, params=example.params)
    html = render_to_string("playground/_form.html", {"form": filled, "version": version})
    sent = PredictForm(task, fields_of(html), MultiValueDict(), version=version)

    assert sent.is_valid(), sent.errors
    media = {each.name for each in task.inputs if each.kind in (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)}
    assert {name: value for name, value in sent.rows[0].items() if name not in media} == {
        name: value for name, value in task.example.items() if name not in media
    }
    assert media & set(task.example) <= set(sent.rows[0])
    assert sent.params == task.example_params


@pytest.mark.parametrize("task", TASKS)
def test_the_result_of_the_example_is_drawn_with_its_table(task: Task) -> None:
    answer = answer_of(task)
    result = result_of(task, task.example, answer)
    html = render_to_string("predictions/_result.html", {"result": result})

    assert result.template == partial_of(task.display_for(task.example))
    assert len(result.table.lines) == len(answer["records"])
    assert all(f"<code>{name}</code>" in html for name in answer["parameters"])
    assert 'role="alert"' not in html


@pytest.mark.parametrize("task", TASKS)
def test_a_result_without_records_is_drawn_too(task: Task) -> None:
    result = result_of(task, task.example, EMPTY)
    assert result.template == partial_of(task.display_for(task.example))
    assert 'class="nothing"' in render_to_string("predictions/_result.html", {"result": result})


@pytest.mark.parametrize("task", TASKS)
def test_the_json_schema_accepts_example_params_and_answer(task: Task) -> None:
    jsonschema.validate(task_schema.example_inputs(task), task_schema.inputs_schema(task))
    jsonschema.validate(task.example_params, task_schema.parameters_schema(task))
    for records in (answer_of(task)["records"], []):
        jsonschema.validate([records], task_schema.outputs_schema(task))


@pytest.mark.parametrize("display", Display)
def test_every_display_has_its_partial(display: Display) -> None:
    assert get_template(partial_of(display))


def test_no_template_names_a_task() -> None:
    names = {name for task in all_tasks() for name in (task.name, *task.aliases)}
    texts = {path: path.read_text() for path in Path(settings.BASE_DIR, "templates").rglob("*.html")}
    quoted = re.compile("|".join(rf"""["']{re.escape(name)}["']""" for name in names))
    assert [str(path) for path, text in texts.items() if quoted.search(text)] == []
