"""The page about trainings is a program that does what it says."""

from pathlib import Path

import pytest

from tests.tutorials import pages

PAGE = Path(__file__).parents[3] / "docs" / "training.md"


def test_the_page_does_what_it_says(experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pages.run(PAGE)
