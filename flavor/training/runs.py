"""The MLflow run of one training: begun, found or continued, and ended with what really happened."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..tasks._base import InvalidInput
from .variables import Variables

if TYPE_CHECKING:
    from mlflow import ActiveRun

logger = logging.getLogger(__name__)

RECORD = "flavor_run.json"  # in a checkpoint's folder: the run that wrote it
TRAININGS_TAG = "flavor.trainings"  # how many there were in this run
RESUMED_TAG = "flavor.resumed_from"


@dataclass(frozen=True)
class TrainingRun:
    """A run and who ends it: the one who began it."""

    run_id: str
    is_ours: bool
    number: int = 1  # of this training among those of the run
    is_continued: bool = False  # by a training that was resumed from a checkpoint of an earlier one

    @property
    def folder(self) -> str:
        """The folder of this training's files among the artifacts of the run."""
        return "training" if self.number == 1 else f"training-{self.number}"

    def end(self, status: str) -> None:
        """End the run when it is ours; a run that was active before belongs to whoever began it."""
        import mlflow  # heavy
        from mlflow.exceptions import MlflowException

        if not self.is_ours:
            return
        active = mlflow.active_run()
        try:
            if active is not None and active.info.run_id == self.run_id:
                mlflow.end_run(status)
            else:  # somebody began another one above it, or ended it already
                mlflow.MlflowClient().set_terminated(self.run_id, status)
        except MlflowException as error:
            logger.warning("The run %s stays RUNNING in MLflow though it is %s: %s", self.run_id, status, error.message)


def open_run(
    variables: Variables, tags: dict[str, str], *, name: str | None, is_trial: bool, resumed: Path | None, continues: bool
) -> TrainingRun:
    """Return the run to record in: the active one, the one that is continued, or a new one, which then is active.

    Raises InvalidInput when the run to continue is not in this store, MlflowException when the store cannot be reached.
    """
    import mlflow  # heavy
    from mlflow.entities import RunTag

    client = mlflow.MlflowClient()
    active = mlflow.active_run()
    before = _recorded_in(resumed) if resumed else None
    # The trials of a search share their parent's run in transformers, where the params of all but the first are refused.
    is_nested = variables.is_nested or (is_trial and active is not None)
    tags = {**variables.tags, **tags, **({RESUMED_TAG: before} if before else {})}
    is_continued = bool(continues and before and not variables.run_id)
    if active is not None and not is_nested and not variables.run_id:
        run, is_ours, is_continued = active, False, active.info.run_id == before
    elif is_continued:
        run, is_ours = _continue(str(before), is_nested=is_nested), True
    else:
        if variables.experiment_name:
            mlflow.set_experiment(variables.experiment_name)  # for the whole process, as transformers does
        run, is_ours = mlflow.start_run(run_name=name, nested=is_nested), True
    run_id = run.info.run_id
    number = int(client.get_run(run_id).data.tags.get(TRAININGS_TAG, 0)) + 1
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in {**tags, TRAININGS_TAG: str(number)}.items()])
    return TrainingRun(run_id, is_ours, number, is_continued)


def leave_record(folder: Path, run: TrainingRun) -> None:
    """Say in a checkpoint's folder which run wrote it, so that a resumed training can continue that run."""
    (folder / RECORD).write_text(json.dumps({"run_id": run.run_id}), encoding="utf-8")


def _recorded_in(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / RECORD).read_text(encoding="utf-8"))["run_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _continue(run_id: str, *, is_nested: bool) -> "ActiveRun":
    import mlflow  # heavy
    from mlflow.exceptions import MlflowException

    try:
        return mlflow.start_run(run_id=run_id, nested=is_nested)
    except MlflowException as error:
        raise InvalidInput(
            "continue_run",
            f"The run {run_id}, which wrote the checkpoint, cannot be continued; leave continue_run out. {error.message}",
        ) from error
