"""What MLflow's own door lets through to a model that carries our signature."""

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy
import pandas
import pytest
import torch
from mlflow.models import Model
from mlflow.pyfunc import PyFuncModel

import flavor
from flavor.pyfunc import PyfuncModel
from flavor.signatures import inputs_of, signature_defaults, signature_of
from flavor.tasks import get_task
from tests import tiny_models

torch.set_num_threads(1)


def door(name: str, **options: object) -> Any:
    """MLflow's wrapper around a tiny model, with the signature as it comes back from an MLmodel file."""
    task = get_task(name)
    meta = Model(signature=signature_of(task))
    meta.add_flavor("python_function", loader_module="unused")
    meta = Model.from_dict(json.loads(json.dumps(meta.to_dict(), default=str)))
    model = PyfuncModel(task, tiny_models.pipeline_for(name), **options)  # type: ignore[arg-type]
    return PyFuncModel(meta, model, predict_stream_fn="predict_stream")


@pytest.mark.parametrize(
    "given", ["good", ["good"], {"text": "good"}, {"text": ["good"]}, [{"text": "good"}], pandas.DataFrame({"text": ["good"]})]
)
def test_a_text_passes_in_every_dress(given: object) -> None:
    assert len(door("text-classification").predict(given)) == 1


def test_a_pair_is_not_lost_on_the_way() -> None:
    classifier = door("text-classification")
    assert classifier.predict({"text": "good", "text_pair": "bad"}) != classifier.predict({"text": "good"})


@pytest.mark.parametrize("given", ["Sarah", ["Sarah"], {"text": "Sarah"}, pandas.DataFrame({"any": ["Sarah"]})])
def test_the_only_column_may_have_any_name(given: object) -> None:
    assert len(door("token-classification").predict(given)) == 1


def test_chats_and_prompts_pass() -> None:
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    writer = door("text-generation")
    params = {"max_new_tokens": 2, "do_sample": False, "stop": ["zz"], "prompt_variables": '{"a": "b"}'}
    answers = [writer.predict(given, params) for given in ({"messages": chat}, [{"messages": chat}])]
    assert answers[0] == answers[1]
    assert "message" in answers[0][0][0]
    assert len(writer.predict(["a", "b"], params)) == 2
    for given in ("a", {"text": "a"}, {"messages": chat}, [{"role": "user", "content": "a"}]):
        assert list(writer.predict_stream(given, params))


@pytest.mark.parametrize("name", ["text-classification", "token-classification", "text-generation", "image-classification"])
def test_nothing_in_nothing_out(name: str) -> None:
    assert door(name).predict([]) == []


def test_pictures_pass_as_arrays_alone_in_a_list_in_a_dict_and_several_in_one_array() -> None:
    picture = numpy.full((9, 7, 3), 200, dtype="uint8")
    looker = door("image-classification")
    (expected,) = looker.predict(picture)
    several = looker.predict([picture] * 2)
    assert [[row["label"] for row in rows] for rows in several] == [[row["label"] for row in expected]] * 2
    for given in ({"image": [picture] * 2}, {"image": numpy.stack([picture] * 2)}, numpy.stack([picture] * 2)):
        assert looker.predict(given) == several
    assert looker.predict({"image": picture}) == looker.predict([{"image": picture}]) == [expected]


def test_texts_pass_in_an_array_of_one_column() -> None:
    assert len(door("text-classification").predict(numpy.array([["good"], ["bad"]]))) == 2


def test_inputs_are_described_beside_the_signature_and_in_it_where_a_registry_demands_that() -> None:
    task = get_task("text-classification")
    assert signature_of(task).inputs is None
    assert [(each["name"], each["type"], each["required"]) for each in inputs_of(task)] == [
        ("text", "string", True),
        ("text_pair", "string", False),
    ]
    assert signature_of(task, with_inputs=True).inputs.input_names() == ["text", "text_pair"]


def test_a_model_with_typed_inputs_predicts_as_one_without(tmp_path: Path) -> None:
    typed = flavor.signatures.signature_of(get_task("text-classification"), with_inputs=True)
    flavor.save_model(tiny_models.text_classification(), tmp_path / "saved", signature=typed)
    model = mlflow.pyfunc.load_model(str(tmp_path / "saved"))
    assert model.metadata.get_input_schema().input_names() == ["text", "text_pair"]
    assert model.predict([]) == []
    assert model.predict(["good"]) == door("text-classification").predict(["good"])
    assert model.predict({"text": "good", "text_pair": "bad"}) != model.predict({"text": "good"})


def test_params_reach_the_model() -> None:
    assert [len(labels) for labels in door("text-classification").predict(["good"], {"top_k": 2})] == [2]


def test_params_that_nobody_said_leave_the_model_config_alone() -> None:
    classifier = door("text-classification", model_config={"top_k": 1})
    assert [len(labels) for labels in classifier.predict(["good"])] == [1]


def test_only_defaults_that_say_something_count() -> None:
    params: list[dict[str, Any]] = [
        {"name": "top_k", "default": 3},
        {"name": "stop", "default": []},
        {"name": "seed", "default": None},
    ]
    assert signature_defaults(params) == {"top_k": 3}
