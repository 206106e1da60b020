"""What the form of a task makes of what people send."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from flavor.tasks import Field, Kind, Param, Task, get_task
from registry_ui.assets.services import read
from registry_ui.playground.fields.plain import JsonField
from registry_ui.playground.forms import PredictForm
from tests.factories import make_version
from tests.registry_ui.assets.test_services import image, png_header_of

pytestmark = pytest.mark.django_db


class Everything(Task):
    """One input of every kind, one parameter of every type."""

    name = "everything"
    title = "Everything"
    modality = "multimodal"
    inputs = tuple(Field(f"a_{kind}", kind, f"A {kind}.", required=False) for kind in Kind)
    outputs = (Field("text", Kind.TEXT, "A text."),)
    params = (
        Param("whole", int, 3, "A whole number.", minimum=1, maximum=9),
        Param("real", float, None, "A number."),
        Param("switch", bool, False, "A switch."),
        Param("word", str, None, "A word."),
        Param("choice", str, None, "A choice.", choices=("simple", "first")),
        Param("words", list, None, "Words.", advanced=True),
        Param("objects", list, None, "Objects.", items=dict),
        Param("object", dict, None, "An object."),
    )
    example = {"a_text": "hello"}


def posted(data, files=None):
    body = QueryDict(mutable=True)
    for name, value in data.items():
        body.setlist(name, value if isinstance(value, list) else [value])
    return body, MultiValueDict({name: [value] for name, value in (files or {}).items()})


def form(data, files=None, task=None, **options):
    return PredictForm(task or Everything(), *posted(data, files), **options)


def row(data, files=None, **options):
    filled = form(data, files, **options)
    assert filled.is_valid(), filled.errors
    return filled.rows[0]


def params(data):
    filled = form({f"params.{name}": value for name, value in data.items()})
    assert filled.is_valid(), filled.errors
    return filled.params


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ({"a_text": "one\r\ntwo"}, {"a_text": "one\ntwo"}),
        ({"a_number": "1.5", "a_integer": "-2"}, {"a_number": 1.5, "a_integer": -2}),
        ({"a_labels": "cat\r\n\r\n dog "}, {"a_labels": ["cat", "dog"]}),
        ({"a_labels": "cat, dog"}, {"a_labels": ["cat", "dog"]}),
        ({"a_json": '{"a": [1]}', "a_tensor": "[[1, 2]]"}, {"a_json": {"a": [1]}, "a_tensor": [[1, 2]]}),
        (
            {"a_messages.role": ["system", "user", "user"], "a_messages.content": ["", "Hello?", " "]},
            {"a_messages": [{"role": "user", "content": "Hello?"}]},
        ),
        (
            {"a_table.column": ["name", "age", ""], "a_table.cell": ["Ann", "3", "", "", "", "", "Bo", "5", ""]},
            {"a_table": {"name": ["Ann", "Bo"], "age": ["3", "5"]}},
        ),
        ({"a_text": "", "a_labels": "", "a_json": " "}, {}),
    ],
)
def test_every_kind_of_value_is_read(sent, read_as):
    assert {name: value for name, value in row(sent).items() if name != "a_boolean"} == read_as


def test_a_switch_that_is_off_says_so():
    assert row({})["a_boolean"] is False
    assert row({"a_boolean": "on"})["a_boolean"] is True


def test_an_image_is_kept_as_an_asset_of_its_sender(alice):
    sent = SimpleUploadedFile("cat.png", image(), "image/png")
    found = row({}, {"a_image": sent}, user=alice)["a_image"]

    assert read(found["asset"]) == image()
    assert row({"a_image.asset": found["asset"]})["a_image"] == found


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello", "a_image is not an image"),
        (b"", "a_image is empty"),
        (png_header_of(10_000, 5_000), r"50\.0 megapixels"),
    ],
)
def test_an_image_that_cannot_be_used_is_refused_in_its_own_field(data, said):
    refused = form({}, {"a_image": SimpleUploadedFile("a.txt", data, "text/plain")})

    assert not refused.is_valid()
    assert list(refused.errors) == ["a_image"]
    assert re.search(said, refused.errors["a_image"][0])


def test_an_image_survives_a_mistake_elsewhere():
    refused = form({"a_number": "many"}, {"a_image": SimpleUploadedFile("cat.png", image(), "image/png")})

    assert refused.errors["a_number"] == ["a_number must be a number, got 'many'."]
    assert refused["a_image"].shown.asset.name == "cat.png"


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("params.whole", "0", "must be from 1 to 9, got 0"),
        ("params.whole", "x", "must be a whole number, got 'x'"),
        ("params.real", "x", "must be a number, got 'x'"),
        ("params.choice", "third", "must be one of simple, first, got 'third'"),
        ("params.object", "{", "is not JSON: .* line 1"),
        ("params.objects", '["a"]', r"params.objects\[0\] must be an object, got a text"),
        ("a_json", "[", "is not JSON"),
        ("a_table.column", ["a", "a"], "two columns of one name"),
    ],
)
def test_a_wrong_value_is_named_in_its_own_field(name, sent, said):
    refused = form({name: sent, "a_table.cell": []})
    field = name.removesuffix(".column")

    assert not refused.is_valid()
    assert list(refused.errors) == [field]
    assert re.search(said, refused.errors[field][0])


def test_an_unknown_parameter_is_answered_with_those_there_are():
    refused = form({"params.tempreature": "1"})

    assert not refused.is_valid()
    assert "params.tempreature is not a parameter of everything; it takes whole, real" in refused.non_field_errors()[0]


def test_parameters_left_alone_say_nothing():
    assert params({"whole": "", "real": "", "switch": "", "word": "", "choice": "", "words": "", "object": ""}) == {}


def test_every_type_of_parameter_is_read():
    sent = {
        "whole": "4",
        "real": "0.5",
        "switch": "true",
        "word": "a",
        "choice": "first",
        "words": "\\n\r\nEnd",
        "object": '{"a": 1}',
    }

    assert params(sent) == {
        "whole": 4,
        "real": 0.5,
        "switch": True,
        "word": "a",
        "choice": "first",
        "words": ["\n", "End"],
        "object": {"a": 1},
    }
    assert params({"switch": "false", "objects": '[{"a": 1}]'}) == {"switch": False, "objects": [{"a": 1}]}


def test_advanced_parameters_are_apart():
    asked = form({})
    assert [each.html_name for each in asked.advanced_parameters] == ["params.words"]
    assert "params.words" not in [each.html_name for each in asked.parameters]


def test_the_models_own_value_is_the_placeholder():
    version = make_version(model_config={"whole": 7})
    asked = PredictForm(Everything(), version=version)

    assert (asked["params.whole"].field.placeholder, asked["params.whole"].field.own.said_by) == ("7", "model config")
    assert PredictForm(Everything())["params.whole"].field.placeholder == "3"
    assert PredictForm(Everything())["params.real"].field.own.said_by == "the model decides"


def names_of(found):
    return [each.bound.name for group in found.groups for each in group.alternatives]


def test_a_version_with_a_chat_template_is_asked_by_chat_first():
    task = get_task("text-generation")
    assert names_of(PredictForm(task, version=make_version("a", chat_template="{{ messages }}"))) == ["messages", "text"]
    assert names_of(PredictForm(task, version=make_version("b"))) == ["text"]
    assert names_of(PredictForm(task, version=make_version("c", facts_read_at=None))) == ["text", "messages"]


def test_only_what_was_chosen_is_sent():
    task = get_task("text-generation")
    both = {"text": "Once", "messages.role": ["user"], "messages.content": ["Hello"]}

    assert row({**both, "choose.0": "text"}, task=task) == {"text": "Once"}
    assert row({**both, "choose.0": "messages"}, task=task) == {"messages": [{"role": "user", "content": "Hello"}]}


def test_what_was_chosen_and_left_empty_is_the_one_that_is_missing():
    task = get_task("text-generation")
    refused = form({"text": "", "choose.0": "text"}, task=task)

    assert refused.errors == {"text": ["text is missing: The prompt to continue."]}


def test_an_empty_text_is_missing():
    refused = form({"text": ""}, task=get_task("text-classification"))

    assert refused.errors == {"text": ["text is missing: The text to classify."]}


class Seeing(Everything):
    message_media = (Kind.IMAGE,)


def turn(key="0", text="What is this?"):
    return {"a_messages.role": ["user"], "a_messages.content": [text], "a_messages.form": ["text"], "a_messages.key": [key]}


def test_an_image_is_attached_to_its_own_turn(alice):
    sent = {"a_messages.file.0": SimpleUploadedFile("cat.png", image(), "image/png")}
    (message,) = row(turn(), sent, task=Seeing(), user=alice)["a_messages"]

    assert [part["type"] for part in message["content"]] == ["image", "text"]
    assert read(message["content"][0]["asset"]) == image()


def test_an_attached_image_stays_with_the_chat():
    sent = {"a_messages.file.0": SimpleUploadedFile("cat.png", image(), "image/png")}
    message = row(turn(), sent, task=Seeing())["a_messages"]
    (shown,) = [each for each in form({}, task=Seeing())["a_messages"].field.shown(message) if each.kept]
    again = {**turn(shown.key, shown.content), f"a_messages.asset.{shown.key}": [str(asset.id) for asset in shown.kept]}

    assert row(again, task=Seeing())["a_messages"] == message


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.png", b"no image", "a_messages is not an image"),
        ("a.csv", b"a,b", "a_messages: a.csv is text/csv; this chat takes image."),
    ],
)
def test_a_file_that_a_chat_does_not_take_is_named(name, data, said):
    media_type = "image/png" if name.endswith("png") else "text/csv"
    refused = form(turn(), {"a_messages.file.0": SimpleUploadedFile(name, data, media_type)}, task=Seeing())

    assert not refused.is_valid()
    assert said in refused.errors["a_messages"][0]


def test_messages_that_are_more_than_a_text_survive_the_composer():
    message = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    (shown,) = [turn for turn in form({})["a_messages"].field.shown([message]) if turn.form == "json"]

    sent = {"a_messages.role": [shown.role], "a_messages.content": [shown.content], "a_messages.form": ["json"]}
    assert json.loads(shown.content) == message
    assert row(sent)["a_messages"] == [message]


def test_json_that_fits_on_a_line_is_shown_on_one():
    field = JsonField(Field("a_json", Kind.JSON, "JSON."))
    value = {"boxes": [["Invoice", [66, 106, 251, 167]], ["Number", [66, 320, 267, 381]]], "page": 1}
    assert field.shown(value).splitlines() == [
        "{",
        '  "boxes": [',
        '    ["Invoice", [66, 106, 251, 167]],',
        '    ["Number", [66, 320, 267, 381]]',
        "  ],",
        '  "page": 1',
        "}",
    ]
    assert field.shown([1, "a"]) == '[1, "a"]'
