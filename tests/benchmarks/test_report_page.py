"""The HTML report over 5,000 accounts, four Regions and three keys in each: its size, and what readers wait.

A browser opens the page and filters it within a second; a few accounts are enough when nothing is timed.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from lzkey.report.html import as_html
from lzkey.state import State

from ..browser.driver import chromium, opened  # noqa: TID252 - tests are no package
from ..browser.populations import population  # noqa: TID252

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Stopwatch

MEGABYTE = 1_000_000
MOST_MEGABYTES = 8
A_SECOND = 1.0

LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"
# Each step is clocked until the browser has painted what came of it.
CLOCKED = """async ([select, value]) => {
  const began = performance.now();
  const field = document.querySelector(select);
  if (value === null) field.click();
  else {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return (performance.now() - began) / 1000;
}"""
STEPS: dict[str, tuple[str, str | None]] = {
    "search all keys for a word, the first time": ("#keys-text", "denyoutsideorg"),
    "search them for another": ("#keys-text", "proved"),
    "filter all keys by account": ("#keys-account", "Team 0007"),
    "sort all keys by id": (".keys th:nth-child(2) button", None),
    "filter all accounts": ("#matrix-text", "Team 0007"),
}


class TestLargestReport:
    """Sixty thousand keys, less those of the Regions that record nothing."""

    def test_opens_and_filters_within_a_second(self, stopwatch: Stopwatch, tmp_path: Path) -> None:
        """Everything that a reader does to it, each until it is painted."""
        report = population(stopwatch.sized(5000, 500, 20))
        began = perf_counter()
        page = as_html(report)
        made = perf_counter() - began
        path = tmp_path / "report.html"
        path.write_text(page, encoding="utf-8")
        size = path.stat().st_size / MEGABYTE
        stopwatch.note(f"HTML of {len(report.keys):,} keys", f"{made:.2f} s, {size:.1f} MB")
        assert size <= MOST_MEGABYTES
        with chromium() as browser, opened(browser, path) as shown:
            loads = []
            for _ in range(stopwatch.sized(3, 2, 1)):
                shown.page.reload()
                loads.append(shown.page.evaluate(LOADED))
            stopwatch.hold("open it in Chromium, in seconds", min(loads), A_SECOND, 1)
            for name, (select, value) in STEPS.items():
                shown.page.click("#keys .clear")
                stopwatch.hold(
                    f"{name}, in seconds", shown.page.evaluate(CLOCKED, [select, value]), A_SECOND, 1
                )
            shown.page.check('#keys [name=state][value="0"]')
            failing = sum(key.state is State.NON_COMPLIANT for key in report.keys)
            assert shown.count("#keys").startswith(f"{failing:,} of {len(report.keys):,} keys")
            assert shown.misdeeds == []
