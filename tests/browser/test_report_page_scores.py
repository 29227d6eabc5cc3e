"""The score over several reports, drawn: at every size, without a script, with gaps as gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from lzkey.report.html import as_html
from lzkey.report.html.scores import BOTTOM
from lzkey.report.trend import trend
from lzkey.state import State

from .conftest import report_named, violations
from .driver import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from lzkey.report.model import Report

    from .driver import Opened

PHONE = {"width": 320, "height": 740}
DESK = {"width": 1280, "height": 900}
A4 = {"width": 688, "height": 990}
# Days before the report, and how many keys failed more than now; None: nothing was judged.
EARLIER = ((300, 30), (240, 20), (200, None), (120, 12), (60, 2), (7, 0))


def several() -> Report:
    """The troubled report with six earlier ones."""
    now = report_named("troubled")
    return replace(now, trend=trend(now, *(_earlier(now, days, bad) for days, bad in EARLIER)))


def _earlier(now: Report, days: int, bad: int | None) -> Report:
    states = [State.NOT_APPLICABLE if bad is None else State.NON_COMPLIANT] * len(now.keys)
    keys = tuple(
        replace(key, state=state, doubt=None) if bad is None or place < bad else key
        for place, (key, state) in enumerate(zip(now.keys, states, strict=True))
    )
    return replace(
        now, as_of=now.as_of - timedelta(days=days), keys=keys, places=() if bad is None else now.places
    )


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The page with six earlier reports."""
    path: Path = tmp_path_factory.mktemp("pages") / "report.html"
    path.write_text(as_html(several()), encoding="utf-8")
    with opened(browser, path) as shown:
        yield shown
        assert shown.misdeeds == []


@pytest.mark.parametrize(
    ("size", "media", "room"),
    [(PHONE, "screen", "for-phones"), (DESK, "screen", "for-others"), (A4, "print", "for-others")],
    ids=["phone", "desk", "paper"],
)
class TestAnywhere:
    """On a phone, on a desk, on paper."""

    def test_it_is_drawn_once_and_fits(
        self, page: Opened, size: dict[str, int], media: str, room: str
    ) -> None:
        """The drawing for the room that there is; nothing scrolls sideways."""
        page.page.set_viewport_size(size)
        page.page.emulate_media(media=media)
        assert page.too_wide() == []
        seen = page.page.eval_on_selector_all(
            "svg.scores", "all => all.filter(one => one.checkVisibility()).map(one => one.classList[2])"
        )
        assert seen == [room]

    def test_axe_finds_nothing_serious(
        self, page: Opened, size: dict[str, int], media: str, room: str
    ) -> None:
        """In the dark, where there is one."""
        page.page.set_viewport_size(size)
        page.page.emulate_media(media=media, color_scheme="dark")
        assert page.page.locator(f"svg.{room}").get_attribute("role") == "img"
        assert violations(page) == []


class TestLine:
    """What is drawn."""

    def test_a_report_without_a_score_is_a_gap(self, page: Opened) -> None:
        """A cross, to which no line leads; seven reports have six segments less two."""
        page.page.emulate_media(media="screen")
        page.page.set_viewport_size(DESK)
        assert page.page.locator("svg.for-others line.score").count() == 4
        assert page.page.locator("svg.for-others path.none").count() == 1
        assert page.page.locator("svg.for-others circle.score").count() == 6
        ends = page.page.eval_on_selector_all(
            "svg.for-others line.score", "all => all.map(one => Number(one.getAttribute('y2')))"
        )
        assert max(ends) < BOTTOM

    def test_every_report_is_a_row(self, page: Opened) -> None:
        """The newest first, with what its score is made of."""
        rows = page.rows("#every-score")
        assert len(rows) == 7
        assert rows[0].startswith("2026-12-01 09:00 UTC")
        assert "nothing judged" in rows[4]

    def test_it_is_told_in_words(self, page: Opened) -> None:
        """The first, the lowest, the highest, the last, and that something is missing."""
        told = str(page.page.get_attribute("svg.for-others", "aria-label"))
        assert told.startswith("Score from 2026-02-04 09:00 UTC to 2026-12-01 09:00 UTC, 7 reports: first ")
        assert told.endswith("; in 1 nothing was judged")
