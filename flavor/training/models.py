"""The logged models of one training: its checkpoints by their folders, or its model from memory when it saved none."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import adapted, hub, quantization
from ..artifact_files import CONFIG
from ..artifact_writing import SaveRequest, open_request
from ..bases import ARTIFACT_SCHEMES
from ..errors import FlavorError
from ..logged_models import LogRequest, log
from ..memory import save_base
from ..peft import adapters_in, base_named_in
from ..tasks._base import InvalidInput
from ..weights import Writer
from .options import Options

STEP_TAG = "flavor.step"
BEST_TAG = "flavor.best"
LAST_TAG = "flavor.last"


@dataclass
class Models:
    """Those of one training in one run, by step."""

    run_id: str
    options: Options
    logged: dict[int, str] = field(default_factory=dict)  # step to model id
    best: str | None = None
    last: str | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Leave off logging: what is on its way ends FAILED."""
        self._stopped.set()

    def log_checkpoint(self, folder: Path, step: int, metrics: Sequence[Any] | None, model: Any) -> None:
        """Log the checkpoint in a folder; `model` is what is in memory, for the base of an adapter that is nowhere else."""
        if step in self.logged:
            return
        quantized = quantization.recorded(adapted.base_of(model)) if adapters_in(folder) else {}
        with _base_of(folder, model, self.options.base_model) as base_model, _with_config(folder, model) as source:
            self._log(str(source), step, metrics, base_model=base_model, quantization_config=quantized or None)

    def log_memory(self, model: Any, processor: Any, step: int, metrics: Sequence[Any] | None) -> None:
        """Log the model as it is in memory."""
        if step not in self.logged:
            self._log(model, step, metrics, processor=processor, base_model=self.options.base_model)

    def find_logged(self) -> None:
        """Remember what the run has logged already."""
        for each in self._search():
            if STEP_TAG in each.tags and each.status == "READY":
                self.logged.setdefault(int(each.tags[STEP_TAG]), each.model_id)

    def mark(self, *, best: int | None, last: int | None) -> None:
        """Tag the best and the last, and take the tags from those that were it before in this run."""
        from mlflow import MlflowClient  # heavy

        client = MlflowClient()
        self.best, self.last = (self.logged.get(-1 if step is None else step) for step in (best, last))
        for tag, model_id in ((BEST_TAG, self.best), (LAST_TAG, self.last)):
            if model_id is not None:
                for before in self._search(f" AND tags.`{tag}` = 'true'"):
                    client.delete_logged_model_tag(before.model_id, tag)
                client.set_logged_model_tags(model_id, {tag: "true"})

    def register(self) -> str | None:
        """Register the best, or the last where no metric says which is best. Returns its version."""
        from mlflow import MlflowClient, register_model  # heavy

        name, model_id = self.options.registered_model_name, self.best or self.last
        if name is None or model_id is None:
            return None
        version = register_model(f"models:/{model_id}", name, tags=self.options.plain_tags)
        if self.options.alias:
            MlflowClient().set_registered_model_alias(name, self.options.alias, version.version)
        return str(version.version)

    def _log(self, source: Any, step: int, metrics: Sequence[Any] | None, **further: Any) -> None:
        tags = {**self.options.plain_tags, STEP_TAG: str(step)}
        logging_request = LogRequest(name=f"checkpoint-{step}", run_id=self.run_id, step=step, tags=tags, metrics=metrics)
        request = SaveRequest(source, should_stop=self._stopped.is_set, **further, **self.options.for_the_model())
        self.logged[step] = log(logging_request, request).model_id

    def _search(self, also: str = "") -> list[Any]:
        from mlflow import MlflowClient  # heavy

        client = MlflowClient()
        experiment = client.get_run(self.run_id).info.experiment_id
        return list(client.search_logged_models([experiment], f"source_run_id = '{self.run_id}'{also}"))


def check(model: Any, processor: Any, options: Options) -> str:
    """Return why the checkpoints of a training cannot be logged, empty when nothing speaks against it.

    Raises InvalidInput for an option that does not fit the model, before hours are spent on training it.
    """
    has_adapters = adapted.has_adapters(model)
    if options.base_model and not has_adapters:
        raise InvalidInput("base_model", "the model has no adapters, so base_model means nothing for it; leave it out.")
    is_in_place = has_adapters and not adapted.is_peft_model(model)
    if is_in_place or getattr(model, "hf_device_map", None):
        return ""  # the checkpoint can be logged, though this cannot be looked at as it is in memory
    below = adapted.base_of(model) if has_adapters else model
    try:
        open_request(SaveRequest(below, processor=processor, **options.for_the_model()))
    except InvalidInput as error:
        if not error.field.startswith(("transformers_model", "processor")):
            raise
        return str(error)
    except FlavorError as error:
        return str(error)
    return ""


@contextmanager
def _base_of(folder: Path, model: Any, said: str | None) -> Iterator[str | None]:
    """Give the base to log an adapter with: what was said, what the adapter names, else the base in memory, saved for it."""
    is_adapter = bool(adapters_in(folder))
    if not is_adapter or said or _can_be_found(base_named_in(folder)):
        yield said if is_adapter else None
        return
    with tempfile.TemporaryDirectory(prefix="flavor-base-") as place:
        save_base(adapted.base_of(model), adapted.base_state(model), Path(place), Writer(Path(place)))
        yield place


@contextmanager
def _with_config(folder: Path, model: Any) -> Iterator[Path]:
    """Give the folder of a checkpoint; an adapter's with the configuration beside it, since that alone has the labels."""
    if not adapters_in(folder) or (folder / CONFIG).exists():
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="flavor-adapter-") as name:
        for each in folder.iterdir():
            (Path(name) / each.name).symlink_to(each.absolute())
        adapted.base_of(model).config.save_pretrained(name)
        yield Path(name)


def _can_be_found(named: str) -> bool:
    return bool(named) and (named.startswith(ARTIFACT_SCHEMES) or Path(named).is_dir() or hub.is_hub_id(named))
