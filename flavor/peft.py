"""Adapters as they are logged: from a folder or from memory, with their base only when that is nowhere else."""

import logging
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import adapter_heads, quantization
from .adapted import active_of, adapter_folders, adapters_of, base_of, base_state, embeddings_of, save_adapters, saved_modules
from .architectures import architecture_of, choose_task, class_for, tasks_of
from .artifact_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS, CONFIG
from .bases import FoundBase
from .checkpoints import (
    FIELD,
    GENERATION_CONFIG,
    Checkpoint,
    Folder,
    check_weights,
    component_plan,
    find_components,
    find_weights,
    no_weights,
    torch_dtype_of,
)
from .components import Parts, completed, task_of
from .flavor_config import ADAPTER_FOLDER, COMPONENTS_FOLDER, MODEL_FOLDER, FlavorConfig
from .memory import card_beside, dtype_of, hub_id_of, save_base, save_components
from .plain_data import as_text
from .references import first_changed
from .safetensors_header import Tensors
from .tasks import Task, all_tasks
from .tasks._adapters import with_adapters
from .tasks._base import InvalidInput
from .weights import Writer

logger = logging.getLogger(__name__)

_OF_TRAINING = re.compile(r"checkpoint-\d+")  # beside the adapter that a training ended with

# peft's task types (peft/utils/peft_types.py) and the Auto class of the model that such an adapter sits on.
_AUTO_MODELS = {
    "SEQ_CLS": "AutoModelForSequenceClassification",
    "TOKEN_CLS": "AutoModelForTokenClassification",
    "CAUSAL_LM": "AutoModelForCausalLM",
    "SEQ_2_SEQ_LM": "AutoModelForSeq2SeqLM",
    "QUESTION_ANS": "AutoModelForQuestionAnswering",
    "FEATURE_EXTRACTION": "AutoModel",
}


@dataclass(frozen=True)
class AdapterInMemory:
    """A model with adapters as it is logged: its adapters, its components, and its base when that is nowhere else."""

    parts: Parts
    task: Task
    config: FlavorConfig
    card: str = ""
    license_file: Path | None = None
    with_embeddings: bool = False  # when the vocabulary grew beyond the base's
    base_plan: dict[str, Path] = field(default_factory=dict)  # files of a base that is copied rather than saved

    def write(self, writer: Writer) -> FlavorConfig:
        """Save adapters, components and what must be kept of the base. Raises Cancelled."""
        model = self.parts.model
        writer.stage("saving the adapter")
        save_adapters(model, writer.folder / ADAPTER_FOLDER, with_embeddings=self.with_embeddings)
        if self.base_plan:
            writer.expect(sum(path.stat().st_size for path in self.base_plan.values()))
            writer.put(self.base_plan)
        elif self.config.model_binary:
            save_base(base_of(model), base_state(model), writer.folder / MODEL_FOLDER, writer)
        save_components(self.parts, writer)
        writer.stage("hashing")
        writer.adopt(ADAPTER_FOLDER, *(() if self.base_plan else (MODEL_FOLDER,)), COMPONENTS_FOLDER)
        return self.config


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds adapters rather than a whole model."""
    return bool(adapters_in(folder)) and not any(folder.glob("model*.safetensors"))


def adapters_in(folder: Path) -> dict[str, Path]:
    """Return the adapters that peft wrote into a folder by name: `default` at its top, others below."""
    return {name: place for name, place in adapter_folders(folder).items() if not _OF_TRAINING.fullmatch(name)}


def base_named_in(folder: Path) -> str:
    """Return the base that an adapter's folder names. Raises InvalidInput when its adapters name several."""
    named = {as_text(Folder(each).json(ADAPTER_CONFIG).get("base_model_name_or_path")) for each in adapters_in(folder).values()}
    if len(named) > 1:
        raise InvalidInput(FIELD, f"The adapters in {folder} are on several bases ({', '.join(sorted(named))}); log them apart.")
    return named.pop()


