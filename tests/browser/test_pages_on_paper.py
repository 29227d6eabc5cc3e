"""The printed sheets: no heading is alone at a foot, heads of tables repeat, nothing is cut off."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import MANY, NAMES, report_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Open
    from .driver import Opened

pypdf = pytest.importorskip("pypdf", reason="pypdf, which reads the sheets, is not installed: make setup")

#: Of a sheet's foot, in points: there the page's number stands.
FOOT = 51
#: How many lines stand below a heading on its sheet, at least.
FOLLOWING = 2


def printed(shown: Opened) -> Any:
    """The page as a PDF, with its headings as the outline."""
    shown.page.emulate_media()
    return pypdf.PdfReader(
        BytesIO(shown.page.pdf(prefer_css_page_size=True, outline=True, tagged=True)), strict=True
    )


def headings(sheets: Any, outline: list[Any]) -> Iterator[tuple[str, int, float]]:
    """Every heading with its sheet and how high it stands there."""
    for one in outline:
        if isinstance(one, list):
            yield from headings(sheets, one)
        else:
            yield one.title, sheets.get_destination_page_number(one), float(one.top)


def lines(sheet: Any) -> set[int]:
    """How high the lines of a sheet stand, from its foot up."""
    found: set[int] = set()

    def keep(text: str, matrix: list[float], of_text: list[float], *_: object) -> None:
        high = matrix[5] + matrix[3] * of_text[5]
        if text.strip() and high > FOOT:
            found.add(round(high))

    sheet.extract_text(visitor_text=keep)
    return found


def alone(sheets: Any) -> list[str]:
    """The headings that have not enough below them."""
    below = [lines(sheet) for sheet in sheets.pages]
    return [
        f"{title} on sheet {number + 1}"
        for title, number, top in headings(sheets, sheets.outline)
        if sum(high < top - 20 for high in below[number]) < FOLLOWING
    ]


@pytest.mark.parametrize("name", [*NAMES, MANY])
def test_no_heading_of_a_report_is_left_alone(read: Open, name: str) -> None:
    """What it is the heading of begins on its sheet."""
    sheets = printed(read(name))
    assert len(list(headings(sheets, sheets.outline))) > 10
    assert alone(sheets) == []


@pytest.mark.parametrize("name", ["usual", "quiet", "hostile"])
def test_no_heading_of_a_history_is_left_alone(read_history: Open, name: str) -> None:
    """The same of a key's history."""
    assert alone(printed(read_history(name))) == []


def test_one_that_is_left_alone_is_told(read: Open) -> None:
    """Where what follows begins a sheet of its own."""
    shown = read("healthy")
    shown.page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync("@media print { #keys .count { break-before: page !important } }");
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    assert any("All keys" in one for one in alone(printed(shown)))
    shown.page.reload()


def test_heads_of_a_table_stand_on_each_of_its_sheets(read: Open) -> None:
    """Of the longest table, whose heads are buttons on the screen."""
    sheets = printed(read("troubled"))
    places = {title: number for title, number, _ in headings(sheets, sheets.outline)}
    first = next(number for title, number in places.items() if "All keys" in title)
    last = next(number for title, number in places.items() if "Since the earlier report" in title)
    assert last - first > 1
    for number in range(first, last):
        told = sheets.pages[number].extract_text()
        assert all(head in told for head in ("State", "Account", "Region", "Evaluated", "What is known"))


def test_every_key_is_printed_whole(read: Open) -> None:
    """Its id can be read back, whatever lines it is broken into."""
    sheets = printed(read("troubled"))
    text = re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in sheets.pages))
    missing = [key.arn for key in report_named("troubled").keys if key.arn.rpartition("/")[2] not in text]
    assert missing == []
