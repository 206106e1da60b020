"""The callback that records a training of the Trainer in MLflow."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers.integrations import MLflowCallback, is_mlflow_available
from transformers.trainer_utils import get_last_checkpoint

from ..errors import as_mlflow_does
from ..tasks._base import InvalidInput
from . import variables, watching
from .chance import put_back
from .data_sets import DataSets
from .options import Checkpoints, Options
from .recorder import Recorder
from .runs import open_run
from .trainings import Subject, Training, metrics_of

_DISTURBING = ("sklearn", "tensorflow", "pytorch")  # autologging that would make runs of what a training uses inside
_FINAL = {"train_loss", "train_runtime"}  # in what the Trainer tells when it is done

_OFF = (
    "The environment variable DISABLE_MLFLOW_INTEGRATION says that no training is recorded; unset it, or leave "
    "flavor.TrainerCallback out. flavor.autolog() heeds it without a word."
)


class TrainerCallback(MLflowCallback):
    """Records each `train()` in one MLflow run: params, metrics, data sets, environment, best and last checkpoint as models.

    It is transformers' own MLflow callback in all that this documents: the names of params and metrics, the environment
    variables. With `report_to="mlflow"` it takes that callback's place when the training begins; without it, it does the same.

    registered_model_name   the best checkpoint, or the last where no metric says which is best, becomes its next version
    alias                   set on that version
    checkpoints             "best_and_last"; "all", each as soon as it is saved; or "none"
    model_config, task, prompt_template, model_card, license, signature, input_example, base_model
                            as `flavor.log_model` takes them
    tags                    of the run, the logged models and the version
    continue_run            a training resumed from a checkpoint goes on in the run that wrote it

    Raises InvalidInput, which is an MlflowException here, for a wrong option: here or when `train()` is called.
    """

    def __init__(
        self,
        registered_model_name: str | None = None,
        alias: str | None = None,
        checkpoints: str = Checkpoints.BEST_AND_LAST,
        model_config: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        task: str | None = None,
        prompt_template: str | None = None,
        model_card: Any = None,
        license: str | None = None,
        signature: Any = None,
        input_example: Any = None,
        base_model: str | None = None,
        continue_run: bool = False,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        with as_mlflow_does():
            if not is_mlflow_available():
                raise InvalidInput("callbacks", _OFF)
            self.options = Options.of(given)
        super().__init__()
        self._trainer: Any = None
        self._resumed: Path | None = None
        self._training: Training | None = None
        self._before: Training | None = None  # the one that ended, for what is evaluated after it
        watching.install()

    def __del__(self) -> None:
        """Do nothing: transformers' own ends here, as FINISHED, a run that its training has left open."""

    @contextmanager
    def watching(self, trainer: Any, resume_from_checkpoint: Any) -> Iterator[None]:
        """Be around the training of `trainer`, which this is a callback of."""
        if self._trainer is not None:  # a `train` that calls another one
            yield
            return
        with as_mlflow_does():
            variables.read()
        self._take_place(trainer)
        self._trainer, self._resumed = trainer, _resumed(resume_from_checkpoint, trainer.args.output_dir)
        from mlflow.utils.autologging_utils import disable_discrete_autologging  # heavy

        try:
            with disable_discrete_autologging(list(_DISTURBING)):
                yield
        except BaseException as error:
            self._end(trainer.state, error)
            raise
        else:
            self._end(trainer.state, None)
        finally:
            self._trainer = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **seen: Any) -> None:
        """Open the run and record what is known."""
        if not state.is_world_process_zero or self._training is not None:  # the latter: begun anew with a smaller batch
            return
        with as_mlflow_does(), put_back():
            found = variables.read()
            run = open_run(
                found,
                self.options.plain_tags,
                name=args.run_name,
                is_trial=state.is_hyper_param_search,
                resumed=self._resumed,
                continues=self.options.continue_run,
            )
            subject = self._subject(args, model, seen)
            self._training = Training(run, self.options, subject, found, is_resumed=self._resumed is not None)
            try:
                self._training.begin()
            except InvalidInput as error:
                self._end(None, error)
                raise

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, model: Any = None, **seen: Any) -> None:
        """Record metrics, and the models when these are the last ones: afterwards the Trainer may remove a checkpoint."""
        if not state.is_world_process_zero or not logs:
            return
        if self._training is None:
            self._log_outside(args, state, logs)
            return
        self._training.log(logs, state.global_step)
        if control.should_training_stop and logs.keys() >= _FINAL:
            self._training.log_models(state, registers=True)

    def on_save(self, args: Any, state: Any, control: Any, **seen: Any) -> None:
        """Take notice of a checkpoint."""
        if self._training is not None:
            self._training.checkpoint(_folder(args.output_dir, state.global_step), state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **seen: Any) -> None:
        """End the training of a Trainer that nobody is around; the others end when `train` returns."""
        if self._training is not None and self._trainer is None:
            self._end(state, None)

    def _end(self, state: Any, error: BaseException | None) -> None:
        training, self._training = self._training, None
        if training is not None:
            self._before = training
            training.end(state, error)

    def _subject(self, args: Any, model: Any, seen: dict[str, Any]) -> Subject:
        trainer = self._trainer
        collator = getattr(seen.get("train_dataloader"), "collate_fn", None) if trainer is None else trainer.data_collator
        return Subject(
            model=model,
            processor=seen.get("processing_class") or getattr(collator, "tokenizer", None),  # as the Trainer saves it
            args=args,
            train_data=getattr(seen.get("train_dataloader"), "dataset", None) if trainer is None else trainer.train_dataset,
            held_out_data=None if trainer is None else trainer.eval_dataset,
        )

    def _take_place(self, trainer: Any) -> None:
        """Go first, so that others find the run active and nobody takes total_flos out of what is told; stand in for stock's."""
        callbacks = trainer.callback_handler.callbacks
        kept = [each for each in callbacks if each is not self and type(each) is not MLflowCallback]
        callbacks[:] = [self, *kept]

    def _log_outside(self, args: Any, state: Any, logs: Mapping[str, Any]) -> None:
        """Record an evaluation that is part of no training: in the active run, else in that of the training before it."""
        import mlflow  # heavy

        before, active = self._before, mlflow.active_run()
        run_id = active.info.run_id if active else before.run.run_id if before else None
        if run_id is None:
            return
        model_id = None
        if before is not None and run_id == before.run.run_id:
            model_id = before.models.best if args.load_best_model_at_end else before.models.last
        metrics = metrics_of(logs, state.global_step, before.data if before else DataSets(), model_id)
        recorder = Recorder()
        recorder.now("metrics", mlflow.MlflowClient().log_batch, run_id, metrics=metrics)
        recorder.close()


def _resumed(given: Any, output_dir: str) -> Path | None:
    """The folder of the checkpoint that the training goes on from."""
    folder = get_last_checkpoint(output_dir) if given is True and Path(output_dir).is_dir() else given
    return Path(folder) if folder else None


def _folder(output_dir: str, step: int) -> Path:
    """The folder of the checkpoint just saved; the trials of a search have folders of their own."""
    name = f"checkpoint-{step}"
    places = [place for place in (Path(output_dir) / name, *Path(output_dir).glob(f"*/{name}")) if place.is_dir()]
    return max(places, key=lambda place: place.stat().st_mtime_ns, default=Path(output_dir) / name)