def open_adapter(path: Path, base: FoundBase, *, task: str | None = None, quantized: dict[str, Any] | None = None) -> Checkpoint:
    """Return the adapters in a folder, on a base that was found and is loaded `quantized` by the adapters.

    Raises InvalidInput, ModelNotLoadable, UnsupportedTask or UntrustedCode naming the file and the way out.
    """
    quantization.check_known(quantized or {})
    folder, below = Folder(path), Folder(base.folder)
    settings = below.json(CONFIG)
    adapters = {name: Folder(place) for name, place in adapters_in(path).items()}
    chosen = _task(next(iter(adapters.values())), settings, task)
    tensors = [_checked(each) for each in adapters.values()]
    components = find_components([folder, below, *_beside(base, chosen)], chosen)
    plan = {
        f"{ADAPTER_FOLDER}/{file.relative_to(path).as_posix()}": file
        for each in adapters.values()
        for file in (each.path / ADAPTER_CONFIG, each.path / ADAPTER_WEIGHTS)
    }
    plan |= component_plan(components) | (_copied_base(below) if base.to_copy else {})
    config = FlavorConfig(
        task=chosen.name,
        instance_type=chosen.pipeline.rpartition(":")[2],
        model_type=class_for(chosen, settings),
        torch_dtype=torch_dtype_of(settings),
        components={name: kind for name, (kind, _) in components.items()},
        adapters=tuple(adapters),
        active_adapter=next(iter(adapters)),
        base_answers=not adapter_heads.is_lacked(adapter_heads.heads_in(each.files for each in adapters.values()), below.files),
        labels=adapter_heads.labels_in(next(iter(adapters.values())).files, settings),
        quantization=quantized or quantization.in_folder(base.folder),
        parameter_count=sum(each.parameter_count for each in tensors),
        dtype=tensors[0].dtype,
        **_base_fields(base),
    )
    task_here = with_adapters(chosen, config.adapters, config.active_adapter, base_answers=config.base_answers)
    return Checkpoint(task_here, config, folder.card(), plan, folder.license_file())


def open_adapted(parts: Parts, base: FoundBase | None, *, task: str | None = None, is_base_said: bool = False) -> AdapterInMemory:
    """Return a model with adapters, checked. A base that cannot be found again, or is another in memory, is saved with it.

    Raises InvalidInput, also when the base that the caller said is not the one in memory.
    """
    model, below = parts.model, base_of(parts.model)
    base_answers = base is None or not adapter_heads.is_lacked(_heads_of(model), Folder(base.folder).files)
    base = _same_base(model, base, is_said=is_base_said)
    chosen = task_of(parts, task, type(below).__name__)
    parts = completed(chosen, parts)
    fields = _base_fields(base) if base else {"adapter_folder": ADAPTER_FOLDER, "model_binary": MODEL_FOLDER}
    config = FlavorConfig(
        task=chosen.name,
        instance_type=chosen.pipeline.rpartition(":")[2],
        model_type=type(below).__name__,
        torch_dtype=dtype_of(replace(parts, model=below)),
        components={name: type(component).__name__ for name, component in parts.components.items()},
        adapters=adapters_of(model),
        active_adapter=active_of(model),
        base_answers=base_answers,
        labels=adapter_heads.labels_beyond(below.config.to_dict(), Folder(base.folder).json(CONFIG)) if base else {},
        quantization=quantization.recorded(below),
        **{"source_name": hub_id_of(below), **fields},
    )
    grew = base is not None and _vocabulary_grew(below, base.folder)
    task_here = with_adapters(chosen, config.adapters, config.active_adapter, base_answers=config.base_answers)
    plan = _copied_base(Folder(base.folder)) if base and base.to_copy else {}
    return AdapterInMemory(parts, task_here, config, card_beside(model), with_embeddings=grew, base_plan=plan)


