"""A model that was just written, loaded and asked once before anybody relies on it."""

import sys
from pathlib import Path
from typing import Any

from .artifact_code import CODE
from .chat import LlmModel, Protocol
from .errors import FlavorError, ModelNotLoadable
from .input_examples import has_params
from .loading import load_pyfunc_model
from .pyfunc import PyfuncModel
from .tasks._base import InvalidInput


def validate(folder: Path, example: Any, *, protocol: Protocol | None, trust: str | None) -> None:
    """Load the artifact in a folder and let it answer its input example, else the task's own.

    Raises ModelNotLoadable with the reason when it does not.
    """
    code = str(folder / CODE)
    try:
        _ask(load_pyfunc_model(str(folder), trust=trust), example, protocol)
    except (FlavorError, InvalidInput) as error:
        raise _refused(folder, str(error)) from error
    except Exception as error:  # a model that fails may raise anything
        said = str(error).strip().splitlines() or ["without a word"]
        raise _refused(folder, f"{type(error).__name__}: {said[0][:300]}") from error
    finally:
        if code in sys.path:  # loading put it there, and the folder moves
            sys.path.remove(code)


def _refused(folder: Path, why: str) -> ModelNotLoadable:
    """Say why without the folder, which is gone when anybody reads this."""
    return ModelNotLoadable(f"The model was written, and does not answer its example: {why.replace(f'{folder}/', '')}")


def _ask(model: PyfuncModel, example: Any, protocol: Protocol | None) -> None:
    if example is None:
        model.run([dict(model.task.example)], dict(model.task.example_params))
        return
    data, params = example if has_params(example) else (example, None)
    (LlmModel(model, protocol) if protocol else model).predict(data, params)
