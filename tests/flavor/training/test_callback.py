"""What one training leaves in MLflow: a run with all about it, and its checkpoints as models."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
import torch
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from transformers import Seq2SeqTrainer, Trainer, set_seed

import flavor
from flavor.tasks import InvalidInput
from flavor.training.models import check
from flavor.training.options import Options
from tests import tiny_models

from ..conftest import files_of
from .conftest import Sentences

Make = Callable[..., Trainer]


def artifact(store: MlflowClient, run_id: str, path: str) -> Any:
    """A JSON file of a run."""
    return json.loads(Path(store.download_artifacts(run_id, path)).read_text(encoding="utf-8"))


def test_best_and_last_checkpoint_become_models_that_ours_and_stock_load(
    make_trainer: Make, models_of: Callable, runs_of: Callable, store: MlflowClient
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(tags={"team": "a"}), scores=(0.9, 0.5, 0.7), max_steps=6)
    trainer.train()
    (run,) = runs_of()
    models = models_of()
    best, last = models["checkpoint-2"], models["checkpoint-6"]
    assert len(models) == 2
    assert (best.tags["flavor.best"], best.tags["flavor.step"], best.tags["team"]) == ("true", "2", "a")
    assert (last.tags["flavor.last"], last.tags["flavor.step"]) == ("true", "6")
    assert {(each.model_id, each.step) for each in run.outputs.model_outputs} == {(best.model_id, 2), (last.model_id, 6)}
    assert (run.info.status, run.data.tags["team"], run.data.tags.get("flavor.not_logged")) == ("FINISHED", "a", None)
    folder = Path(best.artifact_location.removeprefix("file://"))
    assert not [
        name for name in files_of(folder) if name.rpartition("/")[2].startswith(("optimizer", "scheduler", "rng", "training_"))
    ]
    assert (folder / "components/tokenizer/tokenizer.json").is_file()
    expected = tiny_models.TextClassificationPipeline(model=trainer.model, tokenizer=trainer.processing_class)("good")
    assert flavor.load_model(last.model_uri, device="cpu")("good") == expected
    assert mlflow.transformers.load_model(last.model_uri, device="cpu")("good") == expected
    assert mlflow.pyfunc.load_model(best.model_uri).predict("good")


def test_metrics_of_a_checkpoint_are_its_own_with_the_data_set_they_were_measured_on(
    make_trainer: Make, models_of: Callable, runs_of: Callable
) -> None:
    make_trainer(flavor.TrainerCallback(), max_steps=2).train()
    (run,) = runs_of()
    sets = {each.dataset.name: each.dataset for each in run.inputs.dataset_inputs}
    contexts = {each.dataset.name: each.tags[0].value for each in run.inputs.dataset_inputs}
    assert contexts == {"train": "training", "eval": "evaluation"}
    profile = json.loads(sets["train"].profile)
    assert (profile["num_rows"], profile["features"]["input_ids"]) == (8, "list[int]")
    (model,) = models_of().values()
    metrics = {each.key: each for each in model.metrics}
    for key, name in (("loss", "train"), ("eval_loss", "eval")):
        assert (metrics[key].step, metrics[key].dataset_name, metrics[key].dataset_digest) == (2, name, sets[name].digest)
        assert metrics[key].value == run.data.metrics[key]


def test_alone_and_with_report_to_it_logs_what_transformers_logs_once(
    make_trainer: Make, runs_of: Callable, store: MlflowClient
) -> None:
    quick = {"save_strategy": "no", "max_steps": 2}
    make_trainer(report_to="mlflow", **quick).train()
    mlflow.flush_async_logging()
    make_trainer(flavor.TrainerCallback(checkpoints="none"), **quick).train()
    make_trainer(flavor.TrainerCallback(checkpoints="none"), report_to="mlflow", **quick).train()
    stock, alone, together = runs_of()
    differing = {"logging_dir", "report_to"}
    for ours in (alone, together):
        for key, value in stock.data.params.items():
            assert key in differing or ours.data.params[key] == value
        assert set(ours.data.metrics) == set(stock.data.metrics) >= {"loss", "eval_loss", "train_loss", "total_flos", "epoch"}
        assert ours.data.metrics["loss"] == stock.data.metrics["loss"]
        assert [each.step for each in store.get_metric_history(ours.info.run_id, "loss")] == [1, 2]
        assert ours.info.status == "FINISHED"


def test_what_params_cannot_hold_is_kept_whole_beside_them(make_trainer: Make, runs_of: Callable, store: MlflowClient) -> None:
    model = tiny_models.text_classification().model
    model.config.notes = "long " * 2000
    make_trainer(flavor.TrainerCallback(checkpoints="none"), model=model, save_strategy="no", max_steps=1, seed=7).train()
    (run,) = runs_of()
    assert "notes" not in run.data.params
    assert "flavor.not_logged" not in run.data.tags
    assert artifact(store, run.info.run_id, "training/model_config.json")["notes"] == "long " * 2000
    assert artifact(store, run.info.run_id, "training/arguments.json")["seed"] == 7
    environment = artifact(store, run.info.run_id, "training/environment.json")
    assert environment["packages"]["transformers"]
    assert (environment["device"], environment["seed"]) == ("cpu", 7)


def test_without_checkpoints_the_model_in_memory_is_logged_once(
    make_trainer: Make, models_of: Callable, runs_of: Callable
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(model_config={"top_k": 2}), save_strategy="no", max_steps=2)
    trainer.train()
    (model,) = models_of().values()
    assert (model.name, model.tags["flavor.last"]) == ("checkpoint-2", "true")
    assert "flavor.best" not in model.tags
    loaded = flavor.load_model(model.model_uri, device="cpu")
    assert torch.equal(loaded.model.classifier.weight, trainer.model.classifier.weight)
    assert [len(each) for each in mlflow.pyfunc.load_model(model.model_uri).predict(["good"])] == [2]


def test_all_checkpoints_are_logged_as_they_are_saved_and_outlive_them(
    make_trainer: Make, models_of: Callable, tmp_path: Path
) -> None:
    make_trainer(flavor.TrainerCallback(checkpoints="all"), max_steps=3, save_steps=1, save_total_limit=1).train()
    assert [each.name for each in (tmp_path / "out").glob("checkpoint-*")] == ["checkpoint-3"]
    models = models_of()
    assert set(models) == {"checkpoint-1", "checkpoint-2", "checkpoint-3"}
    assert flavor.load_model(models["checkpoint-1"].model_uri, device="cpu")("good")


def test_the_last_checkpoint_is_logged_though_the_trainer_keeps_the_best_only(
    make_trainer: Make, models_of: Callable, tmp_path: Path
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(), scores=(0.9, 0.5), save_total_limit=1, load_best_model_at_end=True)
    trainer.train()
    assert [each.name for each in (tmp_path / "out").glob("checkpoint-*")] == ["checkpoint-2"]
    models = models_of()
    assert (models["checkpoint-2"].tags["flavor.best"], models["checkpoint-4"].tags["flavor.last"]) == ("true", "true")


def test_a_checkpoint_that_another_training_left_is_not_taken_for_the_best(
    make_trainer: Make, models_of: Callable, tmp_path: Path
) -> None:
    make_trainer(max_steps=1, save_steps=1).train()
    assert (tmp_path / "out/checkpoint-1").is_dir()
    make_trainer(flavor.TrainerCallback(), eval_steps=1, save_steps=4, scores=(0.9, 0.5, 0.5, 0.5)).train()
    assert set(models_of()) == {"checkpoint-4"}


def test_the_best_is_registered_under_an_alias_when_asked(make_trainer: Make, models_of: Callable, store: MlflowClient) -> None:
    callback = flavor.TrainerCallback(registered_model_name="tuned", alias="champion", tags={"team": "a"})
    make_trainer(callback, scores=(0.9, 0.5)).train()
    version = store.get_model_version_by_alias("tuned", "champion")
    assert version.source == f"models:/{models_of()['checkpoint-2'].model_id}"
    assert version.tags["team"] == "a"
    assert flavor.load_model("models:/tuned@champion", device="cpu")("good")


def test_looking_at_the_data_changes_nothing_of_the_training(make_trainer: Make) -> None:
    class Noisy(Sentences):
        def __getitem__(self, number: int) -> dict[str, Any]:
            row = super().__getitem__(number)
            return {**row, "labels": int(torch.randint(3, ())) if random.random() < 0.5 else row["labels"]}

    def losses(*callbacks: Any) -> list[float]:
        trainer = make_trainer(*callbacks, save_strategy="no", eval_strategy="no", max_steps=1)
        trainer.train_dataset = Noisy(trainer.processing_class)
        set_seed(1)
        trainer.train()
        return [each["loss"] for each in trainer.state.log_history if "loss" in each]

    assert losses(flavor.TrainerCallback(checkpoints="none")) == losses()


def test_an_evaluation_after_the_training_goes_to_its_run_and_its_model(
    make_trainer: Make, models_of: Callable, runs_of: Callable
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(), report_to="mlflow", save_strategy="no", max_steps=1)
    trainer.train()
    trainer.evaluate(metric_key_prefix="test")
    (run,) = runs_of()
    assert run.data.metrics["test_loss"] > 0
    (model,) = models_of().values()
    assert "test_loss" in {each.key for each in model.metrics}


def test_trainers_of_other_classes_and_callbacks_added_late_do_the_same(
    make_trainer: Make, models_of: Callable, runs_of: Callable
) -> None:
    class Own(Seq2SeqTrainer):
        def train(self, *args: Any, **kwargs: Any) -> Any:
            return super().train(*args, **kwargs)

    from transformers import Seq2SeqTrainingArguments

    trainer = make_trainer(kind=Own, arguments_kind=Seq2SeqTrainingArguments, save_strategy="no", eval_strategy="no", max_steps=1)
    trainer.add_callback(flavor.TrainerCallback())
    trainer.train()
    (run,) = runs_of()
    assert (run.info.status, run.data.metrics["total_flos"] > 0) == ("FINISHED", True)
    assert set(models_of()) == {"checkpoint-1"}


def test_only_the_first_of_several_processes_logs(make_trainer: Make, runs_of: Callable) -> None:
    class Second(Trainer):
        def is_world_process_zero(self) -> bool:
            return False

    make_trainer(flavor.TrainerCallback(), kind=Second, report_to="mlflow", max_steps=2).train()
    assert runs_of() == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"checkpoints": "best"}, "checkpoints must be one of 'best_and_last', 'all', 'none', got 'best'"),
        ({"alias": "champion"}, "give registered_model_name too"),
        ({"registered_model_name": "a/b"}, "Names cannot contain '/'"),
        ({"registered_model_name": "a", "alias": "latest"}, "reserved"),
        ({"registered_model_name": "a", "checkpoints": "none"}, "checkpoints='none' logs no model"),
        ({"tags": {"team": ["a"]}}, r"tags\['team'\] must be a text"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        flavor.TrainerCallback(**options)
    with pytest.raises(MlflowException, match=said):
        flavor.autolog(**options)


def test_an_option_that_does_not_fit_the_model_is_refused_before_the_first_step(make_trainer: Make, runs_of: Callable) -> None:
    trainer = make_trainer(flavor.TrainerCallback(model_config={"top_k": "many"}))
    with pytest.raises(InvalidInput, match="top_k"):
        trainer.train()
    assert trainer.state.global_step == 0
    assert [run.info.status for run in runs_of()] == ["FAILED"]
    model, tokenizer = trainer.model, trainer.processing_class
    with pytest.raises(InvalidInput, match="which does text-classification"):
        check(model, tokenizer, Options(task="token-classification"))
    with pytest.raises(InvalidInput, match="the model has no adapters"):
        check(model, tokenizer, Options(base_model="org/base"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team=a", r"MLFLOW_TAGS is no JSON .*set it to an object"),
        ('["a"]', "MLFLOW_TAGS must be a JSON object"),
        ('{"team": {"name": "a"}}', r"MLFLOW_TAGS\['team'\] must be a text, a number or true or false"),
    ],
)
def test_tags_that_mlflow_would_refuse_stop_the_training_before_it_begins(
    make_trainer: Make, runs_of: Callable, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("MLFLOW_TAGS", text)
    with pytest.raises(InvalidInput, match=said):
        make_trainer(flavor.TrainerCallback(), report_to="mlflow").train()
    assert runs_of() == []


def test_the_environment_variables_of_transformers_mean_what_it_says(
    make_trainer: Make, store: MlflowClient, models_of: Callable, runs_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TAGS", '{"release": 1}')
    monkeypatch.setenv("MLFLOW_FLATTEN_PARAMS", "1")
    monkeypatch.setenv("HF_MLFLOW_LOG_ARTIFACTS", "TRUE")
    monkeypatch.setenv("MLFLOW_NESTED_RUN", "1")
    with mlflow.start_run() as parent:
        make_trainer(flavor.TrainerCallback(), max_steps=3, save_steps=1, run_name="child").train()
        assert mlflow.active_run().info.run_id == parent.info.run_id
    child = next(run for run in runs_of() if run.info.run_id != parent.info.run_id)
    assert (child.info.run_name, child.data.tags["mlflow.parentRunId"]) == ("child", parent.info.run_id)
    assert (child.data.tags["release"], child.data.params["id2label.0"]) == ("1", "NEGATIVE")
    assert len(models_of()) == 3
    monkeypatch.setenv("MLFLOW_MAX_LOG_PARAMS", "5")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "of the environment")
    make_trainer(flavor.TrainerCallback(checkpoints="none"), save_strategy="no", max_steps=1).train()
    (run,) = store.search_runs([store.get_experiment_by_name("of the environment").experiment_id])
    assert len(run.data.params) == 5
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    make_trainer(flavor.TrainerCallback(checkpoints="none"), save_strategy="no", max_steps=1).train()
    (run,) = store.search_runs([run.info.experiment_id])
    assert (run.info.status, run.data.tags["flavor.trainings"]) == ("FINISHED", "2")
