"""Debian's Chromium, driven by playwright: a page opened from a file, and what it does that it should not."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

USUAL: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none, or fails where one is required."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing = f"none of {', '.join(NAMES)} is on the PATH: apt-get install chromium"
        if os.environ.get("LZKEY_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, and what it did that it should not: requests, errors, warnings, dialogs."""

    page: Page
    misdeeds: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements, with their spaces made one."""
        found: list[str] = self.page.eval_on_selector_all(
            selector, "all => all.map(one => one.textContent.replace(/\\s+/g, ' ').trim())"
        )
        return found

    def rows(self, table: str) -> list[str]:
        """The texts of a table's rows, cell by cell."""
        found: list[str] = self.page.eval_on_selector_all(
            f"{table} tbody tr",
            "all => all.map(row => [...row.cells].map(cell => cell.textContent.trim()).join(' | '))",
        )
        return found

    def column(self, table: str, number: int) -> list[str]:
        """The texts of a table's column, counted from 1."""
        return self.texts(f"{table} tbody td:nth-child({number})")

    def count(self, section: str) -> str:
        """What the live region of a section says."""
        return self.page.inner_text(f"{section} [role=status]")

    def too_wide(self, scrolls: str = ".scroll > *") -> list[str]:
        """What reaches beyond the right edge, but for what stands in something that scrolls by itself."""
        found: list[str] = self.page.evaluate(_TOO_WIDE, f"{scrolls}, .unseen, .sprite")
        return found


_TOO_WIDE = """(aside) => {
  const width = document.documentElement.clientWidth;
  const wide = [...document.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > width + 1 && !one.closest(aside));
  const told = wide.map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 60)}`);
  const scrolled = document.documentElement.scrollWidth;
  return scrolled > width ? [`the page: ${scrolled} in ${width}`, ...told] : told;
}"""


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Opened]:
    """The page in a context of its own, with all network refused."""
    with browser.new_context(**{**USUAL, **options}) as context:
        shown = Opened(context.new_page())
        shown.page.set_default_timeout(10_000)
        address = path.as_uri()

        def route(asked: Route) -> None:
            if asked.request.url == address:
                asked.continue_()
            else:
                shown.misdeeds.append(f"asked for {asked.request.url}")
                asked.abort()

        context.route("**/*", route)
        shown.page.on("console", lambda message: shown.misdeeds.append(f"{message.type}: {message.text}"))
        shown.page.on("pageerror", lambda error: shown.misdeeds.append(f"error: {error}"))
        shown.page.on("dialog", lambda dialog: (shown.misdeeds.append(dialog.message), dialog.dismiss()))
        context.on("page", lambda page: shown.misdeeds.append(f"opened {page.url}"))
        shown.page.goto(address)
        yield shown
