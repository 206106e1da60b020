"""From the files of an artifact to objects of transformers: weights by one `from_pretrained`, components by their Auto class."""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import adapter_heads, hub
from .architectures import is_known_to_transformers
from .artifact_files import CONFIG, SAFETENSORS, ArtifactFiles, Unreadable, local_files
from .bases import locate
from .component_files import COMPONENTS, FEATURE_EXTRACTOR, IMAGE_PROCESSOR
from .components import quiet
from .devices import BUILT_IN_KERNELS, Placement
from .errors import FlavorError, MissingDependency, ModelNotLoadable
from .flavor_config import COMPONENTS_FOLDER, FlavorConfig
from .safetensors_header import list_tensors
from .tasks import find_task
from .tasks._base import InvalidInput

logger = logging.getLogger(__name__)

# In an ImportError, and in the ValueError about a class of which no backend is installed.
_MISSED = re.compile(
    r"requires the (\S+) library but it was not found|Missing optional dependencies: ([\w-]+)"
    r"|pip install (?:-U )?([A-Za-z][\w-]*)"
)

_OLD_NAME = re.compile(r'("image_processor_type":\s*"\w+)FeatureExtractor(?=")')
# Stock saves the base of an adapter as peft has wrapped it, and then cannot find its weights.
_WRAPPED = {r"\.base_layer\.": ".", r"\.original_module\.": "."}


def weights_folder(artifact: Path, config: FlavorConfig, *, base_model_path: str | None = None, verify: bool = False) -> Path:
    """Return the folder with the model's weights: in the artifact, an adapter's base, or a snapshot of the Hub.

    Raises ModelNotLoadable naming what is missing, HubUnavailable.
    """
    if config.base and (base_model_path or not config.has_own_weights):
        folder = locate(config.base, override=base_model_path, verify=verify)
    elif config.has_own_weights:
        folder = artifact / config.model_folder
    else:
        folder = hub.fetch(config.source_name, revision=config.revision).folder
    if not (folder / CONFIG).is_file():
        raise ModelNotLoadable(f"{folder / CONFIG} is missing; log the model again from a folder that has it.")
    return folder


def load_weights(
    folder: Path, config: FlavorConfig, placement: Placement, *, may_run: bool = False, brought: frozenset[str] = frozenset()
) -> Any:
    """Return the model in a folder, in evaluation mode; weights that adapters have `brought` may be missing or of another size.

    Raises ModelNotLoadable, MissingDependency, InvalidInput.
    """
    import transformers  # heavy

    arguments = placement.arguments(config.torch_dtype)
    names = _checked_headers(folder)
    with said_plainly(f"The model in {folder}"), quiet():
        settings = transformers.AutoConfig.from_pretrained(str(folder), trust_remote_code=may_run, local_files_only=True)
        strip_kernels(settings)
        adapter_heads.apply(config.labels, settings)
        model, loaded = _from_pretrained(_model_class(config))(
            str(folder),
            config=settings,
            local_files_only=True,
            use_safetensors=None if may_run else True,
            output_loading_info=True,
            **({"ignore_mismatched_sizes": True} if brought else {}),
            **({"trust_remote_code": True} if may_run else {}),
            **({"key_mapping": _WRAPPED} if any(re.search(mark, name) for name in names for mark in _WRAPPED) else {}),
            **arguments,
        )
        _read_decision_config(model, folder)
    task = find_task(config.task)
    _check_is_whole(folder, loaded, brought, unused=task.unused_weights if task else ())
    return model.eval()


def load_components(artifact: Path, config: FlavorConfig, *, may_run: bool = False) -> dict[str, Any]:
    """Return the components of an artifact by name. Raises ModelNotLoadable, MissingDependency."""
    return {
        _name_today(name, kind): load_component(artifact, config, name, may_run=may_run)
        for name, kind in config.components.items()
    }


def load_component(artifact: Path, config: FlavorConfig, name: str, *, may_run: bool = False) -> Any:
    """Return one component of an artifact, without the weights. Raises ModelNotLoadable, MissingDependency."""
    import transformers  # heavy

    if name not in COMPONENTS:
        raise ModelNotLoadable(f"The model has a component {name!r}, which nothing here can load.")
    folder = artifact / COMPONENTS_FOLDER / name
    if not folder.is_dir() and name in config.component_sources:
        hub_id, revision = config.component_sources[name]
        folder = Path(hub_id) if Path(hub_id).is_dir() else hub.fetch(hub_id, revision=revision or None).folder
    if not folder.is_dir():
        raise ModelNotLoadable(f"{COMPONENTS_FOLDER}/{name} is missing; log the model again with its {name.replace('_', ' ')}.")
    may_run = may_run and folder.is_relative_to(artifact)
    auto_class = getattr(transformers, COMPONENTS[_name_today(name, config.components.get(name, ""))].auto_class)
    with said_plainly(f"The {name.replace('_', ' ')} in {folder}"), _named_as_today(folder) as place:
        return auto_class.from_pretrained(str(place), trust_remote_code=may_run, local_files_only=True)


