import pytest

from flavor.tasks import Display, Field, InvalidInput, Kind, Param, Task, get_task
from flavor.tasks._checking import check_params, check_rows


class Everything(Task):
    name = "everything"
    inputs = (
        Field("text", Kind.TEXT, "A text."),
        Field("number", Kind.NUMBER, "A number.", required=False),
        Field("count", Kind.INTEGER, "A count.", required=False),
        Field("flag", Kind.BOOLEAN, "A flag.", required=False),
        Field("labels", Kind.LABELS, "Labels.", required=False),
        Field("table", Kind.TABLE, "A table.", required=False),
        Field("image", Kind.IMAGE, "An image.", required=False),
        Field("messages", Kind.MESSAGES, "A chat.", required=False),
    )
    params = (
        Param("whole", int, None, "Whole.", minimum=1, maximum=9),
        Param("part", float, None, "Part."),
        Param("switch", bool, None, "Switch."),
        Param("word", str, None, "Word.", choices=("a", "b")),
        Param("words", list, None, "Words."),
        Param("tools", list, None, "Tools.", items=dict),
        Param("object", dict, None, "Object."),
    )
    display = Display.JSON


TASK = Everything()


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ({}, "text", "missing"),
        ({"text": None}, "text", "missing"),
        ({"text": 1}, "text", "must be a text, got a number"),
        ({"text": ["a"]}, "text", "got a list"),
        ({"text": "a" * 2_000_001}, "text", "2000001 characters"),
        ({"text": "a", "txt": "b"}, "txt", "not an input of everything; it takes text"),
        ({"text": "a", "number": True}, "number", "got true or false"),
        ({"text": "a", "number": float("nan")}, "number", "must be a number"),
        ({"text": "a", "count": 1.5}, "count", "whole number"),
        ({"text": "a", "flag": 1}, "flag", "true or false"),
        ({"text": "a", "labels": []}, "labels", "one or more"),
        ({"text": "a", "labels": ["a", 1]}, "labels", "list of one or more texts"),
        ({"text": "a", "table": {"x": [1], "y": []}}, "table", "one length"),
        ({"text": "a", "image": "http://x/y.png"}, "image", "never taken for a path"),
        ({"text": "a", "image": b""}, "image", "empty"),
        ({"text": "a", "image": {"url": "x"}}, "image", "asset"),
        ({"text": "a", "messages": []}, "messages", "one or more"),
        ({"text": "a", "messages": ["hi"]}, "messages", r"\[0\] must be an object"),
        ({"text": "a", "messages": [{"role": "king", "content": "a"}]}, "messages", "'king'"),
        ({"text": "a", "messages": [{"role": "user", "content": 4}]}, "messages", "content must be"),
        ({"text": "a", "messages": [{"role": "user"}]}, "messages", "content must be"),
    ],
)
def test_a_wrong_row_is_named_by_field_and_number(row: dict, field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        check_rows(TASK, [{"text": "fine"}, row])
    assert (caught.value.field, caught.value.row) == (field, 1)


@pytest.mark.parametrize("rows", ["text", {"text": "a"}, None, [["a"]], ["a"]])
def test_rows_are_a_list_of_objects(rows: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_rows(TASK, rows)  # type: ignore[arg-type]
    assert caught.value.field == "inputs"


def test_absent_values_are_left_out_of_a_copy() -> None:
    row = {"text": "", "labels": None, "image": {"asset": "ast_1"}, "messages": [{"role": "assistant", "tool_calls": [{}]}]}
    assert check_rows(TASK, [row]) == [{name: value for name, value in row.items() if name != "labels"}]
    assert "labels" in row


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        ({"whole": 2.0}, {"whole": 2}),
        ({"part": 1}, {"part": 1.0}),
        ({"words": "one"}, {"words": ["one"]}),
        ({"words": ()}, {"words": []}),
        ({"object": '{"a": 1}'}, {"object": {"a": 1}}),
        ({"switch": None, "word": "a"}, {"word": "a"}),
    ],
)
def test_types_are_settled_where_nothing_is_lost(given: dict, settled: dict) -> None:
    assert check_params(TASK, given) == settled


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("whole", 0, "from 1 to 9, got 0"),
        ("whole", 10, "from 1 to 9"),
        ("whole", 1.5, "whole number"),
        ("whole", "3", "got a text"),
        ("whole", True, "got true or false"),
        ("whole", float("inf"), "whole number"),
        ("part", "x", "a number"),
        ("part", float("nan"), "a number"),
        ("switch", 1, "true or false"),
        ("word", "c", "one of a, b, got 'c'"),
        ("word", 1, "a text"),
        ("words", [1], r"words\[0\] must be a text"),
        ("tools", ["x"], r"tools\[0\] must be an object"),
        ("object", "{", "not JSON"),
        ("object", "[]", "got a list"),
        ("object", [], "must be an object"),
    ],
)
def test_a_wrong_param_is_named(name: str, value: object, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        check_params(TASK, {name: value})
    assert caught.value.field == f"params.{name}"


def test_params_are_an_object() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_params(TASK, ["top_k"])  # type: ignore[arg-type]
    assert caught.value.field == "params"


def test_an_unknown_task_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="text-classification"):
        get_task("text-clasification")
