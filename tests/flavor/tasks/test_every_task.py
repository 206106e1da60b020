"""The contract of a task, asked of every file in `flavor/tasks`. Never edited to add a task.

A task's own test file, `test_<task>.py`, must exist and offer:

    tiny_pipeline()     a tiny seeded pipeline
    PARAMS              params that keep it quick
    NOTHING             a row for which the model finds nothing, or as good as nothing
    STOCK_LENGTH        length of stock's answer to the example and NOTHING, where it is not one entry per input
"""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import pytest
import torch
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo

import flavor.tasks
from flavor.input_examples import checked_example
from flavor.inspection import local_reader, read_facts
from flavor.pyfunc import PyfuncModel
from flavor.results import json_safe
from flavor.signatures import signature_of
from flavor.tasks import Display, Kind, Row, Task, all_tasks, get_task
from flavor.tasks._checking import check_params, check_rows
from tests.flavor.conftest import folder_of

torch.set_num_threads(1)
TASKS = [pytest.param(task, id=task.name) for task in all_tasks()]
FOLDER = Path(flavor.tasks.__file__).parent


def own_tests(task: Task) -> ModuleType:
    return import_module(f"tests.flavor.tasks.test_{task.name.replace('-', '_')}")


@pytest.fixture(scope="module")
def models() -> dict[str, PyfuncModel]:
    return {}


@pytest.fixture
def model(task: Task, models: dict[str, PyfuncModel]) -> PyfuncModel:
    if task.name not in models:
        models[task.name] = PyfuncModel(task, own_tests(task).tiny_pipeline())
    return models[task.name]


def test_the_folder_is_the_list() -> None:
    files = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")}
    assert files == {task.name.replace("-", "_") for task in all_tasks()}


def test_descriptions_cost_no_torch() -> None:
    heavy = "{'torch', 'transformers', 'mlflow', 'numpy'}"
    code = f"import sys, flavor.tasks as tasks; tasks.all_tasks(); print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_found_by_its_name_and_aliases(task: Task) -> None:
    assert all(get_task(name) is task for name in (task.name, *task.aliases))


@pytest.mark.parametrize("task", TASKS)
def test_every_word_a_person_reads_is_there(task: Task) -> None:
    described = [*task.inputs, *task.outputs, *task.params]
    assert all(each.help.strip().endswith((".", "?")) for each in described), [each.name for each in described]
    assert task.title
    assert task.summary.endswith(".")
    assert isinstance(task.display, Display)


@pytest.mark.parametrize("task", TASKS)
def test_names_are_said_once(task: Task) -> None:
    for described in (task.inputs, task.outputs, task.params):
        names = [each.name for each in described]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("task", TASKS)
def test_example_and_defaults_pass_the_check(task: Task) -> None:
    assert check_rows(task, [task.example]) == [task.example]
    assert check_params(task, task.example_params) == task.example_params
    defaults = {each.name: each.default for each in task.params}
    assert check_params(task, defaults) == {name: value for name, value in defaults.items() if value is not None}


@pytest.mark.parametrize("task", TASKS)
def test_an_unknown_parameter_is_named_with_the_accepted_ones(task: Task) -> None:
    with pytest.raises(flavor.tasks.InvalidInput) as caught:
        check_params(task, {"tempreature": 1})
    assert caught.value.field == "params.tempreature"
    assert all(each.name in str(caught.value) for each in task.params)


@pytest.mark.parametrize("task", TASKS)
def test_signature_survives_json_and_says_nothing_unasked(task: Task) -> None:
    signature = signature_of(task)
    assert ModelSignature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature
    assert all(param.default in (None, []) for param in signature.params or [])


@pytest.mark.parametrize("task", TASKS)
def test_the_pipeline_class_is_the_one_described(task: Task, model: PyfuncModel) -> None:
    assert type(model.pipeline).__name__ == task.pipeline.rpartition(":")[2]
    assert all(getattr(model.pipeline, component) is not None for component in task.components)


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("task", TASKS)
def test_as_many_results_as_inputs(task: Task, model: PyfuncModel, count: int) -> None:
    results = model.run([task.example] * count, own_tests(task).PARAMS)
    assert len(results) == count
    assert all(result.error is None for result in results)


