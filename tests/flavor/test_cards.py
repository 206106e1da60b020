"""Cards and licences: what a person wrote is kept, nothing is made up."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from transformers import Pipeline

import flavor
from flavor import hub
from flavor.inspection import Facts, local_reader, read_facts
from flavor.tasks import InvalidInput
from tests import tiny_models

from .hub_server import COMMIT, hub_server

Checkpoints = Callable[..., Path]
CARD = "---\nlicense: apache-2.0\nbase_model: [org/a, org/b]\ntags: [x]\n---\n\n# Mine\n\nText.\n"


def facts_of(source: Any, folder: Path, **options: object) -> Facts:
    flavor.save_model(source, folder, **options)  # type: ignore[arg-type]
    return read_facts(*local_reader(folder))


@pytest.mark.parametrize("form", ["text", "path", "ModelCard"])
def test_a_given_card_is_kept_as_text_and_data(checkpoint: Checkpoints, tmp_path: Path, form: str) -> None:
    (tmp_path / "card.md").write_text(CARD)
    card = {"text": CARD, "path": tmp_path / "card.md", "ModelCard": ModelCard(CARD)}[form]
    facts = facts_of(checkpoint(), tmp_path / "saved", model_card=card)
    assert facts.card == "# Mine\n\nText.\n"
    assert facts.card_data == {"license": "apache-2.0", "base_model": ["org/a", "org/b"], "tags": ["x"]}
    assert (facts.license, facts.base_model) == ("apache-2.0", "org/a, org/b")


def test_stock_reads_the_card_from_its_own_files(checkpoint: Checkpoints, tmp_path: Path) -> None:
    flavor.save_model(checkpoint(), tmp_path / "saved", model_card=CARD)
    assert (tmp_path / "saved/model_card.md").read_text() == "# Mine\n\nText.\n"
    assert yaml.safe_load((tmp_path / "saved/model_card_data.yaml").read_text())["tags"] == ["x"]


def test_the_checkpoints_readme_and_licence_are_taken_when_no_card_is_given(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    (source / "README.md").write_text(CARD)
    (source / "LICENSE").write_text("Do as you like.")
    facts = facts_of(source, tmp_path / "saved")
    assert (facts.card, facts.license) == ("# Mine\n\nText.\n", "apache-2.0")
    assert (tmp_path / "saved/LICENSE").read_text() == "Do as you like."


def test_a_given_card_stands_above_the_readme(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    (source / "README.md").write_text(CARD)
    assert facts_of(source, tmp_path / "saved", model_card="# Other").card == "# Other"


def test_without_a_card_none_is_made_up_and_the_licence_is_said_to_be_unknown(checkpoint: Checkpoints, tmp_path: Path) -> None:
    facts = facts_of(checkpoint(), tmp_path / "saved")
    assert (facts.card, facts.card_data, facts.license) == ("", {}, "")
    assert not list((tmp_path / "saved").glob("*card*"))
    assert (block_of(tmp_path / "saved")["license"], block_of(tmp_path / "saved")["card"]) == ("unknown", {"source": "none"})
    assert "unknown" in (tmp_path / "saved/LICENSE.txt").read_text()


def test_a_said_licence_counts_where_the_card_names_none(checkpoint: Checkpoints, tmp_path: Path) -> None:
    assert facts_of(checkpoint(), tmp_path / "saved", license="mit").license == "mit"
    assert "is: mit (declared by the caller)" in (tmp_path / "saved/LICENSE.txt").read_text()


def test_the_licence_that_a_card_names_is_noted_where_its_text_is_missing(checkpoint: Checkpoints, tmp_path: Path) -> None:
    facts_of(checkpoint(), tmp_path / "saved", model_card=CARD)
    assert "is: apache-2.0 (declared by the model card)" in (tmp_path / "saved/LICENSE.txt").read_text()
    assert block_of(tmp_path / "saved")["license_source"] == "model card"


def test_a_licences_text_may_be_given_and_is_one_of_its_own_without_a_name(checkpoint: Checkpoints, tmp_path: Path) -> None:
    (tmp_path / "LICENCE.md").write_text("Ask first.")
    facts = facts_of(checkpoint(), tmp_path / "saved", license_file=tmp_path / "LICENCE.md")
    assert (facts.license, (tmp_path / "saved/LICENCE.md").read_text()) == ("other", "Ask first.")
    assert not (tmp_path / "saved/LICENSE.txt").exists()
    with pytest.raises(InvalidInput, match=r"no licence at .*gone"):
        flavor.save_model(checkpoint(), tmp_path / "other", license_file=tmp_path / "gone")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """A Hub on this machine that has `org/tiny`, and the paths it was asked for."""
    with hub_server({"/org/tiny/resolve/main/README.md": CARD, "/org/odd/resolve/main/README.md": "---\na: [\n---\n"}) as server:
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(hub._silence, "until", 0.0)
        yield server.asked


def from_hub(hub_id: str) -> Pipeline:
    """A pipeline as a program has it that loaded its model by a Hub id."""
    pipeline = tiny_models.text_classification()
    pipeline.model.config._name_or_path = pipeline.model.name_or_path = hub_id
    return pipeline


def test_the_hubs_card_is_taken_by_one_request_where_nothing_else_has_one(asked: list[str], tmp_path: Path) -> None:
    facts = facts_of(from_hub("org/tiny"), tmp_path / "saved")
    assert (facts.card, facts.license) == ("# Mine\n\nText.\n", "apache-2.0")
    assert asked == ["/org/tiny/resolve/main/README.md"]
    assert block_of(tmp_path / "saved")["card"] == {"source": "hub", "revision": COMMIT}


def test_the_card_in_the_hubs_cache_spares_the_request(asked: list[str], tmp_path: Path) -> None:
    snapshot = cache_of(tmp_path, "tiny")
    (snapshot / "README.md").write_text("# Cached")
    assert facts_of(from_hub("org/tiny"), tmp_path / "saved").card == "# Cached"
    assert asked == []


def test_the_hub_is_asked_at_the_commit_that_lies_in_the_cache(asked: list[str], tmp_path: Path) -> None:
    cache_of(tmp_path, "tiny")
    facts_of(from_hub("org/tiny"), tmp_path / "saved")
    assert asked == [f"/org/tiny/resolve/{COMMIT}/README.md"]


def test_a_given_card_asks_nobody(asked: list[str], tmp_path: Path) -> None:
    assert facts_of(from_hub("org/tiny"), tmp_path / "saved", model_card="# Given").card == "# Given"
    assert asked == []


def test_offline_nobody_is_asked_and_that_is_recorded(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert facts_of(from_hub("org/tiny"), tmp_path / "saved").card == ""
    assert asked == []
    assert "offline" in block_of(tmp_path / "saved")["card"]["problem"]


def test_a_repository_without_a_card_is_no_problem(asked: list[str], tmp_path: Path) -> None:
    assert facts_of(from_hub("org/none"), tmp_path / "saved").card == ""
    assert block_of(tmp_path / "saved")["card"] == {"source": "none"}


def test_a_card_of_the_hub_that_cannot_be_read_is_recorded(asked: list[str], tmp_path: Path) -> None:
    assert facts_of(from_hub("org/odd"), tmp_path / "saved").card == ""
    assert "front matter of org/odd" in block_of(tmp_path / "saved")["card"]["problem"]


def test_a_hub_that_cannot_be_reached_is_recorded_and_left_alone_for_a_while(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert facts_of(from_hub("org/tiny"), tmp_path / "first").card == ""
    assert "could not be reached" in block_of(tmp_path / "first")["card"]["problem"]
    facts_of(from_hub("org/tiny"), tmp_path / "second")
    assert "not asked again" in block_of(tmp_path / "second")["card"]["problem"]


def cache_of(folder: Path, name: str) -> Path:
    """The empty snapshot of `org/<name>` at COMMIT in the Hub's cache."""
    repository = folder / f"cache/models--org--{name}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text(COMMIT)
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    return snapshot


def block_of(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "MLmodel").read_text())["flavors"]["flavor"]


def test_a_broken_readme_does_not_stop_the_logging(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    (source / "README.md").write_text("---\na: [\n---\n# Title")
    assert facts_of(source, tmp_path / "saved").card == ""


def test_a_card_that_is_not_there_is_named(checkpoint: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no model card at .*gone\.md"):
        flavor.save_model(checkpoint(), tmp_path / "saved", model_card=tmp_path / "gone.md")