def strip_kernels(settings: Any) -> None:
    """Forget the kernels that a configuration names and that do not come with transformers."""
    for key in ("_attn_implementation_internal", "_experts_implementation_internal"):
        if getattr(settings, key, None) not in (None, *BUILT_IN_KERNELS):
            logger.warning("The configuration names a kernel of its own (%s), which is not used.", getattr(settings, key))
            setattr(settings, key, None)
    for name in getattr(settings, "sub_configs", {}):
        if (nested := getattr(settings, name, None)) is not None:
            strip_kernels(nested)


@contextmanager
def said_plainly(what: str) -> Iterator[None]:
    """Turn what transformers raises about files into ModelNotLoadable or MissingDependency."""
    try:
        yield
    except (FlavorError, InvalidInput):
        raise
    except ImportError as error:
        raise _missing(what, error.name or _package_in(str(error)), error) from error
    except MemoryError as error:
        raise ModelNotLoadable(f"{what} does not fit into the memory that is free.") from error
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        if package := _package_in(str(error)):
            raise _missing(what, package, error) from error
        raise ModelNotLoadable(f"{what} cannot be loaded: {_first_line(error)}") from error


def _name_today(name: str, kind: str) -> str:
    """The name of a component by its class: to Transformers 4, image processors were feature extractors too."""
    named = kind.removesuffix("FeatureExtractor") + "ImageProcessor"
    may_be = name == FEATURE_EXTRACTOR.name and kind != FEATURE_EXTRACTOR.auto_class
    is_for_images = may_be and (kind.endswith("ImageProcessor") or is_known_to_transformers(named))
    return IMAGE_PROCESSOR.name if is_for_images else name


@contextmanager
def _named_as_today(folder: Path) -> Iterator[Path]:
    """Give a component's folder, or a copy of one in which an image processor has a name that Transformers 4 gave it."""
    path = folder / IMAGE_PROCESSOR.config[0]
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    named = _OLD_NAME.sub(r"\1ImageProcessor", text)
    if named == text:
        yield folder
        return
    with TemporaryDirectory(prefix="flavor-component-") as name:
        copy = Path(shutil.copytree(folder, name, dirs_exist_ok=True))
        (copy / path.name).write_text(named, encoding="utf-8")
        yield copy


def _model_class(config: FlavorConfig) -> Any:
    """The class that was logged; the task's Auto class where transformers has it no more, or the artifact brings its own."""
    import transformers  # heavy

    if is_known_to_transformers(config.model_type):
        return getattr(transformers, config.model_type)
    task = find_task(config.task)
    return getattr(transformers, task.auto_model if task else "AutoModel")


def _from_pretrained(model_class: Any) -> Any:
    """The class's own, but for models with a decision head, whose own cannot tell which weights were missing."""
    if not hasattr(model_class, "decide"):
        return model_class.from_pretrained
    from transformers.decision.modeling_utils import DecisionMixin  # heavy

    return super(DecisionMixin, model_class).from_pretrained


def _read_decision_config(model: Any, folder: Path) -> None:
    """Do what `from_pretrained` of a model with a decision head does beside loading its weights."""
    if hasattr(model, "decide"):
        model.decision_config = type(model.decision_config).from_pretrained(str(folder), local_files_only=True)


def _checked_headers(folder: Path) -> list[str]:
    """Return the names of the tensors; a file that was cut short is named before gigabytes of others are read."""
    files = ArtifactFiles(*local_files(folder))
    try:
        return [each.name for each in list_tensors(files, [path for path in files.named(SAFETENSORS) if "/" not in path])]
    except Unreadable as error:
        raise ModelNotLoadable(f"In {folder}: {error}") from error


def _check_is_whole(
    folder: Path, loaded: dict[str, Any], brought: frozenset[str] = frozenset(), *, unused: tuple[str, ...] = ()
) -> None:
    """Weights that are missing would be random, and every answer with them, but for those that are never read, or brought."""
    absent = {*(loaded.get("missing_keys") or ()), *(each[0] for each in loaded.get("mismatched_keys") or ())}
    missing = [name for name in sorted(absent - brought) if not name.startswith(unused)]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelNotLoadable(
            f"The weights in {folder} lack {missing[0]}{others}, so the model would answer at random; "
            "log one that was trained for this task."
        )


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__


def _missing(what: str, package: str, error: BaseException) -> MissingDependency:
    if not package:
        return MissingDependency(f"{what} needs a package that is not installed: {_first_line(error)}", package="")
    return MissingDependency(f"{what} needs the package {package}, which is not installed; install it.", package=package)


def _package_in(text: str) -> str:
    """Return the package that transformers says it misses, empty when it says nothing of the kind."""
    found = _MISSED.search(text)
    named = (found[1] or found[2] or found[3]).lower() if found else ""
    return {"pyav": "av", "pytorch": "torch"}.get(named, named)
