"""Every tutorial runs as it stands, offline, and prints what it says that it prints."""

import re
import sys
from pathlib import Path

import pytest
from django.db import connection

from docs.tutorials import models
from registry_ui.accounts import tokens
from registry_ui.accounts.scopes import Scope
from registry_ui.web.redis import client
from tests.registry_ui.workers.worker_process import WorkerProcess
from tests.tutorials.pages import FOLDER, PAGES, run

CHATBOT = FOLDER / "7-openai-chatbot.md"


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page != CHATBOT], ids=lambda page: page.stem)
def test_a_tutorial_prints_what_it_says(page: Path, reader: str) -> None:
    run(page)


@pytest.fixture
def registry(reader, transactional_db, live_server, redis_server, alice, settings, tmp_path, monkeypatch):
    """A registry with a worker, as `make run` starts it, and a token for it."""
    settings.MLFLOW_TRACKING_URI = reader
    _, token = tokens.create(alice, name="laptop", scopes=[Scope.PREDICT])
    monkeypatch.setenv("REGISTRY", live_server.url)
    monkeypatch.setenv("TOKEN", token)
    worker = WorkerProcess("tutorial@test", tmp_path / "worker.log", CATALOG_POLL_S="0.5")
    worker.start()
    yield
    assert worker.stop() == 0
    client().connection_pool.disconnect()
    connection.close()


@pytest.mark.slow
def test_the_chatbot_of_the_tutorial_answers_openai_s_own_client(registry) -> None:
    run(CHATBOT)


def test_a_page_that_shows_something_else_than_it_prints_is_found(tmp_path: Path) -> None:
    page = tmp_path / "1-page.md"
    page.write_text("```python\nprint(1, 2)\n```\n\n```text\n1 …\n```\n\n```python\nprint(3)\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"^1-page\.md:10 prints\n3"):
        run(page)


def test_one_model_alone_is_made_from_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["models", "reader", "--output", str(tmp_path / "reader")])
    models.main()
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {each.name for each in (tmp_path / "reader").iterdir()}


def test_the_index_names_every_page() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d[\w-]+\.md)\)", text) == [page.name for page in PAGES]
