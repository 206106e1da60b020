"""Logging a model from its form to its page, and what is said when that cannot be."""

import re

from playwright.sync_api import Page, expect

from tests.stack import Stack


def ask(page: Page, source: str, name: str) -> None:
    page.goto("/log-model")
    page.get_by_label("Source").fill(source)
    page.get_by_label("Registered model").fill(name)
    page.get_by_role("button", name="Log model").click()
    expect(page).to_have_url(re.compile(r"/jobs/[0-9a-f-]{36}"))


def test_a_checkpoint_becomes_a_version_that_can_be_opened(page: Page, registry: Stack) -> None:
    ask(page, str(registry.var_dir / "checkpoints" / "text-classification"), "logged-by-hand")
    expect(page.locator("#main")).to_contain_text("Succeeded")
    page.locator("#main").get_by_role("link", name="logged-by-hand").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("logged-by-hand")


def test_a_folder_outside_the_allowed_ones_fails_with_the_way_out(page: Page) -> None:
    ask(page, "/etc", "never")
    expect(page.locator("#main")).to_contain_text("Failed")
    expect(page.locator("#main")).to_contain_text("CHECKPOINT_ROOTS")


def test_the_hub_is_refused_while_offline(page: Page) -> None:
    ask(page, "somebody/some-model", "never")
    expect(page.locator("#main")).to_contain_text("Failed")
    expect(page.locator("#main")).to_contain_text("HF_HUB_OFFLINE")
