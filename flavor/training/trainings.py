"""One call of `train()` as it is recorded: what it was told, what it measured, the models it made, how it ended."""

import logging
import time
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..abandoned import FAILURE_TAG
from . import arguments, data_sets, environment
from .data_sets import DataSets
from .models import Models, check
from .options import Checkpoints, Options
from .recorder import Recorder
from .runs import TrainingRun, leave_record
from .variables import Variables

logger = logging.getLogger(__name__)

NOT_LOGGED_TAG = "flavor.not_logged"
TRACEBACK_SIGNS = 60_000
MAX_PARAMS, MAX_METRICS = 100, 1000  # in one request
METRICS = "metrics"


@dataclass(frozen=True)
class Subject:
    """What is trained, and on what."""

    model: Any
    processor: Any
    args: Any
    train_data: Any = None
    held_out_data: Any = None


@dataclass
class Training:
    """A training on its way. Nothing here raises for MLflow's sake once it has begun."""

    run: TrainingRun
    options: Options
    subject: Subject
    variables: Variables
    is_resumed: bool = False
    recorder: Recorder = field(default_factory=Recorder)
    data: DataSets = field(default_factory=DataSets)
    saved: dict[int, Path] = field(default_factory=dict)  # the checkpoints of this training, by step
    models: Models = field(init=False)
    are_models_logged: bool = False
    _unsent: deque[Any] = field(default_factory=deque)  # metrics
    _measured: dict[int, dict[str, Any]] = field(default_factory=dict)  # of the steps that became checkpoints, and the newest

    def __post_init__(self) -> None:
        self.models = Models(self.run.run_id, self.options)

    def begin(self) -> None:
        """Record what is known before the first step. Raises InvalidInput for an option that does not fit the model."""
        from mlflow import MlflowClient  # heavy

        client, subject = MlflowClient(), self.subject
        if self.checkpoints is not Checkpoints.NONE and (why := check(subject.model, subject.processor, self.options)):
            logger.warning("The checkpoints of this training will not be logged as models: %s", why)
        self.data = (
            self.recorder.now("the data sets", data_sets.describe, subject.train_data, subject.held_out_data) or DataSets()
        )
        # Read now, sent later: the first step writes into the model's configuration.
        params = self.recorder.now("the params", arguments.params_of, subject.model, subject.args, self.variables)
        files = self.recorder.now("the files about the training", self._files)
        self.recorder.later("the params", self._log_params, client, params or {})
        self.recorder.later("the files about the training", self._log_files, client, files or {})
        if self.data.all:
            inputs = [each.as_input() for each in self.data.all]
            self.recorder.later("the data sets", client.log_inputs, self.run.run_id, inputs)

    @property
    def checkpoints(self) -> Checkpoints:
        """Which are logged: HF_MLFLOW_LOG_ARTIFACTS asks for all, where the options do not say otherwise."""
        chosen = Checkpoints(self.options.checkpoints)
        return Checkpoints.ALL if self.variables.logs_artifacts and chosen is Checkpoints.BEST_AND_LAST else chosen

    def log(self, logs: Mapping[str, Any], step: int) -> None:
        """Record what the Trainer tells."""
        metrics = metrics_of(logs, step, self.data)
        left_out = [key for key in logs if arguments.named(key) not in {each.key for each in metrics}]
        for key in left_out:
            self.recorder.note(f"the metric {key}", f"it is a {type(logs[key]).__name__}, and MLflow keeps numbers")
        self._measured = {each: kept for each, kept in self._measured.items() if each in (step, *self.saved)}
        self._measured.setdefault(step, {}).update({each.key: each for each in metrics})
        self._unsent.extend(metrics)
        if not self.recorder.is_busy:  # else they go with the next ones
            self.recorder.later(METRICS, self._send_metrics)

    def checkpoint(self, folder: Path, step: int) -> None:
        """Take notice of a checkpoint that was saved."""
        self.saved[step] = folder
        try:
            leave_record(folder, self.run)
        except OSError as error:
            self.recorder.note("in the checkpoint, which run wrote it", str(error))
        if self.checkpoints is Checkpoints.ALL:
            self._log_checkpoint(step)

    def log_models(self, state: Any, *, registers: bool) -> None:
        """Log what there is to log at the end: the best and the last checkpoint, else the model in memory."""
        if self.are_models_logged or self.checkpoints is Checkpoints.NONE:
            return
        self.are_models_logged = True
        last, best = max(self.saved, default=None), self._best(state)
        if self.run.is_continued:
            self.recorder.now("what the run logged before", self.models.find_logged)
        for step in sorted({each for each in (best, last) if each is not None}):
            self._log_checkpoint(step)
        if last is None and registers:
            last = state.global_step
            subject, what = self.subject, f"the model of step {last}"
            self.recorder.now(what, self.models.log_memory, subject.model, subject.processor, last, self._metrics_of(last))
        self.recorder.now("which model is best and which is last", self.models.mark, best=best, last=last)
        if registers and self.options.registered_model_name:
            self._register()

    def end(self, state: Any, error: BaseException | None) -> None:
        """End the run as the training ended. What is missing is said in the log and in a tag of the run."""
        is_interrupted = error is not None and _is_interruption(error)
        try:
            if is_interrupted:
                self.models.stop()
            elif state is not None:
                self.log_models(state, registers=error is None)
            if error is not None:
                self.recorder.now("why the training failed", self._log_failure, error)
            self.recorder.now(METRICS, self._send_metrics)
            if not self._unsent:
                self.recorder.forget(METRICS)
            self.recorder.close()
            self._say_what_is_missing()
        finally:
            self.run.end("FINISHED" if error is None else "KILLED" if is_interrupted else "FAILED")

    def _best(self, state: Any) -> int | None:
        """The step of the best checkpoint, None when no metric says which it is.

        One that this training did not save counts when it was resumed; else it was left in the folder by another.
        """
        if not state.best_model_checkpoint:
            return None
        folder = Path(state.best_model_checkpoint)
        step = int(folder.name.rpartition("-")[2])
        if self.is_resumed and folder.is_dir():
            self.saved.setdefault(step, folder)
        return step if step in self.saved else None

    def _log_checkpoint(self, step: int) -> None:
        what = f"the checkpoint of step {step}"
        metrics = self._metrics_of(step)
        self.recorder.now(what, self.models.log_checkpoint, self.saved[step], step, metrics, self.subject.model)

    def _metrics_of(self, step: int) -> list[Any] | None:
        """What was measured at a step; None, for MLflow to be asked, when that was before this training was resumed."""
        return list(self._measured[step].values()) if step in self._measured else None

    def _register(self) -> None:
        if self.models.best or self.models.last:
            self.recorder.now("the registered version", self.models.register)
        else:
            self.recorder.note("the registered version", "no model was logged that could be registered")

    def _send_metrics(self) -> None:
        """Send what has gathered. What cannot be sent stays for the next time, so an outage of the store leaves no gap."""
        from mlflow import MlflowClient  # heavy

        client = MlflowClient()
        while self._unsent:
            metrics = [self._unsent[place] for place in range(min(len(self._unsent), MAX_METRICS))]
            client.log_batch(self.run.run_id, metrics=metrics)
            for _ in metrics:
                self._unsent.popleft()

    def _log_params(self, client: Any, params: dict[str, str]) -> None:
        from mlflow.entities import Param  # heavy

        there = client.get_run(self.run.run_id).data.params  # a run that was used before keeps what it says
        new = [Param(key, value) for key, value in params.items() if key not in there]
        for start in range(0, len(new), MAX_PARAMS):
            client.log_batch(self.run.run_id, params=new[start : start + MAX_PARAMS])

    def _files(self) -> dict[str, str]:
        found = arguments.files_of(self.subject.model, self.subject.args)
        found["environment.json"] = environment.describe(self.subject.args)
        return {name: arguments.as_json(content) for name, content in found.items()}

    def _log_files(self, client: Any, files: dict[str, str]) -> None:
        for name, text in files.items():
            client.log_text(self.run.run_id, text, f"{self.run.folder}/{name}")

    def _log_failure(self, error: BaseException) -> None:
        from mlflow import MlflowClient  # heavy

        client = MlflowClient()
        client.set_tag(self.run.run_id, FAILURE_TAG, f"{type(error).__name__}: {error}"[:500])
        text = shortened("".join(traceback.format_exception(error)), TRACEBACK_SIGNS)
        client.log_text(self.run.run_id, text, f"{self.run.folder}/traceback.txt")

    def _say_what_is_missing(self) -> None:
        if not (missing := self.recorder.failures):
            return
        text = "\n".join(missing)
        logger.warning("This is not in MLflow's run %s:\n%s", self.run.run_id, text)
        from mlflow import MlflowClient  # heavy

        telling = Recorder()
        telling.now("what is missing", MlflowClient().set_tag, self.run.run_id, NOT_LOGGED_TAG, shortened(text, 5000))
        telling.close()


def metrics_of(logs: Mapping[str, Any], step: int, data: DataSets, model_id: str | None = None) -> list[Any]:
    """Return what the Trainer told as MLflow's metrics; what is no number is left out, as transformers does."""
    from mlflow.entities import Metric  # heavy

    now = int(time.time() * 1000)
    numbers = {key: number for key, value in logs.items() if (number := _number(value)) is not None}
    return [
        Metric(arguments.named(key), number, now, step, model_id, *(data.measured(key) or (None, None)))
        for key, number in numbers.items()
    ]


def shortened(text: str, signs: int) -> str:
    """Return a text of at most so many signs, without its middle."""
    if len(text) <= signs:
        return text
    head, tail = signs // 4, signs - signs // 4 - 30
    return f"{text[:head]}\n[… {len(text) - head - tail} signs …]\n{text[-tail:]}"


def _is_interruption(error: BaseException) -> bool:
    """Whether a training was ended on purpose: from outside, or by the search that tries it."""
    return not isinstance(error, Exception) or type(error).__name__ == "TrialPruned"  # optuna's


def _number(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    is_scalar = hasattr(value, "numel") and value.numel() == 1
    return float(value.item()) if is_scalar else None
