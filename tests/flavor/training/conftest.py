"""Trainings of a few steps on a tiny model, each in an experiment of its own."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Run
from torch.utils.data import Dataset
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from tests import tiny_models

TEXTS = ("good soup", "bad soup", "the waiter was kind", "the soup was cold", "good", "bad", "kind", "cold")


class Sentences(Dataset):
    """Sentences as token ids, with the number of their class."""

    def __init__(self, tokenizer: Any, texts: tuple[str, ...] = TEXTS) -> None:
        self.rows = [{**tokenizer(text), "labels": number % 3} for number, text in enumerate(texts)]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self.rows[number]


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Every `train()` collects garbage first; what the suite holds by then need not be looked through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def experiment(store: MlflowClient, tmp_path: Path) -> str:
    """A new experiment, as MLflow's active one."""
    return mlflow.set_experiment(
        experiment_id=store.create_experiment(tmp_path.name, (tmp_path / "store").as_uri())
    ).experiment_id


@pytest.fixture
def make_trainer(experiment: str, tmp_path: Path) -> Callable[..., Trainer]:
    """Makes a Trainer of four steps that saves and evaluates after two and four; arguments of TrainingArguments change that.

    With `scores`, these are what the evaluations find, and the highest is the best.
    """

    def make(
        *callbacks: Any,
        kind: type[Trainer] = Trainer,
        arguments_kind: type[TrainingArguments] = TrainingArguments,
        model: Any = None,
        scores: tuple[float, ...] = (),
        has_tokenizer: bool = True,
        **arguments: Any,
    ) -> Trainer:
        pipeline, told = tiny_models.text_classification(), iter(scores)
        best = {"metric_for_best_model": "score", "greater_is_better": True} if scores else {}
        collator = DataCollatorWithPadding(pipeline.tokenizer)
        data = Sentences(pipeline.tokenizer)
        steps = {"save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 2, "logging_steps": 1}
        given = {"output_dir": str(tmp_path / "out"), "max_steps": 4, "per_device_train_batch_size": 2, "learning_rate": 0.01}
        usual = {"use_cpu": True, "disable_tqdm": True, "dataloader_pin_memory": False, "report_to": "none"}
        return kind(
            model=model if model is not None else pipeline.model,
            args=arguments_kind(**{**given, **usual, **steps, **best, **arguments}),
            train_dataset=data,
            eval_dataset=data,
            callbacks=list(callbacks) or None,
            processing_class=pipeline.tokenizer if has_tokenizer else None,
            data_collator=collator if has_tokenizer else collator.__call__,  # a method shows no tokenizer
            compute_metrics=(lambda _: {"score": next(told)}) if scores else None,
        )

    return make


@pytest.fixture
def runs_of(store: MlflowClient, experiment: str) -> Callable[[], list[Run]]:
    """The runs of this test's experiment, oldest first."""
    return lambda: list(store.search_runs([experiment], order_by=["attributes.start_time ASC"]))


@pytest.fixture
def models_of(store: MlflowClient, experiment: str) -> Callable[[], dict[str, LoggedModel]]:
    """The logged models of this test's experiment by name."""
    return lambda: {each.name: each for each in store.search_logged_models([experiment])}


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins and ends without an active run, and with nothing said in the environment."""
    for name in ("EXPERIMENT_NAME", "TAGS", "NESTED_RUN", "RUN_ID", "FLATTEN_PARAMS", "MAX_LOG_PARAMS"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    monkeypatch.delenv("HF_MLFLOW_LOG_ARTIFACTS", raising=False)
    yield
    assert mlflow.active_run() is None
