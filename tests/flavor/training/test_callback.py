"""What one training leaves in MLflow: a run with all about it, and its checkpoints as models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from transformers import Trainer

import flavor

from ..conftest import files_of

Make = Callable[..., Trainer]


def test_best_and_last_checkpoint_become_models_that_ours_and_stock_load(
    make_trainer: Make, models_of: Callable, runs_of: Callable, store: MlflowClient
) -> None:
    trainer = make_trainer(flavor.TrainerCallback(tags={"team": "a"}), metric_for_best_model="loss", greater_is_better=True)
    trainer.train()
    (run,) = runs_of()
    assert (run.info.status, run.data.tags.get("flavor.not_logged")) == ("FINISHED", None)
    models = models_of()
    print(models.keys(), trainer.state.best_global_step)
    for model in models.values():
        print(model.tags, [(m.key, m.value, m.step, m.dataset_name, m.dataset_digest) for m in model.metrics])
    print(run.outputs, run.inputs, run.data.metrics)
    print(store.list_artifacts(run.info.run_id, "training"))
