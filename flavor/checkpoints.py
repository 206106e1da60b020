"""A checkpoint on disk as it is logged: described by its configuration and its headers, copied file by file, never loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import component_files
from .architectures import architecture_of, choose_task, class_for, is_known_to_transformers
from .artifact_files import CONFIG, PICKLES, SAFETENSORS, ArtifactFiles, FileEntry, Unreadable, is_named
from .cards import split
from .component_files import COMPONENTS, TOKENIZER, Component
from .errors import ModelNotLoadable, UntrustedCode
from .flavor_config import COMPONENTS_FOLDER, MODEL_FOLDER, FlavorConfig
from .hub import Snapshot
from .plain_data import as_dict, as_text
from .safetensors_header import Tensors, read_tensors
from .tasks import Task
from .tasks._base import InvalidInput
from .weights import Writer

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
GENERATION_CONFIG = "generation_config.json"
README = "README.md"
FIELD = "transformers_model"


@dataclass(frozen=True)
class Checkpoint:
    """A folder that `save_pretrained` wrote, or a snapshot of the Hub. `plan` is what of it is kept: target path to file."""

    task: Task
    config: FlavorConfig
    card: str
    plan: dict[str, Path]
    license_file: Path | None = None

    def write(self, writer: Writer) -> FlavorConfig:
        """Bring the files into the artifact and return what is known of them afterwards. Raises Cancelled."""
        writer.expect(sum(path.stat().st_size for path in self.plan.values()))
        writer.stage("copying")
        writer.put(self.plan)
        return self.config


class Folder:
    """The files of a checkpoint folder, without what trainers leave beside them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = ArtifactFiles(*_reader(path))

    def json(self, name: str) -> dict[str, Any]:
        """Return a JSON file of the folder. Raises ModelNotLoadable naming it."""
        try:
            return as_dict(self.files.json(name))
        except Unreadable as error:
            raise ModelNotLoadable(f"In {self.path}: {error}") from error

    def card(self) -> str:
        """Return the folder's README with its front matter, empty when there is none that can be read."""
        try:
            text = self.files.text(README)
            split(text, README)
        except Unreadable:
            return ""
        return text

    def license_file(self) -> Path | None:
        names = sorted(name for name in self.files.sizes if name.upper().split(".")[0] in ("LICENSE", "LICENCE"))
        return self.path / names[0] if names else None


def open_checkpoint(
    path: Path, *, task: str | None = None, snapshot: Snapshot | None = None, with_weights: bool = True
) -> Checkpoint:
    """Return the checkpoint in a folder, after looking at everything that could be wrong with it.

    Without weights it becomes a reference to its snapshot of the Hub, with its components.
    Raises InvalidInput, ModelNotLoadable, UnsupportedTask or UntrustedCode naming the file and the way out.
    """
    folder = Folder(path)
    if CONFIG not in folder.files:
        raise InvalidInput(
            FIELD, f"{path / CONFIG} is missing, so this is no checkpoint; give the folder that save_pretrained wrote."
        )
    settings = folder.json(CONFIG)
    chosen = choose_task(task, architecture_of(settings), hint=_pipeline_tag(folder.card()), where=str(path))
    plan, tensors = model_plan(folder, chosen) if with_weights else ({}, None)
    components = find_components([folder], chosen)
    plan |= component_plan(components)
    model_type = class_for(chosen, settings)
    plan |= _code(folder, model_type, settings) if with_weights else {}
    config = FlavorConfig(
        task=chosen.name,
        instance_type=chosen.pipeline.rpartition(":")[2],
        model_type=model_type,
        torch_dtype=torch_dtype_of(settings) or (f"torch.{tensors.dtype}" if tensors and tensors.dtype else ""),
        components={name: kind for name, (kind, _) in components.items()},
        model_binary=MODEL_FOLDER if with_weights else "",
        source_name=snapshot.hub_id if snapshot else "",
        revision=snapshot.revision if snapshot else "",
        component_sources=references(components, snapshot) if snapshot and not with_weights else {},
        parameter_count=tensors.parameter_count if tensors else None,
        dtype=tensors.dtype if tensors else "",
    )
    return Checkpoint(chosen, config, folder.card(), plan, folder.license_file())


def model_plan(folder: Folder, task: Task) -> tuple[dict[str, Path], Tensors]:
    """Return which files of the folder make the model, and what its weights hold. Raises ModelNotLoadable, UntrustedCode."""
    weights = find_weights(folder)
    tensors = check_weights(folder, weights)
    plan = {name: folder.path / name for name in (CONFIG, GENERATION_CONFIG, *weights) if name in folder.files}
    return {f"{MODEL_FOLDER}/{name}": file for name, file in (plan | further_files(folder.path, task)).items()}, tensors


