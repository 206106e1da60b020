"""The frame around every page, as keyboard, eye and a bad connection meet it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

AUDIT = (Path(__file__).parent / "audit.js").read_text()
NAME = "tiny-text-classification"
VERSION = f"/models/{NAME}/versions/1"
PAGES = [
    "/",
    "/models",
    f"/models/{NAME}",
    VERSION,
    f"{VERSION}/signature",
    f"{VERSION}/metrics",
    f"{VERSION}/files",
    f"{VERSION}/playground",
    "/playground",
    "/jobs",
    "/log-model",
    "/workers",
    "/account/tokens",
    "/account/password",
    "/api/v1/docs",
    "/no-such-page",
]
NARROWEST = {"width": 320, "height": 640}  # 1280 px at 400 % zoom


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_can_be_read_and_is_named_for_screen_readers(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    owed = {path: debts(page, path) for path in PAGES}
    assert {path: found for path, found in owed.items() if found} == {}


def test_every_page_fits_the_window_at_four_hundred_percent(page: Page) -> None:
    page.set_viewport_size(NARROWEST)
    wide = {path: [debt for debt in debts(page, path) if "wider" in debt] for path in PAGES}
    assert {path: found for path, found in wide.items() if found} == {}


def test_a_slash_leads_to_the_search_and_enter_to_what_it_finds(page: Page) -> None:
    page.goto("/jobs")
    page.keyboard.press("/")
    page.keyboard.type("text-classification")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models?q=text-classification")
    expect(page.get_by_role("main")).to_contain_text(NAME)


def test_two_keys_go_to_a_page_and_a_question_mark_lists_them_all(page: Page) -> None:
    page.goto("/models")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/jobs")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to Models")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_typed_into_a_field_are_letters(page: Page) -> None:
    page.goto("/models")
    page.get_by_label("Search models").fill("")
    page.get_by_label("Search models").press_sequentially("g/?")
    expect(page.get_by_label("Search models")).to_have_value("g/?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_shortcuts_that_are_switched_off_stay_off(page: Page) -> None:
    page.goto("/models")
    page.keyboard.press("?")
    page.get_by_role("switch", name="Use single-key shortcuts").uncheck()
    page.reload()
    page.keyboard.press("/")
    expect(page.get_by_label("Search models")).not_to_be_focused()


def test_a_chosen_theme_is_there_from_the_first_moment_of_the_next_page(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/models")
    page.get_by_role("button", name="Theme").click()
    page.get_by_text("Dark", exact=True).click()
    response = page.goto("/jobs")
    assert response is not None
    assert 'data-bs-theme="dark"' in response.text()
    page.get_by_role("button", name="Theme").click()
    page.get_by_text("As the system").click()
    response = page.goto("/jobs")
    assert response is not None
    assert "data-bs-theme" not in response.text()


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/models")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_uri_is_copied_and_says_so(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(VERSION)
    page.get_by_role("button", name="Copy URI").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"models:/{NAME}/1"


def test_a_lost_connection_is_said_and_can_be_dismissed(page: Page) -> None:
    alert = failing_filter(page, lambda route: route.abort())
    expect(alert).to_contain_text("The server cannot be reached")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)


def test_an_error_behind_the_server_is_said_with_the_id_to_quote(page: Page) -> None:
    alert = failing_filter(
        page, lambda route: route.fulfill(status=502, headers={"X-Request-ID": "4f6f2a0f"}, body="<h1>nginx</h1>")
    )
    expect(alert).to_contain_text("The server is not ready")
    expect(alert).to_contain_text("Request 4f6f2a0f")
    expect(alert).not_to_contain_text("nginx")


def test_what_the_server_says_about_a_failure_is_what_people_read(page: Page) -> None:
    said = (
        '<div class="notice" role="alert" data-problem><p>There is no version 9.</p><script>document.title = "ran"</script></div>'
    )
    alert = failing_filter(page, lambda route: route.fulfill(status=404, content_type="text/html", body=said))
    expect(alert).to_contain_text("There is no version 9.")


def test_on_a_phone_the_rail_is_at_the_bottom(phone: Page) -> None:
    phone.goto("/models")
    box = phone.get_by_role("navigation", name="Main").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(844, abs=1)
    phone.get_by_role("link", name=re.compile("^Jobs")).first.tap()
    phone.wait_for_url("**/jobs")


def debts(page: Page, path: str) -> list[str]:
    """Return what the page at `path` owes its readers, once the parts that it fetches are there."""
    page.goto(path, wait_until="networkidle")
    return list(page.evaluate(AUDIT))


def failing_filter(page: Page, answer: Callable[[Route], None]) -> Locator:
    """Return the alert after the list's filter met `answer`; on a page of its own, since its console complains, as it should."""
    troubled = page.context.new_page()
    troubled.goto("/models")
    troubled.route("**/models?*", answer)
    troubled.get_by_label("Filter by name, tag or card").fill("bert")
    return troubled.locator("#alerts [role=alert]")