@pytest.mark.parametrize("task", TASKS)
def test_an_input_that_finds_nothing_is_answered_too(task: Task, model: PyfuncModel) -> None:
    own = own_tests(task)
    results = model.run([task.example, own.NOTHING, task.example], own.PARAMS)
    assert [result.error for result in results] == [None, None, None]
    assert all(isinstance(result.records, list) for result in results)


@pytest.mark.parametrize("task", TASKS)
def test_answers_have_the_fields_described_and_are_json(task: Task, model: PyfuncModel) -> None:
    answer = model.run([task.example], own_tests(task).PARAMS)[0].to_json()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    required = {each.name for each in task.outputs if each.required}
    known = {each.name for each in task.outputs}
    assert all(required <= set(record) <= known for record in answer["records"])


@pytest.mark.parametrize("task", TASKS)
def test_each_parameter_says_its_value_and_who_said_it(task: Task, model: PyfuncModel) -> None:
    own = own_tests(task)
    parameters = model.run([task.example], own.PARAMS)[0].parameters
    assert {name: parameters[name] for name in own.PARAMS} == {
        name: {"value": value, "source": "request"} for name, value in own.PARAMS.items()
    }
    assert {name for name, each in parameters.items() if each["source"] == "request"} == set(own.PARAMS)


@pytest.mark.parametrize("task", TASKS)
def test_rows_and_params_of_the_caller_are_not_changed(task: Task, model: PyfuncModel) -> None:
    row, params = dict(task.example), dict(own_tests(task).PARAMS)
    model.run([row], params)
    assert row == task.example
    assert params == own_tests(task).PARAMS


@pytest.mark.parametrize("task", TASKS)
def test_order_is_kept_whatever_the_batches(task: Task, model: PyfuncModel) -> None:
    own = own_tests(task)
    rows = [task.example, own.NOTHING, task.example, own.NOTHING]
    alone = [records_of(model, [row], own.PARAMS)[0] for row in rows]
    assert without_numbers(records_of(model, rows, own.PARAMS)) == without_numbers(alone)


@pytest.mark.parametrize("task", TASKS)
def test_cancelled_before_it_began_runs_nothing_and_says_so(task: Task, model: PyfuncModel) -> None:
    results = model.run([task.example] * 2, own_tests(task).PARAMS, should_stop=lambda: True)
    assert [result.error and result.error["code"] for result in results] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("task", TASKS)
def test_a_stream_ends_with_the_result(task: Task, model: PyfuncModel) -> None:
    *pieces, result = model.stream(task.example, own_tests(task).PARAMS)
    assert not isinstance(result, str)
    assert [rounded(json_safe(result.records))] == records_of(model, [task.example], own_tests(task).PARAMS)
    assert bool(pieces) == task.streams
    assert not pieces or "".join(pieces) == result.records[0][task.written]


@pytest.mark.parametrize("task", TASKS)
def test_stock_gets_its_shape_with_one_entry_per_input(task: Task) -> None:
    own = own_tests(task)
    stock = PyfuncModel(task, own.tiny_pipeline(), output="stock")
    assert len(stock.predict([task.example, own.NOTHING], own.PARAMS)) == getattr(own, "STOCK_LENGTH", 2)


@pytest.mark.parametrize("task", [param for param in TASKS if any(each.kind is Kind.TEXT for each in param.values[0].inputs)])
def test_a_text_far_over_the_models_length_is_cut_and_said_so_or_refused(task: Task, model: PyfuncModel) -> None:
    params, names = own_tests(task).PARAMS, [each.name for each in task.inputs if each.kind is Kind.TEXT]
    name = next((each for each in names if each in task.example), names[0])
    long = {**task.example, name: task.example.get(name, "") + " soup" * (model.token_limit or 1)}
    cut, short = model.run([long, task.example], params, on_error="row")
    assert cut.error is None or (cut.error["code"], cut.error["field"] in {name, *task.example}) == ("invalid-input", True)
    refused, _ = model.run([long, task.example], params, on_error="row", overlong="refuse")
    is_said = [each.code for each in cut.warnings if each.code == "input_truncated"]
    assert (refused.error or {}).get("code") == ("invalid-input" if is_said or cut.error else None)
    assert short.error is None


