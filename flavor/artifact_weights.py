"""The weights files of an artifact: which there are, what they hold, and what is wrong with them."""

from pathlib import PurePosixPath

from .artifact_files import PICKLES, SAFETENSORS, ArtifactFiles, is_named
from .flavor_config import FlavorConfig
from .safetensors_header import Tensors, read_tensors

# Pickles that come with tools and hold no weights.
_NO_WEIGHTS = ("training_args.bin", "optimizer*", "scheduler*", "rng_state*")


def read_weights(files: ArtifactFiles, config: FlavorConfig) -> Tensors | None:
    """Return what the safetensors files of model and adapter hold, None when unknown. Raises Unreadable."""
    paths = [path for folder in weights_folders(config) for path in files.named(SAFETENSORS, below=folder)]
    return read_tensors(files, paths) if paths else None


def weights_folders(config: FlavorConfig) -> list[str]:
    """Return the folders that hold weights in this artifact."""
    folders = [config.model_folder] if config.has_own_weights else []
    return [*folders, config.adapter_folder] if config.adapter_folder else folders


def pickles_needed(files: ArtifactFiles, config: FlavorConfig) -> list[str]:
    """Return the pickle files that loading would open: those in folders without safetensors."""
    pickles = [path for folder in weights_folders(config) for path in files.named(*PICKLES, below=folder)]
    safe = {PurePosixPath(path).parent for path in files.named(SAFETENSORS)}
    return [path for path in pickles if PurePosixPath(path).parent not in safe and not is_named(path, *_NO_WEIGHTS)]


def weights_problem(files: ArtifactFiles, config: FlavorConfig) -> str:
    """Say what is wrong with the weights, empty when nothing is."""
    if pickles := pickles_needed(files, config):
        return (
            f"Its weights are pickles ({pickles[0]}), which can run any code when they are opened; "
            "save the model again as safetensors and log that."
        )
    for folder in weights_folders(config):
        if not files.named(SAFETENSORS, below=folder):
            return f"There are no weights in {folder}/; log the model again."
    return ""
