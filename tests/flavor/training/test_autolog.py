"""`flavor.autolog()`: trainings are recorded without a word at the Trainer."""

from collections.abc import Callable, Iterator
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from transformers import Trainer
from transformers.integrations import MLflowCallback

import flavor
from flavor.tasks import InvalidInput

Make = Callable[..., Trainer]

QUICK = {"save_strategy": "no", "max_steps": 1}


@pytest.fixture(autouse=True)
def _off_again() -> Iterator[None]:
    yield
    flavor.autolog(disable=True)


def test_every_trainer_is_recorded_until_it_is_switched_off(make_trainer: Make, runs_of: Callable, models_of: Callable) -> None:
    class Own(Trainer):
        pass

    trainer = make_trainer(kind=Own, **QUICK)
    flavor.autolog(tags={"team": "a"})
    flavor.autolog(tags={"team": "b"})
    trainer.train()
    (run,) = runs_of()
    assert (run.info.status, run.data.tags["team"]) == ("FINISHED", "b")
    assert run.data.metrics["total_flos"] > 0
    assert len(run.data.params) > 100
    assert set(models_of()) == {"checkpoint-1"}
    flavor.autolog(disable=True)
    trainer.train()
    make_trainer(**QUICK).train()
    assert len(runs_of()) == 1


def test_a_callback_of_the_trainers_own_goes_before(make_trainer: Make, runs_of: Callable, models_of: Callable) -> None:
    flavor.autolog()
    make_trainer(flavor.TrainerCallback(checkpoints="none"), **QUICK).train()
    assert len(runs_of()) == 1
    assert not models_of()


def test_a_crash_is_seen_and_the_next_training_begins_anew(make_trainer: Make, runs_of: Callable) -> None:
    flavor.autolog(checkpoints="none")
    trainer = make_trainer(**QUICK, scores=(0.5,), eval_steps=1)
    trainer.compute_metrics = lambda _: 1 / 0
    with pytest.raises(ZeroDivisionError):
        trainer.train()
    trainer.compute_metrics = None
    trainer.args.metric_for_best_model = None
    trainer.train()
    assert [run.info.status for run in runs_of()] == ["FAILED", "FINISHED"]


def test_autologging_of_mlflow_beside_it_doubles_nothing(make_trainer: Make, runs_of: Callable, store: MlflowClient) -> None:
    try:
        flavor.autolog(checkpoints="none")
        mlflow.transformers.autolog(silent=True)
        trainer = make_trainer(**QUICK)
        trainer.train()
    finally:
        mlflow.transformers.autolog(disable=True, silent=True)
    (run,) = runs_of()
    assert [each.step for each in store.get_metric_history(run.info.run_id, "loss")] == [1]
    assert [type(each) for each in trainer.callback_handler.callbacks if isinstance(each, MLflowCallback)] == [
        flavor.TrainerCallback
    ]


def test_the_variable_that_switches_mlflow_off_is_heeded(
    make_trainer: Make, runs_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISABLE_MLFLOW_INTEGRATION", "TRUE")
    flavor.autolog()
    make_trainer(**QUICK).train()
    assert not runs_of()
    with pytest.raises(InvalidInput, match="DISABLE_MLFLOW_INTEGRATION says that no training is recorded; unset it"):
        flavor.TrainerCallback()


def test_two_callbacks_on_one_trainer_are_refused(make_trainer: Make) -> None:
    with pytest.raises(InvalidInput, match="has 2 callbacks that record its training; give it one"):
        make_trainer(flavor.TrainerCallback(), flavor.TrainerCallback(), **QUICK).train()


def test_an_option_that_does_not_exist_is_named_with_those_that_do() -> None:
    unknown: dict[str, Any] = {"log_models": True}
    with pytest.raises(InvalidInput, match=r"'log_models' is no option .* registered_model_name, alias, checkpoints"):
        flavor.autolog(**unknown)
    with pytest.raises(TypeError, match="log_models"):
        flavor.TrainerCallback(**unknown)
