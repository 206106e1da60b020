"""Trying models as a person does: type or choose, run, read the result."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

RESULT = "#result:not([aria-busy])"


def run(page: Page) -> None:
    page.get_by_role("button", name="Run").click()


def test_a_text_is_classified(page: Page) -> None:
    page.goto("/models/tiny-text-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("the soup was cold")
    run(page)
    for label in ("NEGATIVE", "NEUTRAL", "POSITIVE"):
        expect(page.locator(RESULT)).to_contain_text(label)


def test_a_result_can_be_read_as_table_and_as_json(page: Page) -> None:
    page.goto("/models/tiny-text-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("the waiter was kind")
    run(page)
    page.locator(RESULT).get_by_text("JSON", exact=True).click()
    expect(page.locator(RESULT).locator("pre")).to_contain_text('"label"')
    page.locator(RESULT).get_by_text("Table", exact=True).first.click()
    expect(page.locator(RESULT).get_by_role("columnheader", name="score").first).to_be_visible()


def test_a_run_has_an_address_that_shows_it_again(page: Page) -> None:
    page.goto("/models/tiny-text-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("a soup to remember")
    run(page)
    page.locator(RESULT).get_by_role("link", name="Permalink").click()
    expect(page).to_have_url(re.compile(r"/predictions/[0-9a-f-]{36}"))
    expect(page.locator("#main")).to_contain_text("a soup to remember")


def test_entities_are_marked_in_the_text(page: Page) -> None:
    page.goto("/models/tiny-token-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("sarah lives in london")
    run(page)
    expect(page.locator(RESULT)).to_contain_text("sarah")


def test_an_answer_is_streamed_and_the_chat_goes_on(page: Page) -> None:
    page.goto("/models/tiny-text-generation/versions/1/playground")
    turns = page.get_by_role("textbox", name="Message")
    before = turns.count()
    with page.expect_response(lambda response: "event-stream" in response.headers.get("content-type", "")):
        run(page)
    expect(page.locator(RESULT).locator(".answer")).to_be_visible()
    expect(turns).to_have_count(before + 2)


def test_an_image_is_shown_beside_its_labels(page: Page, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "white").save(tmp_path / "seven.png")
    page.goto("/models/tiny-image-classification/versions/1/playground")
    page.locator("input[type=file]").set_input_files(tmp_path / "seven.png")
    run(page)
    expect(page.locator(RESULT).get_by_role("img").first).to_be_visible()
    expect(page.locator(RESULT).locator(".bars li").first).to_be_visible()


def test_a_file_that_is_no_image_is_named_at_its_field(page: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.png").write_text("Dear registry,")
    page.goto("/models/tiny-image-classification/versions/1/playground")
    page.locator("input[type=file]").set_input_files(tmp_path / "letter.png")
    run(page)
    expect(page.locator("#predict .form-error:not(:empty)")).to_be_visible()


def test_an_empty_text_is_refused_at_its_field(page: Page) -> None:
    page.goto("/models/tiny-text-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("")
    run(page)
    expect(page.locator("#predict .form-error:not(:empty)").first).to_be_visible()


def test_without_scripts_a_run_leads_to_its_own_page(chromium, registry, signed_in) -> None:
    context = chromium.new_context(base_url=registry.url, storage_state=signed_in, java_script_enabled=False)
    page = context.new_page()
    page.goto("/models/tiny-text-classification/versions/1/playground")
    page.get_by_role("textbox", name="Text", exact=True).fill("good soup")
    run(page)
    expect(page).to_have_url(re.compile(r"/predictions/"))
    context.close()


@pytest.mark.parametrize("task", ["text-classification", "token-classification", "text-generation", "image-classification"])
def test_the_example_runs_as_it_stands(page: Page, task: str) -> None:
    page.goto(f"/models/tiny-{task}/versions/1/playground")
    run(page)
    expect(page.locator(RESULT).locator(".answer")).to_be_visible()
