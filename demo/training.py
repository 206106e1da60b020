"""Train one demo model with the Hugging Face Trainer, follow it in MLflow, and save a plain checkpoint."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

from . import Demo, get_demo
from .recipe import Recipe

EXPERIMENT = "demo"
SEED = 20

Report = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]


class TrainingStopped(Exception):
    """The training was asked to stop before it was done."""


def train(
    report: Report,
    should_stop: ShouldStop,
    *,
    demo: str,
    output_dir: str,
    tracking_uri: str,
    max_steps: int = -1,
    **size: Any,
) -> dict[str, Any]:
    """Train `demo`, save it under `output_dir` and return what logging it needs (keywords of `submit_log`).

    A demo with a base reads it from the folder of that name beside `output_dir`.
    `max_steps` and `size`, keywords of the demo's `prepare`, make less of it (tests). Raises TrainingStopped, with the MLflow run marked killed.
    """
    chosen = get_demo(demo)
    set_seed(SEED)
    report(_progress("composing data", None, None))
    recipe = _recipe(chosen, Path(output_dir), size)
    with _tracked(tracking_uri, run_name=chosen.name) as run_id:
        _fit(recipe, report, should_stop, Path(output_dir), max_steps=max_steps)
        report(_progress("measuring", None, None))
        figures = recipe.measure()
        mlflow.log_metrics(figures)
        card = recipe.card(figures)
        _save(recipe, card, Path(output_dir))
    return {
        "source": str(output_dir),
        "task": recipe.task,
        "registered_model": chosen.registered_model,
        "alias": chosen.alias,
        "card": card,
        "prompt_template": recipe.prompt_template,
        "model_config": recipe.model_config,
        "input_example": recipe.input_example,
        "as_components": recipe.as_components,
        "run_id": run_id,
        "metrics": figures,
    }


def _recipe(demo: Demo, output_dir: Path, size: dict[str, Any]) -> Recipe:
    prepare = import_module(f"demo.{demo.module}").prepare
    return prepare(base=output_dir.parent / demo.base, **size) if demo.base else prepare(**size)


def _fit(recipe: Recipe, report: Report, should_stop: ShouldStop, output_dir: Path, *, max_steps: int) -> None:
    trainer = Trainer(
        model=recipe.model,
        args=_arguments(recipe, output_dir, max_steps=max_steps),
        data_collator=recipe.collate,
        train_dataset=recipe.examples,
        eval_dataset=recipe.held_out,
        callbacks=[_Reporter(report, should_stop)],
    )
    trainer.train()
    if should_stop():
        raise TrainingStopped(f"The training was stopped at step {trainer.state.global_step}.")


def _arguments(recipe: Recipe, output_dir: Path, *, max_steps: int) -> TrainingArguments:
    schedule = recipe.schedule
    return TrainingArguments(
        output_dir=str(output_dir),
        num_train_epochs=schedule.epochs,
        max_steps=max_steps,
        per_device_train_batch_size=schedule.batch_size,
        per_device_eval_batch_size=128,
        learning_rate=schedule.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=schedule.warmup_steps,
        weight_decay=schedule.weight_decay,
        label_smoothing_factor=schedule.label_smoothing,
        train_sampling_strategy="group_by_length" if recipe.sorts_by_length else "random",
        eval_strategy="epoch",
        logging_steps=20,
        save_strategy="no",
        report_to=["mlflow"],
        disable_tqdm=True,
        remove_unused_columns=False,
        use_cpu=True,  # small enough, and the forked child of a worker with a GPU starts faster without it
        dataloader_pin_memory=False,
        seed=SEED,
    )


class _Reporter(TrainerCallback):
    """Tells how far the training is and stops it when asked."""

    def __init__(self, report: Report, should_stop: ShouldStop) -> None:
        self.report = report
        self.should_stop = should_stop

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step % 5 == 0 or state.global_step == state.max_steps:
            self.report(_progress("training", state.global_step, state.max_steps))
        if self.should_stop():
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "eval_loss" in logs:
            self.report({"line": f"step {state.global_step}: held-out loss {logs['eval_loss']:.4f}"})


def _progress(stage: str, done: int | None, total: int | None) -> dict[str, Any]:
    return {"stage": stage, "done": done, "total": total, "unit": "steps"}


@contextmanager
def _tracked(tracking_uri: str, *, run_name: str) -> Iterator[str]:
    """Open a run of the demo experiment at `tracking_uri`; restore the former address afterwards."""
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    # A word per missing git executable or long parameter helps nobody who only starts the demo.
    logging.getLogger("transformers.integrations.integration_utils").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(tracking_uri)
    try:
        experiment = mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(experiment_id=experiment.experiment_id, run_name=run_name) as run:
            try:
                yield run.info.run_id
            except TrainingStopped:
                mlflow.end_run("KILLED")
                raise
            finally:
                mlflow.flush_async_logging()
    finally:
        mlflow.set_tracking_uri(before or "")


def _save(recipe: Recipe, card: str, output_dir: Path) -> None:
    recipe.model.save_pretrained(output_dir)
    recipe.processor.save_pretrained(output_dir)
    (output_dir / "README.md").write_text(card, encoding="utf-8")
