"""A checkpoint loaded as a dict of components, the form in which people log what they have in memory."""

from pathlib import Path
from typing import Any

from .checkpoints import open_checkpoint
from .component_files import COMPONENTS
from .components import quiet
from .model_files import said_plainly


def read_components(folder: str, task: str | None = None) -> dict[str, Any]:
    """Return the model and what its task needs beside it, by name.

    Raises what `open_checkpoint` raises, which looks at everything first: pickles and code of the checkpoint are refused.
    """
    import transformers  # heavy

    checkpoint = open_checkpoint(Path(folder), task=task)
    with said_plainly(f"The checkpoint in {folder}"), quiet():
        model = getattr(transformers, checkpoint.config.model_type).from_pretrained(folder, use_safetensors=True)
        autos = {name: getattr(transformers, COMPONENTS[name].auto_class) for name in checkpoint.task.components}
        return {"model": model, **{name: auto.from_pretrained(folder) for name, auto in autos.items()}}
