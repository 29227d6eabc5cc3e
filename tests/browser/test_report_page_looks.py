"""The page at every size, in light and dark, on paper, and to a screen reader."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.report.html import as_html

from .conftest import MANY, report_named, violations
from .driver import opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from .conftest import Open
    from .driver import Opened

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
A4 = {"width": 688, "height": 990}
"""Inside of the page's margins, at 96 dots per inch: 182 mm by 262 mm."""

# The contrast of shapes to the page. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
RATIOS = """selector => {
  const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0.05);
  const page = light(getComputedStyle(document.body).backgroundColor);
  return Array.from(document.querySelectorAll(selector), (shape) => light(getComputedStyle(shape).fill))
    .map((shape) => Math.max(shape, page) / Math.min(shape, page));
}"""


@pytest.fixture
def sized(read: Open) -> Any:
    """A report at a size, and back to the desk's."""
    shown: list[Opened] = []

    def at(name: str, size: dict[str, int], **media: Any) -> Opened:
        one = read(name)
        shown.append(one)
        one.page.set_viewport_size(size)
        one.page.emulate_media(**media)
        return one

    yield at
    for one in shown:
        one.page.set_viewport_size(DESK)
        one.page.emulate_media(media="screen", color_scheme="light")


class TestWidth:
    """Nothing is cut off, and the page never scrolls sideways."""

    @pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
    @pytest.mark.parametrize("name", ["hostile", "troubled", "empty", MANY])
    def test_screen_is_wide_enough(self, sized: Any, name: str, size: dict[str, int]) -> None:
        """At 360 and at 1280 pixels; the matrix scrolls in itself."""
        assert sized(name, size).too_wide() == []

    @pytest.mark.parametrize("name", ["hostile", "troubled", "empty", MANY])
    def test_paper_is_wide_enough(self, sized: Any, name: str) -> None:
        """The matrix too."""
        assert sized(name, A4, media="print").too_wide(scrolls="nothing") == []

    def test_what_is_too_wide_is_told(self, read: Open) -> None:
        """A line that may not end is seen by these tests."""
        shown = read("troubled")
        shown.page.evaluate("document.querySelector('h1').append('long'.repeat(200))")
        shown.page.evaluate("document.querySelector('h1').style.whiteSpace = 'nowrap'")
        assert shown.too_wide()
        shown.page.reload()