def _same_base(model: Any, base: FoundBase | None, *, is_said: bool) -> FoundBase | None:
    """The base that was found if it is the one in memory, None when that must be saved. Raises InvalidInput."""
    method = quantization.method_of(quantization.recorded(base_of(model)))
    if method and base is None:
        raise InvalidInput(
            "base_model",
            f"The base is quantised by {method} and came from no folder and no Hub id, so it cannot be found again, and its "
            "packed weights cannot be saved apart from the adapter's; say base_model= where it is as it was before.",
        )
    if method or base is None:
        return base
    changed = first_changed(_weights_of_base(model, base), base.folder)
    if changed and is_said:
        raise InvalidInput(
            "base_model",
            f"{base.base.name or base.folder} is not the base in memory: they differ in {changed}; name the base that the "
            "adapter was trained on, or leave it out to save the one in memory.",
        )
    if changed and not base.to_copy:
        logger.warning("The base in memory differs from %s in %s, so it is saved with the adapter.", base.base.name, changed)
    return None if changed or base.to_copy else base


def _heads_of(model: Any) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the weights that the adapters of a model in memory bring whole."""
    own = saved_modules(model)
    state = base_state(model) if own else {}
    return {name: tuple(tensor.shape) for name, tensor in state.items() if name.startswith(own)}


def _weights_of_base(model: Any, base: FoundBase) -> dict[str, Any]:
    """The weights of the base in memory, but for those that are saved with the adapter: whole modules, embeddings that grew."""
    below, own = base_of(model), saved_modules(model)
    state = {name: tensor for name, tensor in base_state(model).items() if not name.startswith(own)}
    if not _vocabulary_grew(below, base.folder):
        return state
    grown = {each.weight.data_ptr() for each in embeddings_of(below) if each is not None}
    return {name: tensor for name, tensor in state.items() if tensor.data_ptr() not in grown}


def _task(folder: Folder, base_settings: dict[str, Any], asked: str | None) -> Task:
    """The task asked for, else the one whose models peft's task type names, else the base's."""
    said = folder.json(ADAPTER_CONFIG)
    auto_model = _AUTO_MODELS.get(as_text(said.get("task_type")), "")
    able = [each for each in all_tasks() if auto_model and each.auto_model == auto_model]
    if asked is None and len(able) == 1:
        return able[0]
    architecture = architecture_of(base_settings)
    if able and not set(able) & set(tasks_of(architecture)):  # a base whose head is another, or that has none
        architecture = auto_model.removeprefix("Auto")
    return choose_task(asked, architecture, where=str(folder.path))


def _beside(base: FoundBase, task: Task) -> list[Folder]:
    """The folders in which a logged base keeps its components."""
    folders = [base.artifact / COMPONENTS_FOLDER / name for name in task.components] if base.artifact else []
    return [Folder(each) for each in folders if each.is_dir()]


def _checked(adapter: Folder) -> Tensors:
    """What an adapter's weights hold. Raises ModelNotLoadable, UntrustedCode."""
    if ADAPTER_WEIGHTS not in adapter.files:
        raise no_weights(adapter, ADAPTER_WEIGHTS)
    return check_weights(adapter, [ADAPTER_WEIGHTS])


def _copied_base(folder: Folder) -> dict[str, Path]:
    weights = find_weights(folder)
    check_weights(folder, weights)
    kept = [name for name in (CONFIG, GENERATION_CONFIG, *weights) if name in folder.files]
    return {f"{MODEL_FOLDER}/{name}": folder.path / name for name in kept}


def _vocabulary_grew(model: Any, base: Path) -> bool:
    before = Folder(base).json(CONFIG).get("vocab_size")
    return isinstance(before, int) and before != getattr(model.config, "vocab_size", before)


def _base_fields(base: FoundBase) -> dict[str, Any]:
    """What is recorded of a base: the base, or that its weights lie in the artifact."""
    common = {"adapter_folder": ADAPTER_FOLDER, "base": base.base}
    if base.to_copy:
        return common | {"model_binary": MODEL_FOLDER}
    if base.base.hub_id:
        return common | {"source_name": base.base.hub_id, "revision": base.base.revision}
    return common
