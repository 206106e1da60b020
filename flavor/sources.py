"""What is given to be logged (a pipeline, parts, a folder, a Hub id), opened as something that can write itself."""

from pathlib import Path
from typing import Any, Protocol

from . import adapted, bases, hub, memory, peft, quantization
from .bases import FindLogged, FoundBase
from .checkpoints import FIELD, open_checkpoint
from .components import taken_apart
from .flavor_config import FlavorConfig
from .references import referring
from .tasks import Task
from .tasks._base import InvalidInput
from .weights import Writer


class Source(Protocol):
    """A model that is described and checked, and not yet written anywhere."""

    @property
    def task(self) -> Task: ...
    @property
    def config(self) -> FlavorConfig: ...
    @property
    def card(self) -> str: ...
    @property
    def license_file(self) -> Path | None: ...
    def write(self, writer: Writer) -> FlavorConfig: ...


def open_source(
    given: Any,
    *,
    task: str | None = None,
    processor: Any = None,
    base_model: str | None = None,
    base_model_path: str | None = None,
    save_pretrained: bool = True,
    quantization_config: Any = None,
    find_logged: FindLogged | None = None,
) -> Source:
    """Return what is given, after looking at everything that could be wrong with it. Only a Hub id uses the network.

    Raises FlavorError or InvalidInput naming the file or the component, and the way out.
    """
    base = _BaseFinder(base_model, base_model_path, find_logged, quantization.recorded(quantization_config))
    if isinstance(given, str | Path):
        return _open_folder(given, task, base, save_pretrained)
    parts = taken_apart(given, processor=processor)
    if adapted.has_adapters(parts.model):
        named = getattr(adapted.base_of(parts.model), "name_or_path", "") or ""
        base.refuse_quantization("A model in memory says itself how its base is quantised")
        return peft.open_adapted(parts, base.find_or_none(named), task=task, is_base_said=base.is_said)
    base.refuse("The model is no adapter")
    source = memory.open_parts(parts, task=task)
    return source if save_pretrained else referring(source)


def _open_folder(given: str | Path, task: str | None, base: "_BaseFinder", save_pretrained: bool) -> Source:
    text = str(given)
    text = text.replace("dbfs:", "/dbfs", 1) if text.startswith("dbfs:") else text
    folder, snapshot = Path(text.removeprefix("file://")).expanduser(), None
    if not folder.is_dir():
        if not hub.is_hub_id(text):
            raise InvalidInput(
                FIELD, f"There is no folder {text!r}; give the folder of a checkpoint or a Hub id such as org/name."
            )
        snapshot = hub.fetch(text, with_weights=save_pretrained)
        folder = snapshot.folder
    if peft.is_adapter(folder):
        return peft.open_adapter(folder, base.find(peft.base_named_in(folder)), task=task, quantized=base.quantized)
    base.refuse(f"{text} is no adapter")
    if snapshot is None and not save_pretrained:
        raise InvalidInput("save_pretrained", "a folder has no address on the Hub to refer to; leave save_pretrained out.")
    return open_checkpoint(folder, task=task, snapshot=snapshot, with_weights=save_pretrained)


class _BaseFinder:
    """What the caller said about an adapter's base."""

    def __init__(
        self, base_model: str | None, base_model_path: str | None, find_logged: FindLogged | None, quantized: dict[str, Any]
    ) -> None:
        if base_model and base_model_path:
            raise InvalidInput("base_model", "base_model and base_model_path both name the base; give one of them.")
        self.base_model = base_model
        self.base_model_path = base_model_path
        self.find_logged = find_logged
        self.quantized = quantized

    @property
    def is_said(self) -> bool:
        """Whether the caller named the base."""
        return bool(self.base_model or self.base_model_path)

    def refuse(self, why: str) -> None:
        """Raise InvalidInput when a base was named for something that has none."""
        for name in ("base_model", "base_model_path"):
            if getattr(self, name):
                raise InvalidInput(name, f"{why}, so {name} means nothing for it; leave it out.")
        self.refuse_quantization(why)

    def refuse_quantization(self, why: str) -> None:
        """Raise InvalidInput when a quantisation was said where it is known."""
        if self.quantized:
            raise InvalidInput("quantization_config", f"{why}, so quantization_config means nothing for it; leave it out.")

    def find(self, named: str) -> FoundBase:
        """Return the base the caller named, else the one that the adapter itself names."""
        if self.base_model_path:
            return bases.at_path(self.base_model_path)
        return bases.find(self.base_model or named, find_logged=self.find_logged)

    def find_or_none(self, named: str) -> FoundBase | None:
        """The same for a base that is in memory: None when it came from no place."""
        if self.is_said or (named and (Path(named).is_dir() or hub.is_hub_id(named))):
            return self.find(named)
        return None
