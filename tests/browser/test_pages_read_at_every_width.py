"""Every page can be read at every width: what is measured is in reading.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import MANY, NAMES
from .driver import USUAL
from .histories import HISTORIES
from .reading import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .conftest import Open
    from .driver import Opened

#: From a phone to a large screen, and the two at which tables become cards and back.
WIDTHS = (*range(320, 1921, 32), 767, 768, 1023, 1024)
DRESSED = """style => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
}"""
FEW = (320, 480, 767, 768, 1023, 1024, 1440, 1920)


def troubles(shown: Opened, widths: Iterable[int]) -> dict[str, list[int]]:
    """What cannot be read, with the widths."""
    found: dict[str, list[int]] = {}
    for width in widths:
        shown.page.set_viewport_size({"width": width, "height": 900})
        for trouble in (*shown.too_wide(), *unreadable(shown)):
            found.setdefault(trouble, []).append(width)
    shown.page.set_viewport_size(USUAL["viewport"])
    return found


@pytest.mark.parametrize("name", [*NAMES, MANY])
def test_report_can_be_read(read: Open, name: str) -> None:
    """From 320 to 1,920 pixels: no column too narrow, no line too long, nothing cut off or covered."""
    assert troubles(read(name), WIDTHS) == {}


@pytest.mark.parametrize("name", HISTORIES)
def test_history_can_be_read(read_history: Open, name: str) -> None:
    """The same of a key's history."""
    assert troubles(read_history(name), FEW) == {}


@pytest.mark.parametrize(
    ("style", "trouble"),
    [
        ("#deliveries td { display: table-cell; min-width: 0; max-width: 3rem }", "narrow"),
        (".why { max-width: none; width: 75rem }", "wide"),
        ("#summary .value { width: 2rem }", "broken"),
        ("h1 { width: 4rem; white-space: nowrap }", "outside"),
        ("#keys-title { margin-bottom: -4rem }", "overlapping"),
        ("td[data-label] { padding-left: 1rem !important }", "label too long"),
    ],
)
def test_what_cannot_be_read_is_told(read: Open, style: str, trouble: str) -> None:
    """Each kind of trouble, where a look makes it."""
    shown = read("troubled")
    shown.page.set_viewport_size({"width": 900, "height": 900})
    shown.page.evaluate(DRESSED, style)
    assert any(one.startswith(trouble) for one in unreadable(shown))
    shown.page.evaluate("document.adoptedStyleSheets = []")
    assert unreadable(shown) == []


@pytest.mark.parametrize("width", [320, 900, 1280])
def test_cards_are_tables_to_a_screen_reader(read: Open, width: int) -> None:
    """However a table is laid out, its rows are rows and its cells are cells, without roles in the markup."""
    shown = read("healthy")
    shown.page.set_viewport_size({"width": width, "height": 900})
    table = shown.page.get_by_role("table", name="All keys")
    rows = table.get_by_role("row")
    assert rows.count() == shown.page.locator(".keys tr").count() > 1
    assert rows.last.get_by_role("cell").count() == 6
    told = shown.page.context.new_cdp_session(shown.page).send("Accessibility.getFullAXTree")["nodes"]
    roles = [one["role"]["value"] for one in told]
    assert roles.count("table") == shown.page.locator("table").count()
    assert roles.count("cell") == shown.page.locator("td").count()
    assert shown.page.locator("table [role], table[role]").count() == 0
