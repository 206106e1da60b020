from collections.abc import Callable
from pathlib import Path

import pytest

from flavor.checkpoint_parts import read_components
from flavor.errors import UntrustedCode
from flavor.tasks import InvalidInput
from tests import tiny_models


def test_a_checkpoint_is_read_as_its_components(checkpoint: Callable[..., Path]) -> None:
    parts = read_components(str(checkpoint("image-classification")))
    native = tiny_models.image_classification()
    assert set(parts) == {"model", "image_processor"}
    assert type(parts["model"]) is type(native.model)
    assert all((mine == its).all() for mine, its in zip(parts["model"].parameters(), native.model.parameters(), strict=True))


def test_pickles_are_not_loaded(checkpoint: Callable[..., Path]) -> None:
    folder = checkpoint()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UntrustedCode):
        read_components(str(folder))


def test_a_task_that_does_not_fit_is_refused(checkpoint: Callable[..., Path]) -> None:
    with pytest.raises(InvalidInput, match="does text-classification"):
        read_components(str(checkpoint()), "text-generation")
