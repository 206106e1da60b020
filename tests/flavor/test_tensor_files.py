"""Weights that go from memory into an artifact: the bytes that safetensors would have written, told and stoppable on the way."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save_file as original
from transformers import modeling_utils

import flavor
from flavor.errors import Cancelled
from flavor.tensor_files import DTYPES, save_file, written_by
from flavor.weights import Writer
from tests import tiny_models


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    """One tensor of every type, with shapes and names that are easily got wrong."""
    numbers = torch.arange(6).reshape(2, 3)
    found = {f"z.{name}": numbers.to(getattr(torch, name)) for name in DTYPES}
    return found | {"a.scalar": torch.tensor(3.5), "a.none": torch.zeros(0, 4), "ü": torch.ones(1), "B": torch.ones(2)}


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_a_file_is_safetensors_own_to_the_byte(tensors: dict, metadata: dict | None, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "ours")
    with written_by(writer):
        save_file(tensors, tmp_path / "ours/model/a.safetensors", metadata=metadata)
    original(tensors, tmp_path / "theirs.safetensors", metadata=metadata)
    assert (tmp_path / "ours/model/a.safetensors").read_bytes() == (tmp_path / "theirs.safetensors").read_bytes()
    assert [each.path for each in writer.listed] == ["model/a.safetensors"]


def test_what_is_not_plain_is_left_to_safetensors(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    shared = torch.ones(4)
    with written_by(writer):
        save_file({"a": torch.ones(2, dtype=torch.complex64)}, tmp_path / "a.safetensors")
        save_file({"a": torch.ones(2)}, tmp_path / "b.safetensors", metadata={"format": "pt", "more": "said"})
        with pytest.raises(RuntimeError, match="share memory"):
            save_file({"a": shared, "b": shared}, tmp_path / "c.safetensors")
    assert load_file(tmp_path / "a.safetensors")["a"].dtype == torch.complex64
    assert writer.listed == []


def test_transformers_is_left_as_it_was(tmp_path: Path) -> None:
    with written_by(Writer(tmp_path)):
        with written_by(Writer(tmp_path)):
            pass
        assert modeling_utils.safe_save_file is save_file
    assert modeling_utils.safe_save_file is original


@pytest.mark.parametrize("size", [None, "50KB"], ids=["one file", "shards"])
def test_a_logged_model_has_the_files_of_save_pretrained(size: str | None, tmp_path: Path) -> None:
    pipeline = tiny_models.text_classification()
    pipeline.model.save_pretrained(tmp_path / "theirs", **({"max_shard_size": size} if size else {}))
    flavor.save_model(pipeline, tmp_path / "ours", max_shard_size=size)
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "theirs").glob("*.safetensors")}
    assert {path.name: path.read_bytes() for path in (tmp_path / "ours/model").glob("*.safetensors")} == theirs
    assert (len(theirs) > 1) == bool(size)
    assert flavor.load_model(str(tmp_path / "ours"), verify=True)("good") == pipeline("good")


def test_saving_is_told_in_bytes_and_stops_between_them(tmp_path: Path) -> None:
    pipeline = tiny_models.text_classification()
    told: list[tuple] = []

    def save(name: str, *, stops: bool) -> None:
        flavor.save_model(
            pipeline,
            tmp_path / name,
            progress=lambda *event: told.append(event),
            should_stop=lambda: stops and any(event[0] == "saving" and event[1] for event in told),
        )

    save("whole", stops=False)
    saving = [event for event in told if event[0] == "saving" and event[1] is not None]
    assert saving[-1][1] == saving[-1][2] == 4 * 22221
    told.clear()
    with pytest.raises(Cancelled):
        save("stopped", stops=True)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
