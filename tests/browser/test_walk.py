"""The first walk through a registry: in by a link, along the rail, into a model."""

from playwright.sync_api import Page, expect


def test_the_list_shows_what_is_registered_and_leads_to_it(page: Page) -> None:
    page.goto("/models")
    page.get_by_role("link", name="tiny-text-classification").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("tiny-text-classification")


def test_a_stranger_is_asked_to_sign_in(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/models")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
