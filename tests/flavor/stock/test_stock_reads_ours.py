"""What we write has the keys of what stock writes, and stock opens it, where the contract says so without our package."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient

import flavor
from flavor.flavor_config import OURS
from tests import tiny_models
from tests.flavor.test_models_serve import WITHOUT_FLAVOR, rounded

from .layouts import BY_STOCK, COMMIT, LAYOUTS, Saved, mlmodel_of, save

# Reads cases from the standard input, loads and predicts by stock and writes what it is told, as one that never heard of us.
PROGRAM = """
import base64, json, sys
import mlflow.pyfunc, mlflow.transformers

def opened(value):
    return [base64.b64decode(each["bytes"]) if isinstance(each, dict) and "bytes" in each else each for each in value] \\
        if isinstance(value, list) else value

answers = {}
for name, case in json.load(sys.stdin).items():
    model = mlflow.pyfunc.load_model(case["folder"])
    answer = model.predict(opened(case["asked"]), params=case["params"] or None)
    native = mlflow.transformers.load_model(case["folder"], return_type=case["native"], device="cpu")
    answers[name] = {"answer": answer, "native": type(native).__name__}
try:
    import flavor
except ImportError:
    assert "flavor" not in sys.modules
    print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a checkpoint that the cache of the Hub holds too, in a process that works offline."""
    cache = tmp_path_factory.mktemp("hub")
    repository = cache / "models--org--tiny"
    snapshot = tiny_models.save_checkpoint("text-classification", repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
        patch.setattr("mlflow.transformers.flavor_config.get_latest_commit_for_repo", lambda _: COMMIT)  # asks the Hub
        yield snapshot


@pytest.fixture(scope="module")
def saved(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    """Every layout, by stock and by us."""
    return {name: save(name, hub, tmp_path_factory.mktemp("saved")) for name in LAYOUTS}


@pytest.fixture(scope="module")
def answers(saved: dict[str, Saved], hub: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process that cannot import our package is told by the models that we saved."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "sitecustomize.py").write_text(WITHOUT_FLAVOR)
    cases = {
        name: {"folder": str(saved[name].ours), "asked": _plain(layout.asked), "params": layout.params, "native": layout.native}
        for name, layout in LAYOUTS.items()
    }
    cache = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(hub.parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **cache, "PYTHONPATH": str(folder), "MLFLOW_DISABLE_TELEMETRY": "true"},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _plain(asked: Any) -> Any:
    """Inputs as JSON holds them."""
    if isinstance(asked, list):
        return [{"bytes": base64.b64encode(each).decode()} if isinstance(each, bytes) else each for each in asked]
    return asked


@pytest.mark.parametrize("name", LAYOUTS)
def test_stock_loads_and_predicts_where_our_package_is_not_installed(
    saved: dict[str, Saved], answers: dict[str, Any], name: str
) -> None:
    layout = LAYOUTS[name]
    expected = flavor._load_pyfunc(str(saved[name].ours)).predict(layout.asked, params=layout.params)
    assert rounded(timeless(answers[name]["answer"])) == rounded(timeless(json.loads(json.dumps(expected))))
    loaded = flavor.load_model(str(saved[name].ours), return_type=layout.native, device="cpu")
    assert answers[name]["native"] in [each.__name__ for each in type(loaded).__mro__]


def timeless(value: Any) -> Any:
    """An answer without what is new in each: ids and times."""
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items() if name not in ("id", "created")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", LAYOUTS)
def test_stocks_own_load_opens_it(saved: dict[str, Saved], name: str) -> None:
    layout = LAYOUTS[name]
    loaded = mlflow.transformers.load_model(str(saved[name].ours), return_type=layout.native, device="cpu")
    ours = flavor.load_model(str(saved[name].ours), return_type=layout.native, device="cpu")
    if layout.native == "components":
        assert loaded.keys() - {"device", "dtype"} == ours.keys()
        assert same_weights(loaded["model"], ours["model"])
        return
    assert type(loaded) in type(ours).__mro__
    assert same_weights(loaded.model, ours.model)
    for component in ("tokenizer", "feature_extractor"):
        assert type(getattr(loaded, component)) is type(getattr(ours, component))
    assert same_weights(loaded.model, layout.given(saved[name].base).model if name != "components" else ours.model)


def same_weights(one: Any, other: Any) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(bool((first[key] == second[key]).all()) for key in first)


def said_by_stock(block: dict[str, Any]) -> dict[str, Any]:
    """A flavor's block as stock writes it, without what ours says otherwise on purpose."""
    kept = {key: value for key, value in block.items() if key != "loader_module"}  # ours: its copy in code/
    if "config" in kept:  # ours decides that when it predicts, and answers of "stock" output say it too
        kept["config"] = {key: value for key, value in kept["config"].items() if key != "return_full_text"}
    return kept


@pytest.mark.parametrize("name", BY_STOCK)
def test_each_key_of_stock_is_there_and_says_the_same(saved: dict[str, Saved], name: str) -> None:
    stock, ours = mlmodel_of(saved[name].stock), mlmodel_of(saved[name].ours)
    assert stock.keys() <= ours.keys()
    assert set(ours["flavors"]) == {*stock["flavors"], OURS}
    for flavor_name, block in stock["flavors"].items():
        written = said_by_stock(block)
        assert {key: ours["flavors"][flavor_name].get(key) for key in written} == written
    assert ours.get("metadata") == stock.get("metadata")


def test_a_model_logged_by_an_outside_script_loads_by_its_address(store: MlflowClient) -> None:
    pipeline = tiny_models.text_classification()
    info = mlflow.transformers.log_model(pipeline, name="outside", pip_requirements=["mlflow"])
    assert flavor.load_model(info.model_uri, device="cpu")("good") == pipeline("good")
    records = flavor.load_pyfunc_model(info.model_uri, device="cpu").run([{"text": "good"}])[0].records
    assert records[0] == pytest.approx(pipeline("good")[0])


@pytest.mark.parametrize("name", BY_STOCK)
def test_what_stock_saves_in_this_run_loads_here(saved: dict[str, Saved], name: str) -> None:
    layout = LAYOUTS[name]
    found = flavor.load_model(str(saved[name].stock), return_type="model", device="cpu")
    assert same_weights(found, flavor.load_model(str(saved[name].ours), return_type="model", device="cpu"))
    assert layout.native == "pipeline"
