"""How the run of a training ends, and which run it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from transformers import Trainer, TrainerCallback

import flavor
from flavor.tasks import InvalidInput
from flavor.training.runs import open_run
from flavor.training.variables import Variables

Make = Callable[..., Trainer]


class Raises(TrainerCallback):
    """Raises at a step."""

    def __init__(self, error: BaseException, step: int) -> None:
        self.error = error
        self.step = step

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.step:
            raise self.error


def traceback_of(store: MlflowClient, run_id: str, folder: str = "training") -> str:
    return Path(store.download_artifacts(run_id, f"{folder}/traceback.txt")).read_text(encoding="utf-8")


def test_a_crashed_training_ends_failed_with_its_traceback_and_the_checkpoints_it_saved(
    make_trainer: Make, runs_of: Callable, models_of: Callable, store: MlflowClient
) -> None:
    callback = flavor.TrainerCallback(registered_model_name="crashed")
    trainer = make_trainer(callback, Raises(ValueError("no luck " * 20_000), step=3), report_to="mlflow")
    with pytest.raises(ValueError, match="no luck"):
        trainer.train()
    (run,) = runs_of()
    assert run.info.status == "FAILED"
    assert run.data.tags["flavor.failure"].startswith("ValueError: no luck")
    text = traceback_of(store, run.info.run_id)
    assert "on_step_begin" in text
    assert len(text) <= 60_000
    assert models_of()["checkpoint-2"].tags["flavor.last"] == "true"
    assert run.data.metrics["loss"] > 0
    assert not store.search_registered_models("name = 'crashed'")


class TrialPruned(Exception):
    """As optuna's is called."""


@pytest.mark.parametrize("error", [KeyboardInterrupt(), TrialPruned()], ids=["interrupted", "pruned"])
def test_a_training_that_is_ended_from_outside_is_killed(
    make_trainer: Make, runs_of: Callable, models_of: Callable, error: BaseException
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(), Raises(error, step=1), save_steps=1)
    with pytest.raises(type(error)):
        trainer.train()
    (run,) = runs_of()
    assert (run.info.status, run.data.tags["flavor.failure"]) == ("KILLED", f"{type(error).__name__}: ")
    assert not models_of()


