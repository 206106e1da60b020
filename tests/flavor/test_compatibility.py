"""What callers of one version are told when another takes its place."""

from typing import Any

import pytest

from flavor.compatibility import Effect, changes_between
from flavor.inspection import Facts

TEXT = {"name": "text", "type": "string", "required": True}
PAIR = {"name": "text_pair", "type": "string", "required": False}
LABEL = {"name": "label", "type": "string", "required": True}
SCORE = {"name": "score", "type": "double", "required": True}
TOP_K = {"name": "top_k", "type": "long", "default": 5, "shape": None}


def facts(*, inputs: Any = (TEXT,), outputs: Any = (LABEL, SCORE), params: Any = (TOP_K,), **others: Any) -> Facts:
    signature = {"inputs": list(inputs), "outputs": list(outputs), "params": list(params)}
    return Facts(**{"task": "text-classification", "signature": signature, **others})


def test_the_same_changes_nothing():
    assert changes_between(facts(), facts()) == []


@pytest.mark.parametrize(
    ("before", "after", "name", "effect"),
    [
        pytest.param({}, {"inputs": [PAIR]}, "text", Effect.BREAKING, id="an input goes"),
        pytest.param({}, {"inputs": [TEXT, PAIR]}, "text_pair", Effect.COMPATIBLE, id="an optional input comes"),
        pytest.param({}, {"inputs": [TEXT, PAIR | {"required": True}]}, "text_pair", Effect.BREAKING, id="a needed input comes"),
        pytest.param(
            {"inputs": [TEXT, PAIR]},
            {"inputs": [TEXT, PAIR | {"required": True}]},
            "text_pair",
            Effect.BREAKING,
            id="an input becomes needed",
        ),
        pytest.param({}, {"inputs": [TEXT | {"required": False}]}, "text", Effect.COMPATIBLE, id="an input may be left out"),
        pytest.param({}, {"inputs": [TEXT | {"type": "binary"}]}, "text", Effect.BREAKING, id="an input of another type"),
        pytest.param({}, {"inputs": [TEXT | {"type": "any"}]}, "text", Effect.COMPATIBLE, id="an input of any type"),
        pytest.param({}, {"outputs": [LABEL]}, "score", Effect.BREAKING, id="an output goes"),
        pytest.param({"outputs": [LABEL]}, {}, "score", Effect.COMPATIBLE, id="an output comes"),
        pytest.param({}, {"outputs": [LABEL, SCORE | {"type": "string"}]}, "score", Effect.BREAKING, id="an output's type"),
        pytest.param(
            {}, {"outputs": [LABEL, SCORE | {"required": False}]}, "score", Effect.BREAKING, id="an output may be missing"
        ),
        pytest.param({}, {"outputs": [LABEL, SCORE | {"type": "float"}]}, "score", Effect.COMPATIBLE, id="a narrower number"),
        pytest.param({}, {"params": [TOP_K | {"name": "k"}]}, "top_k", Effect.BREAKING, id="a param goes"),
        pytest.param({}, {"params": [TOP_K | {"default": 1}]}, "top_k", Effect.ANSWERS, id="another default"),
        pytest.param({}, {"params": [TOP_K | {"shape": [-1]}]}, "top_k", Effect.BREAKING, id="a list in place of one"),
        pytest.param({}, {"task": "fill-mask"}, "task", Effect.BREAKING, id="another task"),
        pytest.param({}, {"prompt_template": "Q: {prompt}"}, "prompt template", Effect.ANSWERS, id="a prompt template"),
        pytest.param({}, {"chat_template": "{{ messages }}"}, "chat template", Effect.ANSWERS, id="a chat template"),
        pytest.param({}, {"model_config": {"max_new_tokens": 9}}, "max_new_tokens", Effect.ANSWERS, id="a saved setting"),
    ],
)
def test_each_change_says_what_it_does_to_callers(before, after, name, effect):
    changes = changes_between(facts(**before), facts(**after))
    found = next(change for change in changes if change.name == name)
    assert found.effect is effect
    assert found.why.endswith(".")
    assert found.before != found.after


def test_the_worst_comes_first():
    changes = changes_between(facts(), facts(inputs=[TEXT, PAIR], outputs=[LABEL], prompt_template="{prompt}!"))
    assert [change.effect for change in changes] == [Effect.BREAKING, Effect.ANSWERS, Effect.COMPATIBLE]


def test_what_is_not_described_is_not_called_a_change():
    assert changes_between(facts(), Facts(task="text-classification")) == []
    assert changes_between(Facts(), facts()) == []


def test_a_text_without_a_name_is_compared_by_its_place():
    unnamed = {"name": "", "type": "string", "required": True}
    changes = changes_between(facts(inputs=[unnamed]), facts(inputs=[unnamed | {"type": "binary"}]))
    assert [(change.name, change.before, change.after) for change in changes] == [("#1", "string", "binary")]
