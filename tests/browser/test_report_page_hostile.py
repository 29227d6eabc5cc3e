"""Names that want to be more than names: they are shown, and do nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from lzkey.page.words import visible

from .conftest import REFUSED, page_of, report_named
from .driver import opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from .conftest import Open

# Control characters but for the line's end, marks that reorder, zero-width characters, line separators.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class TestHostileNames:
    """The report whose every text is an attack."""

    def test_no_element_is_made_of_them(self, read: Open) -> None:
        """Neither by the HTML nor by the script."""
        for scripted in (True, False):
            page = read("hostile", java_script_enabled=scripted).page
            assert page.locator("img, iframe, object, embed, base, meta[http-equiv=refresh]").count() == 0
            assert page.locator("script").count() == 2
            assert page.locator("a:not([href^='#']):not([href^='https://docs.aws.amazon.com/'])").count() == 0

    def test_they_are_read_as_they_are(self, read: Open) -> None:
        """Every name of an account stands in the matrix."""
        shown = read("hostile")
        names = {one.strip() for one in shown.texts(".matrix .name")}
        assert names == {" ".join(visible(one.name).split()) for one in report_named("hostile").accounts}
        assert "</style></svg>{{7*7}}{% raw %}" in names

    def test_nothing_unseen_is_left(self, read: Open) -> None:
        """Marks that reorder text, escapes of terminals and the like show as their code."""
        shown = read("hostile")
        assert UNSEEN.search(page_of("hostile")) is None
        assert UNSEEN.search(shown.page.inner_text("body").replace("\t", " ")) is None
        assert "safe⟨U+202E⟩gnp.exe" in shown.page.inner_text("body")

    def test_events_are_read_whole(self, read: Open) -> None:
        """Each in a box of its own, as somebody else's text, and however long within the page."""
        shown = read("hostile")
        observed = report_named("hostile").observed
        assert observed is not None
        written = [visible(one.event) for one in observed.contradictions]
        assert shown.page.locator("pre.event").all_inner_texts() == written
        assert shown.page.locator("pre.event *").count() == 0
        assert any("<script>" in event for event in written)
        boxes = shown.page.locator("pre.event").all()
        assert all(box.evaluate("box => box.scrollWidth <= box.clientWidth") for box in boxes)

    @pytest.mark.parametrize(
        "text", ["<script>", "=cmd|' /C calc'!A0", '">', "{{7*7}}", "[", "\\", "a(", "*"]
    )
    def test_they_can_be_searched_for(self, read: Open, text: str) -> None:
        """What is typed is a text, no pattern and no markup."""
        shown = read("hostile")
        accounts = report_named("hostile").accounts
        wanted = sum(text.lower() in visible(f"{one.account} {one.name}").lower() for one in accounts)
        shown.page.fill("#matrix-text", text)
        assert shown.count("#matrix").startswith(f"{wanted} of " if wanted else "No match among")
        shown.page.fill("#matrix-text", "")


class TestPolicyOfThePage:
    """Should anything get through, the page's own Content-Security-Policy stops it."""

    @pytest.mark.parametrize(
        ("attempt", "directive"),
        [
            (
                "document.body.append(Object.assign(document.createElement('img'), {src: 'https://example.com/x'}))",
                "img-src",
            ),
            ("fetch('https://example.com/x').catch(() => 0)", "connect-src"),
            ("document.body.setAttribute('onclick', 'alert(1)')", "require-trusted-types-for"),
            ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
            ("document.body.innerHTML = '<b>x</b>'", "require-trusted-types-for"),
            (
                "document.body.append(Object.assign(document.createElement('base'), {href: 'https://example.com/'}))",
                "base-uri",
            ),
        ],
    )
    def test_it_is_refused(self, browser: Browser, tmp_path: Path, attempt: str, directive: str) -> None:
        """By the directive that is meant for it, before any request is made."""
        path = tmp_path / "report.html"
        path.write_text(page_of("empty"), encoding="utf-8")
        with opened(browser, path) as shown:
            refused = shown.page.evaluate(REFUSED.replace("ATTEMPT", attempt))
            assert refused == directive
            assert not [misdeed for misdeed in shown.misdeeds if misdeed.startswith("asked for")]
