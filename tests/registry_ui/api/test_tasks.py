"""Tasks as JSON Schema: accepts what the one validator accepts, refuses what it refuses."""

import base64

import jsonschema
import pytest

from flavor.tasks import Display, Field, InvalidInput, Kind, Param, Task, all_tasks, get_task
from flavor.tasks._checking import check_params, check_rows
from registry_ui.api.task_schema import example_inputs, inputs_schema, outputs_schema, parameters_schema, row_schema

TASKS = pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)


def accepts(schema, value):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(value)


class Everything(Task):
    """A task with a field of every kind and a parameter of every type."""

    name = "everything"
    title, summary, modality = "Everything", "Takes everything.", "multimodal"
    inputs = (
        Field("image", Kind.IMAGE, "An image."),
        *(Field(str(kind), kind, "Some.", required=False) for kind in Kind if kind is not Kind.IMAGE),
    )
    outputs = tuple(Field(str(kind), kind, "Some.", required=kind is Kind.TEXT) for kind in Kind)
    params = (
        Param("whole", int, 1, "A number.", minimum=0, maximum=5),
        Param("part", float, None, "A number."),
        Param("flag", bool, None, "A flag."),
        Param("word", str, None, "A word.", choices=("a", "b")),
        Param("words", list, None, "Words."),
        Param("objects", list, None, "Objects.", items=dict),
        Param("object", dict, None, "An object."),
    )
    example = {"image": b"\x89PNG"}
    display = Display.JSON


@TASKS
def test_the_schemas_accept_the_example_of_every_task(task):
    example = example_inputs(task)

    assert accepts(inputs_schema(task), example)
    assert accepts(inputs_schema(task), [example, example])
    assert accepts(parameters_schema(task), dict(task.example_params))
    assert accepts(outputs_schema(task), [])


@TASKS
def test_the_schemas_refuse_what_the_validator_refuses(task):
    assert not accepts(inputs_schema(task), {})
    assert not accepts(inputs_schema(task), {**example_inputs(task), "unknown": 1})
    assert not accepts(inputs_schema(task), [])
    assert not accepts(inputs_schema(task), 7)
    assert not accepts(parameters_schema(task), {"unknown": 1})


@TASKS
def test_a_bare_text_stands_for_the_first_field(task):
    first = task.inputs[0]
    bare = base64.b64encode(b"bytes").decode() if first.kind in {Kind.IMAGE, Kind.AUDIO, Kind.VIDEO} else "hello"

    # Where the first field may be any JSON, a text alone could be meant for any field.
    assert accepts(inputs_schema(task), bare) == (first.kind is not Kind.JSON)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "hello"},
        {"messages": [{"role": "user", "content": "hi"}]},
        {"text": "hello", "messages": [{"role": "user", "content": "hi"}]},
        {"text": "hello", "messages": None},
        {"text": None},
        {"messages": []},
        {"messages": [{"role": "king", "content": "hi"}]},
        {"text": 7},
    ],
)
def test_exactly_one_of_a_group_is_wanted_as_the_validator_wants_it(row):
    task = get_task("text-generation")
    try:
        check_rows(task, [row])
        is_right = True
    except InvalidInput:
        is_right = False

    assert accepts(row_schema(task), row) == is_right


@pytest.mark.parametrize(
    "params",
    [
        {"whole": 0},
        {"whole": 6},
        {"whole": -1},
        {"whole": 1.5},
        {"whole": 2.0},
        {"whole": "1"},
        {"whole": True},
        {"whole": None},
        {"part": 1},
        {"part": "1"},
        {"flag": False},
        {"flag": 0},
        {"word": "a"},
        {"word": "c"},
        {"word": None},
        {"words": ["a"]},
        {"words": "a"},
        {"words": [1]},
        {"objects": [{}]},
        {"objects": ["a"]},
        {"object": {"a": 1}},
        {"object": []},
    ],
)
def test_parameters_are_accepted_as_the_validator_accepts_them(params):
    task = Everything()
    try:
        check_params(task, params)
        is_right = True
    except InvalidInput:
        is_right = False

    assert accepts(parameters_schema(task), params) == is_right


@pytest.mark.parametrize(
    ("image", "is_right"),
    [
        ("aGVsbG8=", True),
        ({"base64": "aGVsbG8="}, True),
        ({"asset": "7c1f3f1e-5a7c-4b86-9a26-3f1c0b7c2d11"}, True),
        ("", False),
        (7, False),
        ({"url": "http://example.org"}, False),
    ],
)
def test_media_are_base64_or_an_asset(image, is_right):
    assert accepts(row_schema(Everything()), {"image": image}) == is_right


def test_outputs_are_records_of_one_input_or_one_list_of_records_or_an_error_for_each():
    schema = outputs_schema(get_task("text-classification"))
    records = [{"label": "good", "score": 0.9}]

    assert accepts(schema, records)
    assert accepts(schema, [records, [], {"error": {"title": "no"}}])
    assert not accepts(schema, [{"label": 1}])


@pytest.mark.django_db
def test_tasks_are_listed_and_described(api):
    listed = api.fetch("/tasks").json()["data"]
    described = api.get(listed[0]["links"]["self"]).json()

    assert [task["name"] for task in listed] == [task.name for task in all_tasks()]
    assert described["inputs"]["$schema"].endswith("2020-12/schema")
    assert accepts(described["inputs"], described["example"]["inputs"])


@pytest.mark.django_db
def test_a_task_is_found_by_its_alias(api):
    assert api.fetch("/tasks/ner").json()["name"] == "token-classification"
