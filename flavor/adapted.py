"""A model in memory that carries adapters, as peft's own class or in place: which there are, and the base below them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .artifact_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from .components import quiet
from .errors import MissingDependency, ModelNotLoadable
from .model_files import said_plainly
from .tasks._base import InvalidInput

DEFAULT = "default"


def is_peft_model(model: Any) -> bool:
    """Whether a model is wrapped in peft's class; peft is not imported for it."""
    return any(each.__module__.startswith("peft.") for each in type(model).__mro__)


def has_adapters(model: Any) -> bool:
    """Whether a model carries adapters: wrapped, or put into the model itself by `model.add_adapter`."""
    return is_peft_model(model) or bool(getattr(model, "_hf_peft_config_loaded", False))


def base_of(model: Any) -> Any:
    """Return the model of transformers below the adapters."""
    return model.get_base_model() if is_peft_model(model) else model


def embeddings_of(base: Any) -> tuple[Any, Any]:
    """Return the modules that make vectors of tokens and scores of vectors, None for one that a model does not have."""
    found = []
    for get in (base.get_input_embeddings, base.get_output_embeddings):
        try:
            module = get()
        except (NotImplementedError, AttributeError):  # models of pictures and sounds
            module = None
        found.append(module if hasattr(module, "weight") or hasattr(module, "base_layer") else None)
    return found[0], found[1]


def adapters_of(model: Any) -> tuple[str, ...]:
    """Return the names of the adapters."""
    return tuple(model.peft_config)


def actives_of(model: Any) -> tuple[str, ...]:
    """Return the adapters in use, whose changes are added up where there are several."""
    return tuple(model.active_adapters if is_peft_model(model) else model.active_adapters())


def active_of(model: Any) -> str:
    """Return the adapter in use. Raises InvalidInput when there are several, since a logged model answers with one."""
    active = actives_of(model)
    if len(active) > 1:
        raise InvalidInput(
            "transformers_model",
            f"The adapters {', '.join(active)} are active together, and a logged model answers with one; activate one, or make "
            "one model of them with merge_and_log.",
        )
    return next(iter(active), DEFAULT)


def save_adapters(model: Any, folder: Path, *, with_embeddings: bool) -> None:
    """Write every adapter: `default` into the folder, others into folders of their names."""
    if is_peft_model(model):
        # Said, not left to peft: it would ask the Hub whether the vocabulary grew.
        model.save_pretrained(str(folder), save_embedding_layers=with_embeddings)
        return
    active = model.active_adapters()
    with without_noise():
        for name in adapters_of(model):
            model.set_adapter(name)
            model.save_pretrained(str(folder if name == DEFAULT else folder / name))
        model.set_adapter(active)


def base_state(model: Any) -> dict[str, Any]:
    """Return the weights of the base as they were before adapters were put in: under their own names, without the adapters'.

    Raises InvalidInput when an adapter is merged, since then they are no longer there.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer  # heavy
    from peft.utils.other import AuxiliaryTrainingWrapper

    base = base_of(model)
    added: list[str] = []
    renamed: dict[str, str] = {}
    for name, module in base.named_modules():
        if not isinstance(module, BaseTunerLayer | AuxiliaryTrainingWrapper):
            continue
        if getattr(module, "merged", False):
            raise InvalidInput("transformers_model", "an adapter is merged into the model; unmerge it, or log the merged model.")
        added += [f"{name}.{each}" for each in (*module.adapter_layer_names, *module.other_param_names)]
        renamed |= {f"{name}.{below}.": f"{name}." for below in ("base_layer", "original_module")}
    state = {}
    for key, tensor in base.state_dict().items():
        if not any(key == each or key.startswith(f"{each}.") for each in added):
            state[_renamed(key, renamed)] = tensor
    return state


def saved_modules(model: Any) -> tuple[str, ...]:
    """Return the names of the modules, each with a dot, that all adapters of a model save whole (`modules_to_save`)."""
    from peft.utils.other import ModulesToSaveWrapper  # heavy

    names = set(adapters_of(model))
    found = ((name, each) for name, each in base_of(model).named_modules() if isinstance(each, ModulesToSaveWrapper))
    return tuple(f"{name}." for name, each in found if names <= set(each.modules_to_save))


def _renamed(key: str, renamed: dict[str, str]) -> str:
    for before, after in renamed.items():
        if key.startswith(before):
            key = after + key.removeprefix(before)
    return key


def without_adapters(model: Any) -> Any:
    """Take the adapters out of a model that carries them in place, and return it as it was before."""
    from peft.tuners.tuners_utils import BaseTunerLayer  # heavy
    from peft.utils.other import AuxiliaryTrainingWrapper

    for name, module in list(model.named_modules()):
        below = None
        if isinstance(module, AuxiliaryTrainingWrapper):
            below = module.original_module
        elif isinstance(module, BaseTunerLayer):
            below = module.get_base_layer()
        if below is not None:
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, below)
    del model.peft_config
    model._hf_peft_config_loaded = False
    return model


def put_on(base: Any, folder: Path, active: str) -> Any:
    """Return the base as a PeftModel with the adapters in a folder, one active. Raises MissingDependency, ModelNotLoadable."""
    try:
        from peft import PeftModel  # heavy
    except ImportError as error:
        raise MissingDependency("This model is an adapter and needs the package peft; install it.", package="peft") from error

    found = adapter_folders(folder)
    if not found:
        raise ModelNotLoadable(f"There is no {ADAPTER_CONFIG} in {folder}; log the adapter again.")
    (first, place), *others = found.items()
    _make_room(base, place / ADAPTER_WEIGHTS)
    with said_plainly(f"The adapter in {folder}"), quiet(), without_noise():
        model = PeftModel.from_pretrained(base, str(place), adapter_name=first)
        for name, other in others:
            model.load_adapter(str(other), adapter_name=name)
    model.set_adapter(active if active in found else first)
    return model.eval()


def _make_room(base: Any, weights: Path) -> None:
    """Resize the embeddings of a base to those that an adapter brings for tokens of its own."""
    from safetensors import safe_open  # heavy

    embeddings, _ = embeddings_of(base)
    if embeddings is None or not weights.is_file():
        return
    name = next((name for name, module in base.named_modules() if module is embeddings), "")
    with said_plainly(f"The adapter in {weights.parent}"), safe_open(weights, framework="pt") as file:
        key = f"base_model.model.{name}.weight"
        rows = file.get_slice(key).get_shape()[0] if key in file.keys() else None  # noqa: SIM118
    if rows is not None and rows != embeddings.weight.shape[0]:
        base.resize_token_embeddings(rows, mean_resizing=False)


def adapter_folders(folder: Path) -> dict[str, Path]:
    """Return the adapters in an artifact's folder by name: `default` at its top, others below."""
    found = {DEFAULT: folder} if (folder / ADAPTER_CONFIG).is_file() else {}
    return found | {each.parent.name: each.parent for each in sorted(folder.glob(f"*/{ADAPTER_CONFIG}"))}


@contextmanager
def without_noise() -> Iterator[None]:
    """Keep back what the person who logs or loads can do nothing about.

    peft 0.21 still asks transformers 5 for `is_gradient_checkpointing`, misses the base's folder when that is gone, and tells
    that merging unties embeddings of which an adapter has one.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message="Could not find a config file", category=UserWarning)
        warnings.filterwarnings("ignore", message="Input and output embeddings are no longer tied", category=UserWarning)
        warnings.filterwarnings("ignore", message="Model has `tie_word_embeddings=True`", category=UserWarning)
        yield
