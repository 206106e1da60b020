"""What is asked of the pairs of `tests/flavor/stock/twins.py`: where both answer alike, and where stock's answer is a defect."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy
import pandas

from tests import tiny_audio, tiny_models
from tests.tiny_models import MAX_TOKENS

from .pictures import PICTURES
from .twins import SHORT

Ask = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """One question, and the params of the request beside it."""

    twins: str
    form: str
    given: Any
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Defect(Case):
    """One of which stock makes something wrong, or nothing: the weakness by its number, and what stock had to say `instead`."""

    weakness: str = ""
    instead: Callable[[Ask], Any] = lambda ask: None


TEXTS = ["good soup", "the waiter is bad"]
PLACES = ["sarah lives in london", "the soup"]
MASKED = ["the [MASK] is cold", "sarah lives in [MASK]"]
TWICE = ["the [MASK] is [MASK]", "[MASK] lives in [MASK]"]
SOUNDS = [tiny_audio.encoded(tiny_audio.tone()), tiny_audio.encoded(tiny_audio.noise(0.7))]
IMAGES = [base64.b64encode(each).decode() for each in PICTURES]
LABELS = ["cold", "kind", "bad"]
CHOICE = {"sequences": "the soup is cold", "candidate_labels": json.dumps(LABELS), "hypothesis_template": "this is {}."}
OTHER = {**CHOICE, "sequences": "good", "candidate_labels": json.dumps(["kind", "new"])}
TABLE = {"name": ["sarah", "paris"], "city": ["london", "paris"], "n": ["3", "5"]}
QUESTION = {"query": "who lives in london", "table": json.dumps(TABLE)}
CHAT = {"messages": [{"role": "user", "content": "good soup"}], "max_tokens": 5}
LONGER = {"messages": [{"role": "system", "content": "be kind"}, *CHAT["messages"]], "max_tokens": 5}
PROMPT = {"prompt": " good soup ", "max_tokens": 5}


def forms(values: list[Any], name: str) -> dict[str, Any]:
    """The same values in every form that MLflow's signatures of one column let through."""
    return {
        "one": values[0],
        "list": values,
        "list of one": values[:1],
        "frame": pandas.DataFrame({name: values}),
        "nameless frame": pandas.DataFrame(values),
        "dict": {name: values[0]},
        "list of dicts": [{name: each} for each in values],
    }


def _in_all_forms() -> Iterator[Case]:
    texts = {
        "text-classification": TEXTS,
        "text-classification with params": TEXTS,
        "token-classification": PLACES,
        "fill-mask": MASKED,
        "text-generation": TEXTS,
        "text-generation in a template": TEXTS,
    }
    for twins, values in texts.items():
        yield from (Case(twins, form, given) for form, given in forms(values, "text").items())
        yield Case(twins, "array", numpy.array(values))
    for form, given in forms(SOUNDS, "audio").items():
        yield Case("automatic-speech-recognition", form, given)
        yield Case("audio-classification", form, given)
    yield from (Case("image-classification", form, given) for form, given in forms(IMAGES, "image").items())
    yield from (Case("feature-extraction", form, given) for form, given in forms(TEXTS[:1], "text").items())


def _answered(messages: list[dict[str, Any]]) -> str:
    """What the pipeline itself writes."""
    (answer,) = tiny_models.text_generation()(messages, **SHORT)
    return answer["generated_text"][-1]["content"].strip()


