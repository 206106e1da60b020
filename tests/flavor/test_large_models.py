"""Loading models that fill a machine: weights that loads share, weights spread and put aside, progress."""

from pathlib import Path
from typing import Any

import pytest

import flavor
from flavor.tasks import InvalidInput
from tests import tiny_models


@pytest.fixture(scope="module")
def original() -> Any:
    return tiny_models.text_classification()


@pytest.fixture(scope="module")
def saved(original: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("large") / "saved"
    flavor.save_model(original, folder)
    return str(folder)


def files_behind(model: Any) -> set[str]:
    """The files whose pages hold the weights of a model, as the kernel says; empty for memory of its own."""
    regions = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, *_, path = line.split(maxsplit=5) if line.count(" ") > 4 else (line, "")
        start, end = (int(each, 16) for each in addresses.split()[0].split("-"))
        regions.append((start, end, path.strip()))
    return {next((path for start, end, path in regions if start <= weight.data_ptr() < end), "") for weight in model.parameters()}


def test_loads_of_one_version_share_the_pages_of_its_file(saved: str) -> None:
    """The kernel holds such pages once for all processes too, and gives them back when memory is short."""
    first, second = (flavor.load_model(saved, return_type="model", device="cpu") for _ in range(2))
    assert files_behind(first) == files_behind(second) == {f"{saved}/model/model.safetensors"}


@pytest.mark.parametrize("device_map", ["auto", {"": "cpu"}])
def test_a_map_places_the_model(saved: str, original: Any, device_map: Any) -> None:
    assert flavor.load_model(saved, device_map=device_map)("good") == original("good")


def test_a_model_larger_than_its_memory_answers_from_the_disk(saved: str, original: Any, tmp_path: Path) -> None:
    pipeline = flavor.load_model(saved, device_map="auto", max_memory={"cpu": 50_000}, offload_folder=tmp_path / "aside")
    assert "disk" in pipeline.model.hf_device_map.values()
    assert pipeline("good") == original("good")


@pytest.mark.parametrize("option", [{"max_memory": {"cpu": 1}}, {"offload_folder": "aside"}])
def test_what_only_a_map_can_follow_is_refused_without_one(saved: str, option: dict) -> None:
    with pytest.raises(InvalidInput, match=r"say device_map='auto'") as caught:
        flavor.load_model(saved, **option)
    assert caught.value.field in option


def test_a_load_is_told_in_stages_and_bytes(saved: str) -> None:
    told: list[tuple] = []
    flavor.load_model(saved, device="cpu", verify=True, progress=lambda *event: told.append(event))
    assert list(dict.fromkeys(event[0] for event in told)) == ["fetching", "checking", "loading"]
    for stage in ("checking", "loading"):
        last = [event for event in told if event[0] == stage][-1]
        assert last[1] == last[2] > 80_000
