"""What holds for every page, wide and on a phone, light and dark: it fits, it has one heading, and nothing complains."""

import pytest
from playwright.sync_api import Page

PAGES = (
    "/",
    "/models",
    "/models/tiny-text-classification",
    "/models/tiny-text-classification/versions/1",
    "/models/tiny-text-classification/versions/1/signature",
    "/models/tiny-text-classification/versions/1/files",
    "/compare",
    "/compare?items=models:/tiny-text-classification/1&items=models:/tiny-image-classification/1",
    "/models/tiny-text-classification/versions/1/playground",
    "/models/tiny-image-classification/versions/1/playground",
    "/playground",
    "/jobs",
    "/log-model",
    "/workers",
    "/account/tokens",
    "/models/there-is-none",
)


@pytest.mark.parametrize("path", PAGES)
def test_it_is_whole_on_a_wide_screen(page: Page, path: str) -> None:
    look_at(page, path)


@pytest.mark.parametrize("path", PAGES)
def test_it_fits_on_a_phone_in_the_dark(phone: Page, path: str) -> None:
    phone.emulate_media(color_scheme="dark")
    look_at(phone, path)


def look_at(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle") if "/jobs" not in path else page.wait_for_load_state()
    assert page.locator("h1").count() == 1
    assert page.locator("main#main").count() == 1
    assert page.title()
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0
    assert page.evaluate("[...document.images].every(image => image.hasAttribute('alt'))")
