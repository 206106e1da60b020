"""Take the screenshots of the docs from a registry that holds the demo models: `python -m docs.take_screenshots`.

Start one first (`make run`), and let its demo finish. The pictures lie in `docs/screenshots`.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "screenshots"
WIDE, PHONE = (1440, 900), (390, 844)


@dataclass(frozen=True)
class Shot:
    """One picture: which page, how wide, in which theme, and what is done there first."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    theme: str = "light"
    act: Callable[[Page], None] = lambda page: None


def run(page: Page) -> None:
    """Press Run and wait for the answer."""
    page.get_by_role("button", name="Run").click()
    page.get_by_role("link", name="Permalink").first.wait_for()


PLAYGROUND = "/models/{}/versions/1/playground"
SHOTS = (
    Shot("home", "/"),
    Shot("models", "/models"),
    Shot("models-phone", "/models", PHONE),
    Shot("version", "/models/sentiment/versions/2"),
    Shot("version-dark", "/models/sentiment/versions/2", theme="dark"),
    Shot("playground", PLAYGROUND.format("digits"), act=run),
    Shot("playground-chat", PLAYGROUND.format("storyteller"), act=run),
    Shot("playground-spans", PLAYGROUND.format("entities"), theme="dark", act=run),
    Shot("playground-phone", PLAYGROUND.format("sentiment"), PHONE, act=run),
    Shot("compare", "/compare?items=models:/sentiment/1&items=models:/sentiment/2"),
    Shot("jobs", "/jobs"),
    Shot("workers", "/workers"),
)


def main(arguments: list[str] | None = None) -> int:
    """Sign in by a one-time link and take every picture."""
    parser = argparse.ArgumentParser(prog="python -m docs.take_screenshots", description=__doc__)
    parser.add_argument("--host", default="http://127.0.0.1:8000", help="the registry's address (default %(default)s)")
    host = parser.parse_args(arguments).host
    command = [sys.executable, "manage.py", "sign_in_link", "--host", host]
    link = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1]
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(link)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        for shot in SHOTS:
            _take(page, host, shot)
        browser.close()
    return 0


def _take(page: Page, host: str, shot: Shot) -> None:
    width, height = shot.size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=shot.theme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(host + shot.path)
    page.wait_for_load_state("networkidle")
    shot.act(page)
    page.screenshot(path=FOLDER / f"{shot.name}.png")


if __name__ == "__main__":
    sys.exit(main())
