"""What logging, loading and predicting do not do unless they are asked to, in whatever thread they are called."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import mlflow
import pytest
import torch
from mlflow import MlflowClient
from mlflow.models import Model

import flavor
from flavor.tasks import get_task
from tests import tiny_models
from tests.flavor.conftest import forward_calls

torch.set_num_threads(1)


def carried(folder: Path) -> set[str]:
    """The names of the params in the signature of a saved model."""
    return {each.name for each in Model.load(str(folder)).signature.params}


def test_a_model_is_logged_without_running_it_even_with_an_example(store: MlflowClient) -> None:
    pipeline = tiny_models.text_classification()
    with forward_calls(pipeline.model) as calls:
        info = flavor.log_model(pipeline, name="unasked", input_example=("good", {"top_k": 1}))
    assert calls == []
    assert {each.name for each in info.signature.params} == {"top_k", "function_to_apply"}


def test_the_params_are_in_the_signature_whatever_thread_saves(tmp_path: Path) -> None:
    pipeline = tiny_models.text_generation()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(flavor.save_model, pipeline, tmp_path / "elsewhere", input_example="Once").result()
    flavor.save_model(pipeline, tmp_path / "here", input_example="Once")
    assert carried(tmp_path / "elsewhere") == carried(tmp_path / "here")
    assert {"max_new_tokens", "temperature", "stop"} <= carried(tmp_path / "elsewhere")


@pytest.mark.parametrize(("kind", "alias"), [("text-classification", "sentiment-analysis"), ("token-classification", "ner")])
def test_a_pipeline_under_another_name_of_its_task_has_the_tasks_signature(tmp_path: Path, kind: str, alias: str) -> None:
    pipeline = tiny_models.pipeline_for(kind)
    pipeline.task = alias
    flavor.save_model(pipeline, tmp_path / "saved")
    assert Model.load(str(tmp_path / "saved")).flavors["transformers"]["task"] == kind
    assert carried(tmp_path / "saved") == {each.name for each in get_task(kind).params}


def test_threads_that_log_at_once_link_each_model_to_its_own_run(store: MlflowClient) -> None:
    experiment = store.create_experiment("at once")
    pipeline = tiny_models.text_classification()
    runs = [store.create_run(experiment).info.run_id for _ in range(2)]
    together = Barrier(2)

    def log(run_id: str) -> str:
        together.wait()
        return str(flavor.log_model(pipeline, name="at-once", run_id=run_id).model_id)

    with ThreadPoolExecutor(2) as pool:
        logged = list(pool.map(log, runs))
    assert [store.get_logged_model(model_id).source_run_id for model_id in logged] == runs
    assert [[each.model_id for each in store.get_run(run).outputs.model_outputs] for run in runs] == [[each] for each in logged]
    assert mlflow.active_run() is None


def test_params_that_are_followed_are_no_reason_to_warn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    flavor.save_model(tiny_models.text_classification(), tmp_path / "saved")
    model = mlflow.pyfunc.load_model(str(tmp_path / "saved"))
    with caplog.at_level(logging.WARNING):
        assert model.predict(["good"], params={"top_k": 1})
    assert caplog.messages == []


def test_a_model_is_fetched_once_when_it_is_loaded(store: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    info = flavor.log_model(tiny_models.text_classification(), name="fetched")
    fetched: list[str] = []
    download = mlflow.artifacts.download_artifacts

    def counted(*arguments: str, **options: str) -> str:
        fetched.append(options["artifact_uri"])
        return str(download(*arguments, **options))

    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", counted)
    assert flavor.load_model(info.model_uri, device="cpu")("good")
    assert fetched == [info.model_uri]
