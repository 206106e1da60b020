"""A gate before an alias moves: what callers notice."""

import pytest

from tests.factories import make_version

pytestmark = pytest.mark.django_db

TEXT = {"name": "text", "type": "string", "required": True}


@pytest.fixture
def two():
    signature = {"inputs": [TEXT], "outputs": [], "params": []}
    make_version(version=1, aliases=("production",), signature=signature, metrics={"accuracy": 0.9, "eval_loss": 0.2, "old": 1})
    more = {**signature, "inputs": [TEXT, {"name": "language", "type": "string", "required": True}]}
    make_version(version=2, signature=more, metrics={"accuracy": 0.95, "eval_loss": 0.3})


def test_callers_of_an_alias_are_told_what_would_break(api, two):
    answer = api.fetch("/compare?before=models:/sentiment@production&after=models:/sentiment/2").json()
    assert (answer["before"]["version"], answer["after"]["version"]) == ("1", "2")
    assert answer["effect"] == "breaking"
    (change,) = answer["changes"]
    assert change == {
        "part": "input",
        "name": "language",
        "before": "",
        "after": "string",
        "effect": "breaking",
        "why": "No caller sends it.",
    }


def test_each_metric_says_whether_it_is_better(api, two):
    metrics = api.fetch("/compare?before=models:/sentiment/1&after=models:/sentiment/2").json()["metrics"]
    assert {each["name"]: (each["before"], each["after"], each["is_better"]) for each in metrics} == {
        "accuracy": (0.9, 0.95, True),
        "eval_loss": (0.2, 0.3, False),
        "old": (1, None, None),
    }


def test_a_version_against_itself_is_compatible(api, two):
    answer = api.fetch("/compare?before=models:/sentiment/1&after=models:/sentiment@production").json()
    assert (answer["effect"], answer["changes"]) == ("compatible", [])


@pytest.mark.parametrize("after", ["models:/sentiment/9", "models:/none/1", "sentiment", "models:/sentiment@nobody"])
def test_a_version_that_is_not_here_is_named(api, two, after):
    answer = api.fetch(f"/compare?before=models:/sentiment/1&after={after}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["parameter"] == "after"
    assert after in error["detail"]


def test_both_are_asked_for(api, two):
    answer = api.fetch("/compare?before=models:/sentiment/1")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "after"