class TestAccessibility:
    """What axe-core finds serious or critical; a table of keys, a matrix and a form are on every page."""

    @pytest.mark.parametrize(
        ("name", "size", "scheme"),
        [
            ("troubled", PHONE, "dark"),
            ("hostile", DESK, "dark"),
            ("hostile", PHONE, "light"),
            ("healthy", DESK, "light"),
            ("empty", DESK, "light"),
        ],
    )
    def test_axe_finds_nothing_serious(
        self, sized: Any, name: str, size: dict[str, int], scheme: str
    ) -> None:
        """Contrast, names, roles, tables, landmarks, in the scheme that is asked for."""
        shown = sized(name, size, color_scheme=scheme)
        assert violations(shown) == []

    @pytest.mark.parametrize(
        ("color", "rules"),
        [
            ("#bbbbbb", ["color-contrast"]),
            ("#707070", ["color-contrast-enhanced"]),
        ],
    )
    def test_axe_would_tell(self, sized: Any, color: str, rules: list[str]) -> None:
        """A text without contrast, and one whose contrast is 5 where 7 is asked for."""
        shown = sized("empty", DESK, color_scheme="light")
        shown.page.evaluate("color => { document.querySelector('.formula').style.color = color; }", color)
        assert [found.split(":")[0] for found in violations(shown)] == rules
        shown.page.reload()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_parts_of_a_bar_stand_out(self, sized: Any, scheme: str) -> None:
        """Each has a contrast of 3 to the page, as WCAG asks of graphics; the rest of a bar says nothing."""
        shown = sized("troubled", DESK, color_scheme=scheme)
        ratios: list[float] = shown.page.evaluate(RATIOS, "#summary .bar rect:not(.rest)")
        assert len(ratios) > 7
        assert min(ratios) >= 3

    @pytest.mark.parametrize("name", ["troubled", "empty"])
    def test_headings_are_in_order(self, read: Open, name: str) -> None:
        """One of the first level, and no level left out on the way down."""
        levels: list[int] = read(name).page.eval_on_selector_all(
            "h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    @pytest.mark.parametrize("name", ["troubled", "healthy"])
    def test_every_table_has_a_caption_and_heads(self, read: Open, name: str) -> None:
        """And every head says what it is the head of."""
        page = read(name).page
        assert page.locator("table:not(:has(> caption))").count() == 0
        assert page.locator("th:not([scope])").count() == 0


class TestSchemes:
    """What the reader's system asks for."""

    def test_dark_is_dark_and_paper_is_white(self, sized: Any) -> None:
        """Also when the system is dark."""
        background = "getComputedStyle(document.body).backgroundColor"
        assert sized("troubled", DESK, color_scheme="light").page.evaluate(background) == "rgb(255, 255, 255)"
        assert sized("troubled", DESK, color_scheme="dark").page.evaluate(background) == "rgb(17, 22, 28)"
        on_paper = sized("troubled", A4, color_scheme="dark", media="print")
        assert on_paper.page.evaluate(background) == "rgb(255, 255, 255)"

    @pytest.mark.parametrize(("wish", "behavior"), [("reduce", "auto"), ("no-preference", "smooth")])
    def test_nothing_moves_for_who_wants_rest(self, sized: Any, wish: str, behavior: str) -> None:
        """Scrolling to a section is a jump."""
        shown = sized("troubled", DESK, reduced_motion=wish)
        assert shown.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behavior
        shown.page.emulate_media(reduced_motion="reduce")


class TestPaper:
    """What an auditor signs."""

    def test_rows_are_printed_and_controls_are_not(self, read: Open) -> None:
        """More rows than on the screen, by the filter, which is told."""
        shown = read(MANY)
        shown.page.check('#keys [name=state][value="0"]')
        before = shown.rows(".keys")
        shown.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        shown.page.emulate_media(media="print")
        assert len(before) == 50
        assert len(shown.rows(".keys")) == 250
        assert shown.page.inner_text("#keys .chosen") == "Filter: Non-compliant"
        assert not shown.page.is_visible("#keys form")
        assert shown.page.is_visible(".signatures")
        shown.page.emulate_media(media="screen")
        shown.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert shown.rows(".keys") == before
        assert shown.page.is_visible(".signatures")
        shown.page.click("#keys .clear")

    def test_prints_on_a4(self, read: Open) -> None:
        """Upright, in points; heads of tables are text, which Chromium repeats on every sheet."""
        sheets = read("troubled").page.pdf(prefer_css_page_size=True)
        assert b"/MediaBox [0 0 594.95996 841.91998]" in sheets
        assert b"/MediaBox [0 0 841" not in sheets

    def test_many_regions_lie_across(self, browser: Browser, tmp_path: Path) -> None:
        """The matrix gets sheets of its own, and nothing is cut off there."""
        report = report_named("troubled")
        regions = tuple(
            f"{part}-{side}-{number}"
            for part in ("us", "ap", "eu")
            for side in ("northeast", "west")
            for number in (1, 2, 3)
        )
        path = tmp_path / "broad.html"
        path.write_text(
            as_html(replace(report, scope=replace(report.scope, regions=regions))), encoding="utf-8"
        )
        with opened(browser, path) as shown:
            assert b"/MediaBox [0 0 841" in shown.page.pdf(prefer_css_page_size=True)
            assert shown.too_wide() == []
            shown.page.emulate_media(media="print")
            shown.page.set_viewport_size({"width": 1017, "height": 600})
            assert shown.too_wide(scrolls="nothing") == []