def _together(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two responses as one."""
    choices = [*first["choices"], {**second["choices"][0], "index": 1}]
    return {**first, "choices": choices, "usage": {name: first["usage"][name] + second["usage"][name] for name in first["usage"]}}


ALIKE: list[Case] = [
    *_in_all_forms(),
    Case("text-classification with params", "one label", TEXTS, {"top_k": 1}),
    Case("text-classification with params", "more labels than there are", TEXTS[0], {"top_k": 9}),
    Case("text-classification with params", "logits", TEXTS, {"function_to_apply": "none"}),
    Case("text-classification of all labels", "one", TEXTS[0]),
    Case("text-classification of all labels", "list", TEXTS),
    Case("token-classification", "groups", PLACES, {"aggregation_strategy": "simple"}),
    Case("token-classification", "whole words", PLACES[0], {"aggregation_strategy": "max"}),
    Case("token-classification of groups", "list", PLACES),
    Case("fill-mask", "two masks", TWICE[0]),
    Case("fill-mask", "two masks each", TWICE),
    Case("fill-mask", "one mask and two", [MASKED[0], TWICE[0]]),
    Case("fill-mask in a template", "one", MASKED[0]),
    Case("fill-mask in a template", "list", MASKED),
    Case("zero-shot-classification", "dict", CHOICE),
    Case("zero-shot-classification", "dict with a list", {**CHOICE, "candidate_labels": LABELS}),
    Case("zero-shot-classification", "dict of several", {**CHOICE, "sequences": TEXTS}),
    Case("zero-shot-classification", "frame", pandas.DataFrame([CHOICE, {**CHOICE, "sequences": "good"}])),
    Case("zero-shot-classification", "list of dicts", [CHOICE, {**CHOICE, "sequences": "good"}]),
    Case("zero-shot-classification with params", "dict of several", {**CHOICE, "sequences": TEXTS}),
    Case("zero-shot-classification with params", "each by itself", CHOICE, {"multi_label": True}),
    Case("table-question-answering", "dict", QUESTION),
    Case("table-question-answering", "dict of several", {**QUESTION, "query": ["who is bad", "who lives"]}),
    Case("table-question-answering", "frame", pandas.DataFrame([QUESTION, {**QUESTION, "query": "who is bad"}])),
    Case("table-question-answering", "list of dicts", [QUESTION]),
    Case("feature-extraction in a template", "one", TEXTS[0]),
    Case("text-generation with params", "without the prompt", TEXTS, {"return_full_text": False}),
    Case("text-generation with params", "blanks around", "  good \n", {}),
    Case("text-generation with params", "blanks as one", ["a  b\n c", "d\t\te"], {"collapse_whitespace": True}),
    Case("text-generation with params", "include_prompt", TEXTS, {"include_prompt": False}),
    Case("text-generation with params", "two sequences", TEXTS[0], {"num_return_sequences": 2, "num_beams": 2}),
    Case("text-generation in a template, in full", "list", ["good  \n soup", "bad"]),
    Case("automatic-speech-recognition", "base64 bytes", base64.b64encode(SOUNDS[0])),
    Case("automatic-speech-recognition with params", "words", SOUNDS[0]),
    Case("automatic-speech-recognition with params", "words of several", SOUNDS),
    Case("automatic-speech-recognition with params", "characters", SOUNDS[0], {"return_timestamps": "char"}),
    Case("automatic-speech-recognition with params", "characters of several", SOUNDS, {"return_timestamps": "char"}),
    Case("automatic-speech-recognition of samples", "array", tiny_audio.tone()),
    Case("automatic-speech-recognition of segments", "one", SOUNDS[0]),
    Case("audio-classification", "base64 bytes", base64.b64encode(SOUNDS[0])),
    Case("audio-classification with params", "one", SOUNDS[0]),
    Case("audio-classification with params", "several", SOUNDS),
    Case("audio-classification with params", "one label", SOUNDS[0], {"top_k": 1}),
    Case("audio-classification with params", "one label of several", SOUNDS, {"top_k": 1}),
    Case("image-classification with params", "one", IMAGES[0]),
    Case("image-classification with params", "one label of several", IMAGES, {"top_k": 1}),
    Case("chat", "dict", CHAT),
    Case("chat", "list of dicts", [CHAT, LONGER]),
    Case("chat", "frame", pandas.DataFrame([CHAT, LONGER])),
    Case("chat", "temperature 0", {**CHAT, "temperature": 0.0}),
    Case("completions", "dict", PROMPT),
    Case("completions", "list of dicts", [PROMPT, {**PROMPT, "prompt": "bad"}]),
    Case("completions", "frame", pandas.DataFrame([PROMPT, {**PROMPT, "prompt": "bad"}])),
    Case("embeddings", "dict", {"input": TEXTS[0]}),
    Case("embeddings", "dict of several", {"input": TEXTS}),
    Case("embeddings", "frame", pandas.DataFrame({"input": TEXTS})),
    Case("embeddings", "list of dicts", [{"input": each} for each in TEXTS]),
]

DEFECTS: list[Defect] = [
    Defect("text-classification", "no input", [], weakness="refused", instead=lambda ask: []),
    Defect(
        "text-classification",
        "pair",
        {"text": "good", "text_pair": "bad"},
        weakness="14: text_pair dropped unsaid",
        instead=lambda ask: pandas.DataFrame(tiny_models.text_classification()([{"text": "good", "text_pair": "bad"}])),
    ),
    Defect(
        "text-classification",
        "over-long",
        "good " * 100,
        weakness="46: a tensor-size error",
        instead=lambda ask: ask("good " * (MAX_TOKENS - 2)),
    ),
    Defect("token-classification", "nothing found", "", weakness="30: IndexError", instead=lambda ask: [""]),
    Defect(
        "zero-shot-classification",
        "labels of their own",
        pandas.DataFrame([CHOICE, OTHER]),
        weakness="13: rows mixed, labels as JSON text",
        instead=lambda ask: pandas.concat([ask(CHOICE), ask(OTHER)], ignore_index=True),
    ),
    Defect(
        "zero-shot-classification",
        "no template",
        {name: value for name, value in CHOICE.items() if name != "hypothesis_template"},
        weakness="13: hypothesis_template required",
        instead=lambda ask: ask({**CHOICE, "hypothesis_template": "This example is {}."}),
    ),
    Defect(
        "table-question-answering",
        "two tables",
        pandas.DataFrame([QUESTION, {**QUESTION, "table": json.dumps({"name": ["kind"]})}]),
        weakness="section 3: several tables crash",
        instead=lambda ask: [*ask(QUESTION), *ask({**QUESTION, "table": json.dumps({"name": ["kind"]})})],
    ),
    Defect(
        "table-question-answering",
        "empty cell",
        {**QUESTION, "table": json.dumps({"name": ["sarah", None]})},
        weakness="section 3: null, true and false crash",
        instead=lambda ask: ask({**QUESTION, "table": json.dumps({"name": ["sarah", ""]})}),
    ),
    Defect(
        "feature-extraction",
        "list",
        TEXTS,
        weakness="12: the first input only",
        instead=lambda ask: [ask(each) for each in TEXTS],
    ),
    Defect(
        "text-generation with params",
        "two sequences each",
        TEXTS,
        {"num_return_sequences": 2, "num_beams": 2},
        weakness="15: prompt 1 twice, prompt 2 lost",
        instead=lambda ask: [ask(each, {"num_return_sequences": 2, "num_beams": 2})[0] for each in TEXTS],
    ),
    Defect(
        "automatic-speech-recognition",
        "base64 text",
        base64.b64encode(SOUNDS[0]).decode(),
        weakness="36: refused",
        instead=lambda ask: ask(SOUNDS[0]),
    ),
    Defect(
        "automatic-speech-recognition of segments",
        "several",
        SOUNDS,
        weakness="16: texts and chunks in one list",
        instead=lambda ask: [ask(each)[0] for each in SOUNDS],
    ),
    Defect("image-classification", "bytes", PICTURES[0], weakness="36: refused", instead=lambda ask: ask(IMAGES[0])),
    Defect(
        "text-generation",
        "chat",
        CHAT["messages"],
        weakness="27: read as the word 'user'",
        instead=lambda ask: [_answered(CHAT["messages"])],
    ),
    Defect(
        "completions",
        "prompts",
        {**PROMPT, "prompt": TEXTS},
        weakness="section 3.1: several prompts of one request fail",
        instead=lambda ask: [_together(*ask([{**PROMPT, "prompt": each} for each in TEXTS]))],
    ),
    Defect("chat", "n", {**CHAT, "n": 1}, weakness="39: refused", instead=lambda ask: ask(CHAT)),
    Defect("chat", "stop", {**CHAT, "stop": ["\n\n"]}, weakness="20: asks the Hub", instead=lambda ask: ask(CHAT)),
    Defect(
        "chat with <s>",
        "dict",
        CHAT,
        weakness="17 to 19: <s> twice, counted as written, and so no limit reached",
        instead=lambda ask: ask(CHAT, of="chat"),
    ),
]
