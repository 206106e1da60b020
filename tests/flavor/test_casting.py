"""Weights written in the type in which they are to be loaded."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

import flavor
from flavor.tasks import InvalidInput
from tests import tiny_models


def types_in(folder: Path) -> set[torch.dtype]:
    with safe_open(folder / "model/model.safetensors", "pt") as file:
        return {file.get_tensor(name).dtype for name in file.keys() if file.get_tensor(name).is_floating_point()}  # noqa: SIM118


def as_it_is(pipeline: Any) -> Any:
    return pipeline


def as_parts(pipeline: Any) -> Any:
    return {"model": pipeline.model, "tokenizer": pipeline.tokenizer}


@pytest.mark.parametrize("given", [as_it_is, as_parts])
def test_weights_are_written_in_the_type_that_was_asked_for_and_the_callers_stay(tmp_path: Path, given: Any) -> None:
    pipeline = tiny_models.text_classification()
    for name, options in (("noted", {}), ("cast", {"cast_weights": True})):
        flavor.save_model(given(pipeline), tmp_path / name, task="text-classification", torch_dtype="bfloat16", **options)
    assert (types_in(tmp_path / "noted"), types_in(tmp_path / "cast")) == ({torch.float32}, {torch.bfloat16})
    sizes = [(tmp_path / name / "model/model.safetensors").stat().st_size for name in ("noted", "cast")]
    assert sizes[1] < 0.7 * sizes[0]
    noted, cast = (flavor.load_model(str(tmp_path / name), return_type="model", device="cpu") for name in ("noted", "cast"))
    assert noted.dtype == cast.dtype == torch.bfloat16
    assert all(torch.equal(weight, cast.state_dict()[name]) for name, weight in noted.state_dict().items())
    assert pipeline.model.dtype == torch.float32


def test_what_cannot_be_cast_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    checkpoint = tiny_models.save_checkpoint("text-classification", tmp_path / "checkpoint")
    for given, options, said in (
        (str(checkpoint), {"torch_dtype": "bfloat16"}, "copied as they are"),
        (tiny_models.text_classification(), {}, "say it as torch_dtype"),
        (tiny_models.text_classification(), {"torch_dtype": "float99"}, "'float99'"),
    ):
        with pytest.raises(InvalidInput, match=said):
            flavor.save_model(given, tmp_path / "saved", cast_weights=True, **options)
    assert not (tmp_path / "saved").exists()
