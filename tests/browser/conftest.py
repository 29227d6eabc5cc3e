"""The reports that are told of in tests/report/reports, as pages, and a browser to open them in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from lzkey.history.formats.html import render
from lzkey.report.document import from_document
from lzkey.report.html import as_html

from .driver import Opened, chromium, opened
from .histories import HISTORIES
from .populations import population

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from lzkey.report.model import Report

REPORTS = Path(__file__).parents[1] / "report/reports"
NAMES = sorted(path.stem for path in REPORTS.glob("*.json"))
MANY = "of 300 accounts"

# What the policy's directive is that an attempt runs against.
REFUSED = """() => new Promise((resolve) => {
  document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
  new Promise(() => { ATTEMPT });
})"""

Open = Callable[..., Opened]


@cache
def report_named(name: str) -> Report:
    """A report by its file's name, or the generated one."""
    if name == MANY:
        return population(300)
    return from_document(json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8")))


@cache
def page_of(name: str) -> str:
    """The page of a report."""
    return as_html(report_named(name))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a module."""
    with chromium() as started:
        yield started


@contextmanager
def _opening(browser: Browser, folder: Path, page_named: Callable[[str], str]) -> Iterator[Open]:
    """Opens a page by its name, once; a request, an error or a line on the console is a failure."""
    with ExitStack() as stack:
        shown: dict[str, Opened] = {}

        def open_named(name: str, **options: Any) -> Opened:
            asked = f"{name} {sorted(options.items())}"
            if asked not in shown:
                path = folder / f"{len(shown)}.html"
                path.write_text(page_named(name), encoding="utf-8")
                shown[asked] = stack.enter_context(opened(browser, path, **options))
            assert shown[asked].misdeeds == []
            return shown[asked]

        yield open_named
        assert [one.misdeeds for one in shown.values() if one.misdeeds] == []


@pytest.fixture(scope="module")
def read(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens a report by its name, once for all tests of a module that only look at it, or reload it.

    A request, an error or a line on the console is a failure, at the latest at the end of the module.
    """
    with _opening(browser, tmp_path_factory.mktemp("pages"), page_of) as opening:
        yield opening


@pytest.fixture(scope="module")
def read_history(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """The same for the histories of histories.py."""
    folder = tmp_path_factory.mktemp("histories")
    with _opening(browser, folder, lambda name: render(HISTORIES[name]())) as opening:
        yield opening


def violations(shown: Opened) -> list[str]:
    """What axe-core finds serious or critical; in the light also text whose contrast is not of level AAA."""
    shown.page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = shown.page.evaluate(
        """axe.run({
          resultTypes: ["violations"],
          rules: { "color-contrast-enhanced":
            { enabled: matchMedia("(prefers-color-scheme: light)").matches } },
        })"""
    )
    return [
        f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.fixture
def many(read: Open) -> Opened:
    """The generated report, as it is when it is opened."""
    shown = read(MANY)
    shown.page.reload()
    return shown


@pytest.fixture
def unfiltered(read: Open) -> Opened:
    """The generated report with nothing chosen, in any order."""
    shown = read(MANY)
    shown.page.click("#matrix .clear")
    shown.page.click("#keys .clear")
    return shown