def references(components: Iterable[str], snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Return where stock finds the components of a reference: it reads none from the artifact."""
    return dict.fromkeys(components, (snapshot.hub_id, snapshot.revision))


def find_weights(folder: Folder) -> list[str]:
    """Return the weights files that loading reads: one, or an index with its shards.

    Raises ModelNotLoadable for a missing shard or no weights at all, UntrustedCode when there are only pickles.
    """
    if INDEX in folder.files:
        shards = sorted({str(each) for each in as_dict(folder.json(INDEX).get("weight_map")).values()})
        missing = [name for name in shards if name not in folder.files]
        if missing or not shards:
            raise ModelNotLoadable(
                f"{folder.path / INDEX} names {missing or 'no files'}, which is not there; copy the folder again."
            )
        return [INDEX, *shards]
    if WEIGHTS in folder.files:
        return [WEIGHTS]
    raise no_weights(folder, WEIGHTS)


def no_weights(folder: Folder, expected: str) -> Exception:
    """Return the error that fits a folder without the expected safetensors file."""
    pickles = [
        name for name in folder.files.named(*PICKLES) if is_named(name, "pytorch_model*", "adapter_model*", "model*", "tf_model*")
    ]
    if pickles:
        return UntrustedCode(
            f"{folder.path / pickles[0]} is a pickle, which can run any code when it is opened, and there is no {expected}; "
            "load the model where you trust it and write it with save_pretrained(), which makes safetensors."
        )
    others = folder.files.named(SAFETENSORS)
    found = f" (there is {others[0]})" if others else ""
    return ModelNotLoadable(f"There is no {expected} in {folder.path}{found}; save the model there with save_pretrained().")


def check_weights(folder: Folder, names: list[str]) -> Tensors:
    """Return what the headers of the weights files say. Raises ModelNotLoadable naming a file that is not whole."""
    try:
        tensors = read_tensors(folder.files, [name for name in names if is_named(name, SAFETENSORS)])
    except Unreadable as error:
        raise ModelNotLoadable(f"In {folder.path}: {error}") from error
    if tensors is None:
        raise ModelNotLoadable(f"{folder.path / names[-1]} cannot be read; check who may read it.")
    return tensors


def find_components(folders: Sequence[Folder], task: Task) -> dict[str, tuple[str, Folder]]:
    """Return class and folder of each component: all that the task needs, and where there is one, what it can do without.

    The first folder that has a component wins. Raises InvalidInput naming the files of one that is missing.
    """
    found = {}
    names = [_preferred(name, task, folders) for name in task.components]
    for component in COMPONENTS.values():
        holder = next((each for each in folders if component_files.is_there(component, each.files)), None)
        needed = component.name in names
        wanted = component is TOKENIZER or (
            component.name in task.optional_components and holder and _class_named(component, holder)
        )
        if holder and (needed or wanted):
            found[component.name] = (_class_of(component, holder), holder)
        elif needed:
            files = " or ".join(component.content[:2])
            word = component.name.replace("_", " ")
            raise InvalidInput(
                FIELD, f"{folders[0].path} has no {word} ({files}); save it there with {component.name}.save_pretrained()."
            )
    return found


def _preferred(name: str, task: Task, folders: Sequence[Folder]) -> str:
    """The component that goes before the one that a task needs, where a folder names its class; else that one."""
    other = COMPONENTS.get(task.alternatives.get(name, ""))
    return other.name if other and any(_class_named(other, folder) for folder in folders) else name


def component_plan(found: dict[str, tuple[str, Folder]]) -> dict[str, Path]:
    """Return which files go where for these components."""
    plan: dict[str, Path] = {}
    for name, (_, folder) in found.items():
        component = COMPONENTS[name]
        names = component_files.files_of(component, folder.files)
        if component_files.needs_config(component, folder.files):
            names = [*names, CONFIG]
        plan |= {f"{COMPONENTS_FOLDER}/{name}/{each}": folder.path / each for each in names}
    return plan


def further_files(folder: Path, task: Task) -> dict[str, Path]:
    """Return the files of a checkpoint that the task reads beside those that every model has."""
    return {name: folder / name for name in task.checkpoint_files if (folder / name).is_file()}


def torch_dtype_of(settings: dict[str, Any]) -> str:
    """Return the type that a config.json names, as stock writes it: `torch.float32`; empty when it names none."""
    named = as_text(settings.get("dtype") or settings.get("torch_dtype"))
    return f"torch.{named}" if named else ""


def _class_of(component: Component, folder: Folder) -> str:
    """The class for stock's block; the Auto class where no installed class has the name, or where its backend may be absent."""
    named = _class_named(component, folder)
    if component.name != "tokenizer" or not named or not is_known_to_transformers(named):
        return component.auto_class
    return named


def _class_named(component: Component, folder: Folder) -> str:
    try:
        return component_files.class_named_in(component, folder.files)
    except Unreadable as error:
        raise ModelNotLoadable(f"In {folder.path}: {error}") from error


def _code(folder: Folder, model_type: str, settings: dict[str, Any]) -> dict[str, Path]:
    """The folder's own modules, when the model's class is in them and not in transformers."""
    if is_known_to_transformers(model_type):
        return {}
    modules = [name for name in folder.files.named("*.py") if "/" not in name]
    if not (as_dict(settings.get("auto_map")) and modules):
        import transformers  # heavy

        raise ModelNotLoadable(
            f"{folder.path / CONFIG} names {model_type}, which transformers {transformers.__version__} does not have; "
            "upgrade transformers, or check `architectures` in the file."
        )
    return {f"{MODEL_FOLDER}/{name}": folder.path / name for name in modules}


def _pipeline_tag(card: str) -> str:
    return as_text(split(card)[0].get("pipeline_tag")) if card else ""


def _reader(path: Path) -> tuple[list[FileEntry], Any]:
    """The files of the folder itself and of its chat templates; links are followed, as the cache of the Hub needs it."""
    found = [each for each in path.iterdir() if each.is_file()]
    chats = path / "additional_chat_templates"
    found += list(chats.glob("*.jinja")) if chats.is_dir() else []
    entries = [FileEntry(each.relative_to(path).as_posix(), each.stat().st_size) for each in found]

    def read(name: str, limit: int | None) -> bytes | None:
        try:
            with (path / name).open("rb") as file:
                return file.read(-1 if limit is None else limit)
        except OSError:
            return None

    return entries, read