def without_numbers(value: Any) -> Any:
    """The value without its fractions, whose last digits depend on the batch."""
    if isinstance(value, dict):
        return {name: without_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_numbers(each) for each in value]
    return None if isinstance(value, float) else value


@pytest.fixture(scope="module")
def logged(store: MlflowClient) -> dict[str, ModelInfo]:
    return {}


@pytest.fixture
def info(task: Task, model: PyfuncModel, logged: dict[str, ModelInfo]) -> ModelInfo:
    """The task's tiny pipeline, logged once."""
    if task.name not in logged:
        logged[task.name] = flavor.log_model(model.pipeline, name="tiny", input_example=task.example)
    return logged[task.name]


@pytest.mark.parametrize("task", TASKS)
def test_a_logged_pipeline_answers_the_same_through_our_door(task: Task, model: PyfuncModel, info: ModelInfo) -> None:
    own = own_tests(task)
    loaded = flavor.load_pyfunc_model(str(folder_of(info)), device="cpu")
    rows = [task.example, own.NOTHING]
    assert type(loaded.pipeline) is type(model.pipeline)
    assert records_of(loaded, rows, own.PARAMS) == records_of(model, rows, own.PARAMS)


@pytest.mark.parametrize("task", TASKS)
def test_a_logged_pipeline_comes_back_as_a_pipeline_and_as_its_parts(task: Task, model: PyfuncModel, info: ModelInfo) -> None:
    pipeline = flavor.load_model(info.model_uri, device="cpu")
    assert (type(pipeline), pipeline.task) == (type(model.pipeline), task.name)
    parts = flavor.load_model(info.model_uri, return_type="components", device="cpu")
    kept = {name for name in (*task.components, "model") if getattr(model.pipeline, name, None) is not None}
    assert parts["task"] == task.name
    assert all(type(parts[name]) is type(getattr(model.pipeline, name)) for name in kept)


@pytest.mark.parametrize("task", TASKS)
def test_a_logged_pipeline_answers_the_same_through_stock_mlflow(task: Task, model: PyfuncModel, info: ModelInfo) -> None:
    own = own_tests(task)
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert not isinstance(loaded._model_impl, PyfuncModel)  # the copy in the artifact, not this package
    assert rounded(loaded.predict([task.example], params=own.PARAMS)) == records_of(model, [task.example], own.PARAMS)


@pytest.mark.parametrize("task", TASKS)
def test_facts_of_a_logged_pipeline_are_read_without_loading_it(task: Task, model: PyfuncModel, info: ModelInfo) -> None:
    facts = read_facts(*local_reader(folder_of(info)))
    assert (facts.task, facts.problem) == (task.name, "")
    assert facts.architecture == type(model.pipeline.model).__name__
    # Some parameters are computed and not kept (tables of positions), some values are kept and no parameters (running means).
    parameters = sum(each.numel() for each in set(model.pipeline.model.parameters()))
    assert facts.parameter_count == pytest.approx(parameters, rel=0.3)
    assert facts.input_example == checked_example(task, task.example)


@pytest.mark.parametrize("task", TASKS)
def test_a_checkpoint_of_the_task_is_logged_from_its_folder(task: Task, model: PyfuncModel, tmp_path: Path) -> None:
    own = own_tests(task)
    model.pipeline.save_pretrained(tmp_path / "checkpoint")
    flavor.save_model(tmp_path / "checkpoint", tmp_path / "saved", task=task.name)
    loaded = flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert records_of(loaded, [task.example], own.PARAMS) == records_of(model, [task.example], own.PARAMS)


def records_of(model: PyfuncModel, rows: list[Row], params: Row) -> Any:
    return rounded([json_safe(result.records) for result in model.run(rows, params)])


def rounded(value: Any) -> Any:
    """JSON without what may differ between two sums of the same floats: last digits, and pictures made of them."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items() if name not in ("base64", "sha256", "size_bytes")}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value