def test_a_training_begun_anew_with_a_smaller_batch_stays_one_run(make_trainer: Make, runs_of: Callable) -> None:
    class Narrow(Trainer):
        """Begins anew by itself, as accelerate lets a training do with `auto_find_batch_size`."""

        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            if len(inputs["labels"]) > 1:
                raise RuntimeError("CUDA out of memory.")
            return super().training_step(model, inputs, *rest)

        def _inner_training_loop(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super()._inner_training_loop(*args, **kwargs)
            except RuntimeError:
                self._train_batch_size = 1
                return super()._inner_training_loop(*args, **kwargs)

    make_trainer(flavor.TrainerCallback(checkpoints="none"), kind=Narrow, save_strategy="no", max_steps=1).train()
    (run,) = runs_of()
    assert run.info.status == "FINISHED"


def test_each_trial_of_a_search_has_a_run_below_the_active_one(experiment: str, runs_of: Callable) -> None:
    with mlflow.start_run() as search:
        for _ in range(2):
            open_run(Variables(), {}, name=None, is_trial=True, resumed=None, continues=False).end("FINISHED")
    trials = [run for run in runs_of() if run.data.tags.get("mlflow.parentRunId") == search.info.run_id]
    assert [run.info.status for run in trials] == ["FINISHED", "FINISHED"]


def test_a_run_of_the_callers_own_is_used_and_left_open_also_when_the_training_crashes(
    make_trainer: Make, runs_of: Callable, store: MlflowClient
) -> None:
    with mlflow.start_run() as run:
        with pytest.raises(ValueError, match="broken"):
            make_trainer(flavor.TrainerCallback(), Raises(ValueError("broken"), step=0), report_to="mlflow").train()
        assert mlflow.active_run().info.run_id == run.info.run_id
        assert store.get_run(run.info.run_id).info.status == "RUNNING"
        make_trainer(flavor.TrainerCallback(checkpoints="none"), save_strategy="no", max_steps=1, learning_rate=0.5).train()
    (run,) = runs_of()
    assert (run.info.status, run.data.tags["flavor.failure"]) == ("FINISHED", "ValueError: broken")
    assert "broken" in traceback_of(store, run.info.run_id)
    folders = {each.path for each in store.list_artifacts(run.info.run_id)}
    assert folders == {"training", "training-2"}
    assert run.data.params["learning_rate"] == "0.01"  # the first one's; those of the second are in its file


def test_a_second_training_of_one_trainer_has_a_whole_run_of_its_own(
    make_trainer: Make, runs_of: Callable, store: MlflowClient
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(tags={"team": "a"}, checkpoints="none"), report_to="mlflow", save_strategy="no")
    trainer.train()
    trainer.train()
    first, second = runs_of()
    assert set(first.data.params) == set(second.data.params)
    assert set(first.data.metrics) == set(second.data.metrics)
    assert second.data.tags["team"] == "a"
    assert [each.path for each in store.list_artifacts(second.info.run_id, "training")] == [
        each.path for each in store.list_artifacts(first.info.run_id, "training")
    ]


def test_a_resumed_training_says_which_run_it_goes_on_from_or_continues_it(
    make_trainer: Make, runs_of: Callable, models_of: Callable, store: MlflowClient
) -> None:
    with pytest.raises(ValueError, match="power"):
        make_trainer(flavor.TrainerCallback(), Raises(ValueError("power"), step=3), scores=(0.9,)).train()
    (first,) = runs_of()
    make_trainer(flavor.TrainerCallback(checkpoints="none"), max_steps=3, eval_strategy="no").train(resume_from_checkpoint=True)
    other = next(run for run in runs_of() if run.info.run_id != first.info.run_id)
    assert other.data.tags["flavor.resumed_from"] == first.info.run_id
    trainer = make_trainer(flavor.TrainerCallback(continue_run=True), scores=(0.5,))
    trainer.train(resume_from_checkpoint=str(Path(trainer.args.output_dir) / "checkpoint-2"))
    assert len(runs_of()) == 2
    run = store.get_run(first.info.run_id)
    assert run.info.status == "FINISHED"
    assert [each.step for each in store.get_metric_history(first.info.run_id, "loss")] == [1, 2, 3, 3, 4]
    models = models_of()
    assert models["checkpoint-2"].tags["flavor.best"] == "true"
    assert "flavor.last" not in models["checkpoint-2"].tags
    assert models["checkpoint-4"].tags["flavor.last"] == "true"


def test_a_run_that_is_not_here_cannot_be_continued(make_trainer: Make) -> None:
    trainer = make_trainer(flavor.TrainerCallback(continue_run=True), max_steps=3)
    make_trainer(max_steps=2).train()
    folder = Path(trainer.args.output_dir) / "checkpoint-2"
    (folder / "flavor_run.json").write_text(json.dumps({"run_id": "0" * 32}))
    with pytest.raises(
        InvalidInput,
        match=f"The run {'0' * 32}, which wrote the checkpoint, cannot be continued; leave continue_run out. .*not found",
    ):
        trainer.train(resume_from_checkpoint=str(folder))


def test_a_store_that_fails_meanwhile_neither_breaks_the_training_nor_leaves_a_gap(
    make_trainer: Make, runs_of: Callable, store: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    send, answers = MlflowClient.log_batch, iter([False])

    def sometimes(client: MlflowClient, run_id: str, **what: Any) -> Any:
        if any(each.step == 3 for each in what.get("metrics", ())) and not next(answers, True):
            raise MlflowException("The store is away.")
        return send(client, run_id, **what)

    def never(*_: Any, **__: Any) -> None:
        raise OSError("The disk is full.")

    monkeypatch.setattr(MlflowClient, "log_batch", sometimes)
    monkeypatch.setattr("flavor.training.models.log", never)
    trainer = make_trainer(flavor.TrainerCallback(registered_model_name="away"))
    assert trainer.train().global_step == 4
    (run,) = runs_of()
    assert run.info.status == "FINISHED"
    assert [each.step for each in store.get_metric_history(run.info.run_id, "loss")] == [1, 2, 3, 4]
    missing = run.data.tags["flavor.not_logged"].splitlines()
    assert missing == [
        "the checkpoint of step 4: OSError: The disk is full.",
        "the registered version: no model was logged that could be registered",
    ]
    assert f"This is not in MLflow's run {run.info.run_id}" in caplog.text


def test_a_training_whose_checkpoints_cannot_be_models_is_told_so_at_its_start_and_goes_on(
    make_trainer: Make, runs_of: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(), max_steps=2, has_tokenizer=False)
    trainer.train()
    assert "will not be logged as models: text-classification needs a tokenizer" in caplog.text
    (run,) = runs_of()
    assert run.info.status == "FINISHED"
    assert "has no tokenizer" in run.data.tags["flavor.not_logged"]
