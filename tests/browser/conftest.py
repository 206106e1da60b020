"""A real registry, a real Chromium, a person who is signed in; whatever the page complains about fails the test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from tests.stack import Stack

from .models import log_models

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A registry as `manage.py up` starts it, which holds one tiny model for each task."""
    stack = Stack(tmp_path_factory.mktemp("var"))
    try:
        log_models(stack.wait_until_ready())
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium. A run without it fails: it must not look as if the pages had been tried."""
    programs = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    program = next(filter(None, programs), None)
    assert program, "There is no Chromium here; `make test` installs it, or says how."
    with sync_playwright() as playwright:
        # Its sandbox refuses to run as root, which containers do.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def signed_in(registry: Stack, chromium: Browser) -> dict:
    """The cookies of the administrator, who came in by a one-time link."""
    context = chromium.new_context(base_url=registry.url)
    page = context.new_page()
    page.goto(registry.manage("sign_in_link", "--host", registry.url))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{registry.url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(registry: Stack, chromium: Browser, signed_in: dict) -> Iterator[Page]:
    """A window of usual size."""
    context = chromium.new_context(base_url=registry.url, viewport=WIDE, storage_state=signed_in)
    yield from watched(context)


@pytest.fixture
def phone(registry: Stack, chromium: Browser, signed_in: dict) -> Iterator[Page]:
    """The same on a phone."""
    context = chromium.new_context(base_url=registry.url, viewport=PHONE, storage_state=signed_in, has_touch=True, is_mobile=True)
    yield from watched(context)


def watched(context: BrowserContext) -> Iterator[Page]:
    """Yield a page; fail afterwards when a script failed, the policy blocked something, or the server broke."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:  # a 422 is an answer
            complaints.append(message.text)

    def on_response(response: Response) -> None:
        if response.status >= 500:
            complaints.append(f"{response.status} {response.url}")

    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", on_response)
    yield page
    context.close()
    assert not complaints
