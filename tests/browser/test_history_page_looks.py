"""The page of a key's history at every size, in light and dark, on paper, and to a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lzkey.history.formats.html import render

from .conftest import REFUSED, violations
from .driver import opened
from .histories import ATTACKS, HISTORIES, hostile

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from .conftest import Open
    from .driver import Opened

PHONE = {"width": 320, "height": 740}
TABLET = {"width": 768, "height": 900}
WIDE = {"width": 1440, "height": 900}
A4 = {"width": 688, "height": 990}
# Labels, or marks, that touch, and what reaches beyond the screen.
TOUCHING = """(room) => {
  const found = [], width = document.documentElement.clientWidth;
  for (const selector of [".date", ".label", "circle.mark, rect.mark"]) {
    const all = [...document.querySelectorAll(`svg.${room}`)]
      .flatMap((one) => [...one.querySelectorAll(selector)]).map((one) => one.getBoundingClientRect());
    const touch = (one, other) => one.right > other.left + 0.5 && other.right > one.left + 0.5 &&
      one.bottom > other.top + 0.5 && other.bottom > one.top + 0.5;
    all.forEach((box, place) => {
      if (all.slice(place + 1).some((other) => touch(box, other))) found.push(`${selector} touch`);
      if (box.left < -0.5 || box.right > width + 0.5) found.push(`${selector} cut off`);
    });
  }
  return found;
}"""


@pytest.fixture
def sized(read_history: Open) -> Any:
    """A history at a size, and back."""
    shown: list[Opened] = []

    def at(name: str, size: dict[str, int], **media: Any) -> Opened:
        one = read_history(name)
        shown.append(one)
        one.page.set_viewport_size(size)
        one.page.emulate_media(**media)
        return one

    yield at
    for one in shown:
        one.page.emulate_media(media="screen", color_scheme="light")


@pytest.mark.parametrize("name", HISTORIES)
class TestAnyHistory:
    """Whatever is drawn."""

    @pytest.mark.parametrize("size", [PHONE, TABLET, WIDE], ids=["phone", "tablet", "wide"])
    def test_nothing_scrolls_sideways_or_touches(self, sized: Any, name: str, size: dict[str, int]) -> None:
        """From 320 pixels on, without a script."""
        shown = sized(name, size)
        assert shown.too_wide() == []
        room = "for-phones" if size is PHONE else "for-others"
        assert shown.page.evaluate(TOUCHING, room) == []

    def test_paper_is_wide_enough(self, sized: Any, name: str) -> None:
        """It has the drawing for everything but phones."""
        shown = sized(name, A4, media="print")
        assert shown.too_wide(scrolls="nothing") == []
        assert shown.page.evaluate(TOUCHING, "for-others") == []

    def test_one_drawing_is_seen(self, sized: Any, name: str) -> None:
        """The one for the room that there is."""
        for size, media in ((PHONE, "screen"), (TABLET, "screen"), (A4, "print")):
            page = sized(name, size, media=media).page
            seen = page.eval_on_selector_all(
                "svg.drawing",
                "all => all.filter(one => one.checkVisibility()).map(one => one.classList[1])",
            )
            assert seen == ([] if name == "empty" else ["for-phones" if size is PHONE else "for-others"])

    @pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (TABLET, "light")])
    def test_axe_finds_nothing_serious(
        self, sized: Any, name: str, size: dict[str, int], scheme: str
    ) -> None:
        """In both schemes, at both sizes."""
        assert violations(sized(name, size, color_scheme=scheme)) == []


class TestDrawing:
    """What can be told apart, and read, without colours, and without eyes."""

    def test_standings_differ_in_more_than_colour(self, sized: Any) -> None:
        """In height, pattern or outline."""
        page = sized("usual", WIDE).page
        found = page.eval_on_selector_all(
            ".legend rect[class]:not(.mark)",
            """all => all.map(one => [one.getAttribute("height"), getComputedStyle(one).strokeDasharray,
              getComputedStyle(one).fill.includes("hatching")].join())""",
        )
        assert len({*found}) == len(found) == 5

    def test_patterns_are_drawn_and_not_only_named(self, sized: Any) -> None:
        """The hatching that a shape refers to is in the page."""
        page = sized("usual", WIDE).page
        assert page.locator("pattern#hatching rect").count() == 2
        assert 'url("#hatching")' in page.eval_on_selector_all(
            "svg.for-others rect.possible", "all => all.map(one => getComputedStyle(one).fill)"
        )

    def test_text_is_as_large_on_every_screen(self, sized: Any) -> None:
        """It does not shrink with the drawing."""
        sizes = []
        for size, room in ((PHONE, "for-phones"), (WIDE, "for-others")):
            date = sized("usual", size).page.locator(f"svg.{room} .date").first
            sizes.append(date.evaluate("one => one.getBoundingClientRect().height"))
        assert sizes[0] == sizes[1] >= 10

    def test_it_has_a_name_that_tells_it(self, sized: Any) -> None:
        """To a screen reader: the time, each lane, and how much was done."""
        page = sized("usual", WIDE).page
        assert page.get_attribute("svg.for-others", "role") == "img"
        assert page.get_attribute("svg.for-others", "aria-label") == (
            "Timeline from 2025-12-01 09:00:00 UTC to 2026-12-01 09:00:00 UTC. "
            "CloudTrail: refused for 20 days 21 hours, not known for 130 days, allowed for 214 days 3 hours; "
            "AWS Config: possibly refused for 135 days, not known for 130 days, allowed for 100 days; "
            "5 changes"
        )

    def test_shapes_and_marks_have_titles(self, sized: Any) -> None:
        """That a pointer shows: what, from when to when, and why it is not known."""
        shown = sized("usual", WIDE)
        titles = shown.texts("svg.for-others title")
        assert (
            "CloudTrail: not known from 2026-01-05 09:00:00 UTC to 2026-05-15 09:00:00 UTC, 130 days: "
            "the trail delivered no file of these days"
        ) in titles
        assert any(
            title.startswith("DisableKey at 2026-11-19 09:00:00 UTC by arn:aws:sts:") for title in titles
        )

    def test_everything_drawn_is_in_a_table(self, sized: Any) -> None:
        """Windows, what is not known, and what was done."""
        shown = sized("usual", WIDE)
        assert [len(shown.rows(f"#{section}")) for section in ("windows", "gaps", "acts")] == [4, 2, 5]


class TestHostileHistory:
    """Every text of it is an attack."""

    def test_no_element_is_made_of_them(self, read_history: Open) -> None:
        """And no script is in the page at all."""
        page = read_history("hostile").page
        assert page.locator("script, img, iframe, object, embed, base").count() == 0
        assert page.locator("a:not([href^='#']):not([href^='https://docs.aws.amazon.com/'])").count() == 0

    def test_they_are_read_as_they_are(self, read_history: Open) -> None:
        """In the tables, and in the drawing's titles; marks that reorder show as their code."""
        shown = read_history("hostile")
        text = shown.page.inner_text("body")
        assert ATTACKS[0] in text
        assert ATTACKS[2] in text
        assert "safe⟨U+202E⟩gnp.exe ⟨U+001B⟩[31m⟨U+2066⟩red" in text
        assert not {"\u202e", "\x1b", "\u2066"} & {*shown.page.content()}
        assert any(ATTACKS[0] in title for title in shown.texts("svg.for-others title"))

    @pytest.mark.parametrize(
        ("attempt", "directive"),
        [
            ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
            (
                "document.body.append(Object.assign(document.createElement('script'), {src: 'x.js'}))",
                "require-trusted-types-for",
            ),
            ("fetch('https://example.com/x').catch(() => 0)", "connect-src"),
            ("document.body.innerHTML = '<b>x</b>'", "require-trusted-types-for"),
        ],
    )
    def test_the_pages_policy_would_stop_them(
        self, browser: Browser, tmp_path: Path, attempt: str, directive: str
    ) -> None:
        """Should any text become more than text."""
        path = tmp_path / "history.html"
        path.write_text(render(hostile()), encoding="utf-8")
        with opened(browser, path) as shown:
            assert shown.page.evaluate(REFUSED.replace("ATTEMPT", attempt)) == directive
            assert not [misdeed for misdeed in shown.misdeeds if misdeed.startswith("asked for")]
