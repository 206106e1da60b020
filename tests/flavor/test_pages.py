"""The pages about adapters and cards are programs that do what they say."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.tutorials import pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["adapters.md", "cards.md"])
def test_the_page_does_what_it_says(store: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    pages.run(DOCS / name)
