"""Real Chromium, and a page made of invented material, as files that no server serves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from samepicture.page.edition import write
from tests.browser.material import busy, empty, overlong

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MATERIAL = {"busy": busy, "empty": empty, "overlong": overlong}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from the system's packages; without it these tests are skipped, and `make chromium` says why.

    Not for longer than a module: Playwright's event loop runs until its end, and another can't run beside it.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not here: `make chromium` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an edition, by what it is made of."""
    made: dict[str, Path] = {}

    def made_of(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("page") / name
            write(MATERIAL[name](), made[name])
        return made[name]

    return made_of


@pytest.fixture
def opened(browser: Browser, edition: Callable[[str], Path]) -> Iterator[Callable[..., Page]]:
    """Opens a page. Whatever it asks of another host, lacks or fails at, fails the test when it ends."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(made_of: str, path: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        root = f"file://{edition(made_of)}/"
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("request", lambda request: None if request.url.startswith(root) else wrong.append(f"asks {request.url}"))
        page.on("requestfailed", lambda request: wrong.append(f"{request.url} is missing"))
        page.goto(root + path, wait_until="load")
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert wrong == []
