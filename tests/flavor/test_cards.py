"""Cards and licences: what a person wrote is kept, nothing is made up."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard

import flavor
from flavor.inspection import Facts, local_reader, read_facts
from flavor.tasks import InvalidInput

Checkpoints = Callable[..., Path]
CARD = "---\nlicense: apache-2.0\nbase_model: [org/a, org/b]\ntags: [x]\n---\n\n# Mine\n\nText.\n"


def facts_of(source: Path, folder: Path, **options: object) -> Facts:
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


def test_without_a_card_none_is_made_up(checkpoint: Checkpoints, tmp_path: Path) -> None:
    facts = facts_of(checkpoint(), tmp_path / "saved")
    assert (facts.card, facts.card_data, facts.license) == ("", {}, "")
    assert not list((tmp_path / "saved").glob("*card*"))
    assert not list((tmp_path / "saved").glob("LICENSE*"))


def test_a_said_licence_counts_where_the_card_names_none(checkpoint: Checkpoints, tmp_path: Path) -> None:
    assert facts_of(checkpoint(), tmp_path / "saved", license="mit").license == "mit"


def test_a_broken_readme_does_not_stop_the_logging(checkpoint: Checkpoints, tmp_path: Path) -> None:
    source = checkpoint()
    (source / "README.md").write_text("---\na: [\n---\n# Title")
    assert facts_of(source, tmp_path / "saved").card == ""


def test_a_card_that_is_not_there_is_named(checkpoint: Checkpoints, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"no model card at .*gone\.md"):
        flavor.save_model(checkpoint(), tmp_path / "saved", model_card=tmp_path / "gone.md")
