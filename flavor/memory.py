"""A model in memory as it is logged: its own `save_pretrained` writes it once, straight into the artifact."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .checkpoints import Folder, further_files
from .components import Parts, completed, quiet, task_of
from .flavor_config import COMPONENTS_FOLDER, MODEL_FOLDER, FlavorConfig
from .hub import is_hub_id
from .tasks import Task
from .tensor_files import written_by
from .weights import Writer


@dataclass(frozen=True)
class ModelInMemory:
    """The parts of a pipeline and what is said about them."""

    parts: Parts
    task: Task
    config: FlavorConfig
    card: str = ""
    license_file: Path | None = None

    def write(self, writer: Writer) -> FlavorConfig:
        """Save the parts into the artifact and return what is known of them afterwards. Raises Cancelled."""
        writer.stage("saving")
        if self.config.model_binary:
            save_model(self.parts.model, writer.folder / MODEL_FOLDER, writer)
            if self.parts.pipeline is not None:
                self.task.save_settings(self.parts.pipeline, writer.folder / MODEL_FOLDER)
        save_components(self.parts, writer)
        writer.stage("hashing")
        writer.adopt(MODEL_FOLDER, COMPONENTS_FOLDER)
        if self.config.model_binary:
            further = further_files(Path(getattr(self.parts.model, "name_or_path", "") or ""), self.task)
            missing = {f"{MODEL_FOLDER}/{name}": file for name, file in further.items()}
            writer.put({path: file for path, file in missing.items() if not (writer.folder / path).exists()})
        return self.config


def open_parts(parts: Parts, *, task: str | None = None) -> ModelInMemory:
    """Return parts in memory, checked. Raises InvalidInput naming what is missing."""
    architecture = type(parts.model).__name__
    chosen = task_of(parts, task, architecture)
    parts = completed(chosen, parts)
    config = FlavorConfig(
        task=chosen.name,
        instance_type=chosen.pipeline.rpartition(":")[2],
        model_type=architecture,
        torch_dtype=dtype_of(parts),
        components={name: type(component).__name__ for name, component in parts.components.items()},
        model_binary=MODEL_FOLDER,
        source_name=hub_id_of(parts.model),
    )
    return ModelInMemory(parts, chosen, config, card_beside(parts.model))


def save_model(model: Any, folder: Path, writer: Writer) -> None:
    """Write a model's weights and configurations into a folder."""
    size = bytes_of(model.state_dict())
    writer.expect(size)
    with quiet(), written_by(writer):
        model.save_pretrained(str(folder), max_shard_size=writer.shard_size(size))


def save_base(base: Any, state: dict[str, Any], folder: Path, writer: Writer) -> None:
    """Write a model that carries adapters in place as it was without them: `state` are its own weights."""
    carries = getattr(base, "_hf_peft_config_loaded", False)
    try:
        base._hf_peft_config_loaded = False  # else transformers would write the adapter only
        with quiet(), written_by(writer):
            base.save_pretrained(str(folder), state_dict=state, max_shard_size=writer.shard_size(bytes_of(state)))
    finally:
        base._hf_peft_config_loaded = carries


def bytes_of(state: dict[str, Any]) -> int:
    """Return the size of weights, those that are tied counted each time."""
    return sum(each.numel() * each.element_size() for each in state.values() if hasattr(each, "numel"))


def save_components(parts: Parts, writer: Writer) -> None:
    """Write tokenizer and processors into their folders of the artifact."""
    for name, component in parts.components.items():
        component.save_pretrained(str(writer.folder / COMPONENTS_FOLDER / name))


def dtype_of(parts: Parts) -> str:
    """Return the type that the model will be loaded in, as stock writes it: `torch.float32`."""
    said = str(parts.dtype or getattr(parts.model, "dtype", "") or "")
    return said if not said or said.startswith("torch.") else f"torch.{said}"


def hub_id_of(model: Any) -> str:
    """Return the Hub id from which a model was loaded, empty when it came from elsewhere: paths tell nothing later."""
    name = getattr(model, "name_or_path", "") or ""
    return name if name and is_hub_id(name) else ""


def card_beside(model: Any) -> str:
    """Return the README of the folder from which a model was loaded, empty when there is none."""
    folder = Path(getattr(model, "name_or_path", "") or "")
    return Folder(folder).card() if folder.name and (folder / "config.json").is_file() else ""
