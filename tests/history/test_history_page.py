"""The page of a key's history, without a browser: its axis, what is drawn, and what it says of windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from lzkey.figures import lasted, to_the_second
from lzkey.history.edges import EARLIEST, LATEST, Edge
from lzkey.history.formats.markdown import render as markdown
from lzkey.history.formats.terminal import render as text
from lzkey.history.html import as_html
from lzkey.history.html.drawing import LEAST, drawing
from lzkey.history.html.page import SHOWN
from lzkey.history.html.rows import answers, windows
from lzkey.history.model import RECORDED, Act, History, Origin, Reason, Span, Standing
from lzkey.history.since import BEGINNING, Since, finding_since, standing_now
from lzkey.page.axis import CHARACTER, ROOMS, Scale, ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
SERVICE = "CloudTrail"
NARROW, BROAD = ROOMS.values()
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALICE = "arn:aws:iam::111122223333:user/alice"
WHY = "no file of these days"
PUT = Act(NOW - timedelta(days=80), "PutKeyPolicy", ALICE)
NOTED = Act(NOW - timedelta(days=80), RECORDED, "", origin=Origin.CONFIG)
DENIED = Reason("CLOUDTRAIL_ACCESS", "DENIED", 'denied by "Outside"', "refused")
OFF = Reason("ENABLED", "STATE", "the key is Disabled", "refused")


def ago(**more: float) -> datetime:
    """So long before now."""
    return NOW - timedelta(**more)


def put(at: datetime, name: str = "PutKeyPolicy") -> Act:
    """A change by alice."""
    return Act(at, name, ALICE, event_id="0badbeef")


def turned(*turns: tuple[datetime, Standing, Act | None], service: str = SERVICE) -> tuple[Span, ...]:
    """The spans of a service, each until the next one begins."""
    following = [*((at, by) for at, _, by in turns[1:]), (None, None)]
    return tuple(
        Span(
            service,
            at,
            end,
            standing,
            (DENIED,) if standing is Standing.REFUSED else (),
            WHY if standing is Standing.UNKNOWN else "",
            by,
            ended_by,
        )
        for (at, standing, by), (end, ended_by) in zip(turns, following, strict=True)
    )


def told(spans: Iterable[Span], acts: Iterable[Act] = ()) -> History:
    """A history of these spans, from the first on."""
    found = tuple(spans)
    start = min((span.start for span in found), default=NOW)
    return History(KEY, NOW, start, {}, "1.0.0", (), tuple(acts), found)


EXTENTS = [
    timedelta(seconds=1),
    timedelta(seconds=20),
    timedelta(seconds=59, microseconds=1),
    *(timedelta(minutes=number) for number in (1, 7, 59)),
    *(timedelta(hours=number) for number in (1, 5, 23)),
    *(timedelta(days=number) for number in (1, 3, 29, 90, 200, 365, 800, 2557, 9_000, 100_000)),
]


class TestAxis:
    """Ticks from seconds to centuries."""

    @pytest.mark.parametrize("room", [NARROW, BROAD])
    @pytest.mark.parametrize("extent", EXTENTS, ids=str)
    def test_labels_do_not_touch(self, extent: timedelta, room: int) -> None:
        """With a width of each that is rather too large."""
        scale = Scale(NOW - extent, NOW, room)
        places = [
            (tick.percent * room / 100, len(tick.label) * CHARACTER) for tick in ticks(scale) if tick.label
        ]
        assert all(place + width / 2 < after - wide / 2 for (place, width), (after, wide) in pairwise(places))

    @pytest.mark.parametrize("room", [NARROW, BROAD])
    @pytest.mark.parametrize("extent", EXTENTS[1:], ids=str)
    def test_there_are_some_and_not_too_many(self, extent: timedelta, room: int) -> None:
        """At least one that is labelled where the time has as many as two of what it counts."""
        found = ticks(Scale(NOW - extent, NOW, room))
        assert 1 <= len(found) <= room / CHARACTER
        assert any(tick.label for tick in found)
        assert all(0 <= tick.percent <= 100 for tick in found)

    @pytest.mark.parametrize(
        ("extent", "labels"),
        [
            (timedelta(minutes=1), ["08:59:10", "08:59:20", "08:59:30", "08:59:40", "08:59:50"]),
            (timedelta(hours=24), ["10:00", "12:00", "14:00", "16:00", "18:00", "20:00", "22:00", "1 Dec"]),
            (timedelta(days=90), ["10 Sep", "24 Sep", "8 Oct"]),
            (timedelta(days=365), ["Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"]),
            (timedelta(days=2557), ["2021", "2022", "2023"]),
        ],
    )
    def test_words_are_as_fine_as_the_steps(self, extent: timedelta, labels: list[str]) -> None:
        """Midnight is a day; the first of a year is in the label of a month."""
        found = [tick.label for tick in ticks(Scale(NOW - extent, NOW, BROAD)) if tick.label]
        assert found[: len(labels)] == labels

    def test_a_tick_is_where_its_moment_is(self) -> None:
        """The first of July 2026, of a year that ends in December."""
        scale = Scale(ago(days=365), NOW, BROAD)
        (july,) = [tick for tick in ticks(scale) if tick.label == "Jul 2026"]
        assert july.percent == scale.percent(datetime(2026, 7, 1, tzinfo=UTC))

    def test_another_zone_counts_in_utc(self) -> None:
        """What the reader's clock says matters nowhere."""
        east = [at.astimezone(tz=None) for at in (ago(days=365), NOW)]
        assert ticks(Scale(*east, BROAD)) == ticks(Scale(ago(days=365), NOW, BROAD))

    def test_no_time_at_all(self) -> None:
        """Is no division by nothing."""
        assert len(ticks(Scale(NOW, NOW, NARROW))) <= 1


class TestDrawing:
    """What stands where, for a phone and for anything else."""

    @pytest.mark.parametrize("room", [NARROW, BROAD])
    @pytest.mark.parametrize("number", [1, 2, 40, 1_000, 20_000])
    @pytest.mark.parametrize("within", [timedelta(minutes=1), timedelta(days=6), timedelta(days=89)], ids=str)
    def test_marks_do_not_touch(self, room: int, number: int, within: timedelta) -> None:
        """However many there are, and however close; none of them is lost, and none cut off."""
        acts = [put(ago(days=89) + within * (place / number)) for place in range(number)]
        marks = drawing(told(turned((ago(days=90), Standing.ALLOWED, None)), acts), room).marks
        edges = [(mark.percent * room / 100 + mark.shift - mark.width / 2, mark.width) for mark in marks]
        assert all(left + width < after for (left, width), (after, _) in pairwise(edges))
        assert edges[0][0] >= -0.01
        assert sum(edges[-1]) <= room + 0.01
        assert sum(mark.number for mark in marks) == number

    def test_a_thousand_within_a_minute_are_one_mark(self) -> None:
        """With their number, and what they were."""
        acts = [put(ago(days=9) + timedelta(milliseconds=60 * place)) for place in range(1_000)]
        acts[3] = replace(acts[3], name="DisableKey")
        (mark,) = drawing(told(turned((ago(days=90), Standing.ALLOWED, None)), acts), BROAD).marks
        assert mark.number == 1_000
        assert mark.title == (
            "1,000 changes from 2026-11-22 09:00:00 UTC to 2026-11-22 09:00:59 UTC: "
            "999 PutKeyPolicy, 1 DisableKey"
        )

    def test_one_in_seven_years_is_where_it_was(self) -> None:
        """And is named."""
        act = put(ago(days=1_000))
        made = drawing(told(turned((ago(days=2_000), Standing.ALLOWED, None)), [act]), NARROW)
        (mark,) = made.marks
        assert (mark.percent, mark.shift) == (50, 0)
        assert mark.title == f"PutKeyPolicy at {to_the_second(act.at)} by {ALICE}"

    def test_seconds_of_years_are_seen(self) -> None:
        """As wide as the least, in the one place where they were, and it is said."""
        bad = ago(days=1_000)
        spans = turned(
            (ago(days=2_000), Standing.ALLOWED, None),
            (bad, Standing.REFUSED, put(bad)),
            (bad + timedelta(seconds=2), Standing.ALLOWED, None),
        )
        made = drawing(told(spans), BROAD)
        (lane,) = made.lanes
        thin = lane.shapes[-1]
        assert (thin.standing, thin.width, round(thin.percent, 3)) == (Standing.REFUSED, 0, 50)
        assert made.widened == lasted(timedelta(days=2_000) * LEAST / BROAD)
        assert drawing(told(spans[:1]), BROAD).widened == ""

    def test_what_is_wide_enough_is_to_scale(self) -> None:
        """A quarter is a quarter, with its word in it."""
        spans = turned((ago(days=100), Standing.UNKNOWN, None), (ago(days=25), Standing.REFUSED, None))
        first, second = drawing(told(spans), BROAD).lanes[0].shapes
        assert (first.percent, first.width, first.label) == (0, 75, "not known")
        assert (second.percent, second.width, second.label) == (75, 25, "refused")
        assert WHY in first.title

    def test_the_worst_is_painted_last(self) -> None:
        """So that nothing covers it."""
        order = (Standing.REFUSED, Standing.UNKNOWN, Standing.POSSIBLE, Standing.ALLOWED, Standing.NO_KEY)
        spans = turned(*((ago(days=50 - place * 9), standing, None) for place, standing in enumerate(order)))
        painted = [shape.standing for shape in drawing(told(spans), BROAD).lanes[0].shapes]
        assert painted == [
            Standing.NO_KEY,
            Standing.ALLOWED,
            Standing.UNKNOWN,
            Standing.POSSIBLE,
            Standing.REFUSED,
        ]

    def test_many_windows_make_no_large_drawing(self) -> None:
        """What falls into one place is drawn once: a page of 10,000 windows can be opened."""
        turns = [
            (
                ago(days=900) + timedelta(hours=hours),
                Standing.REFUSED if hours % 2 else Standing.ALLOWED,
                None,
            )
            for hours in range(20_000)
        ]
        shapes = drawing(told(turned(*turns)), BROAD).lanes[0].shapes
        assert len(shapes) <= 2 * (BROAD / LEAST + 2)

    def test_it_is_told_in_words(self) -> None:
        """For who does not see it: each lane, the worst first."""
        spans = turned((ago(days=100), Standing.ALLOWED, None), (ago(days=25), Standing.REFUSED, None))
        assert drawing(told(spans), BROAD).words == "CloudTrail: refused for 25 days, allowed for 75 days"

    def test_a_name_that_is_too_long_is_cut(self) -> None:
        """It is not what decides how wide the page is."""
        lane = drawing(told(turned((NOW, Standing.ALLOWED, None), service="W" * 300)), NARROW).lanes[0]
        assert len(lane.name) * 14 <= NARROW
        assert lane.name.endswith("…")


class TestNow:
    """What is so now, and since when."""

    BAD = put(ago(days=9))

    @pytest.mark.parametrize(
        ("before", "unknown"),
        [
            ((ago(days=20), Standing.ALLOWED, None), ""),
            ((ago(days=20), Standing.POSSIBLE, None), ""),
            ((ago(days=20), Standing.NO_KEY, None), ""),
            ((ago(days=20), Standing.UNKNOWN, None), f"what was before is not known: {WHY}"),
            (None, BEGINNING),
        ],
    )
    def test_begins_with_what_is_known_to_begin_it(
        self, before: tuple[datetime, Standing, Act | None] | None, unknown: str
    ) -> None:
        """After a gap, and at the beginning of what is known, it may have been so before."""
        turns = [before] if before else []
        by = None if unknown == BEGINNING else self.BAD
        spans = turned(*turns, (self.BAD.at, Standing.REFUSED, by))
        assert standing_now(told(spans), SERVICE) == (Standing.REFUSED, Since(self.BAD.at, by, unknown))

    def test_spans_that_are_alike_are_one(self) -> None:
        """Another reason does not begin it anew; of the finding it does."""
        first, second = turned(
            (ago(days=20), Standing.ALLOWED, None),
            (self.BAD.at, Standing.REFUSED, self.BAD),
            (ago(days=2), Standing.REFUSED, put(ago(days=2), "DisableKey")),
        )[1:]
        history = told(
            (*turned((ago(days=20), Standing.ALLOWED, None)), first, replace(second, reasons=(OFF,)))
        )
        history = replace(history, spans=(replace(history.spans[0], end=first.start), *history.spans[1:]))
        assert standing_now(history, SERVICE)[1].at == self.BAD.at
        since = finding_since(history, "ENABLED")
        assert since is not None
        assert (since.at, since.begun_by) == (ago(days=2), second.begun_by)
        assert finding_since(history, "CLOUDTRAIL_ACCESS") is None

    def test_a_finding_of_two_services_is_as_old_as_the_older(self) -> None:
        """A key that is disabled refuses both."""
        spans = (
            *turned((ago(days=20), Standing.ALLOWED, None), (ago(days=3), Standing.REFUSED, None)),
            *turned(
                (ago(days=20), Standing.ALLOWED, None), (ago(days=5), Standing.REFUSED, None), service="B"
            ),
        )
        since = finding_since(told(spans), "CLOUDTRAIL_ACCESS")
        assert since is not None
        assert since.at == ago(days=5)

    def test_a_present_that_is_not_known(self) -> None:
        """Is no answer, and says why."""
        history = told(turned((ago(days=20), Standing.REFUSED, None), (ago(days=3), Standing.UNKNOWN, None)))
        assert finding_since(history, "CLOUDTRAIL_ACCESS") == Since(None, unknown=WHY)
        (answer,) = answers(history)
        assert (answer.word, answer.tone) == ("Not known.", "unknown")

    def test_a_moment_is_no_time(self) -> None:
        """What is known of now alone has no since."""
        history = told(turned((ago(days=20), Standing.UNKNOWN, None), (NOW, Standing.REFUSED, None)))
        (answer,) = answers(history)
        assert (
            answer.sentence == "Deliveries of CloudTrail are refused for certain now; since when is not known"
        )

    def test_a_service_of_which_nothing_is_told(self) -> None:
        """Is not known, and never allowed."""
        assert standing_now(told(()), SERVICE)[0] is Standing.UNKNOWN


class TestWindows:
    """When deliveries would have been refused."""

    def test_open_ones_come_first(self) -> None:
        """Then the newest."""
        spans = (
            *turned(
                (ago(days=90), Standing.REFUSED, put(ago(days=90))),
                (ago(days=80), Standing.ALLOWED, None),
                (ago(days=9), Standing.REFUSED, None),
                (ago(days=8), Standing.ALLOWED, None),
            ),
            *turned(
                (ago(days=90), Standing.ALLOWED, None), (ago(days=70), Standing.REFUSED, None), service="B"
            ),
        )
        found = windows(told(spans))
        assert [one.span.start for one in found] == [ago(days=70), ago(days=9), ago(days=90)]
        assert [one.lasted for one in found] == ["70 days", "1 day", "10 days"]

    @pytest.mark.parametrize(
        ("around", "lasting"),
        [
            ((Standing.ALLOWED, Standing.ALLOWED), "10 days"),
            ((Standing.UNKNOWN, Standing.ALLOWED), "at least 10 days"),
            ((Standing.ALLOWED, Standing.UNKNOWN), "at least 10 days"),
        ],
    )
    def test_a_gap_beside_it_is_no_end(self, around: tuple[Standing, Standing], lasting: str) -> None:
        """What is not known may have been as bad."""
        spans = turned(
            (ago(days=90), around[0], None),
            (ago(days=80), Standing.REFUSED, None),
            (ago(days=70), around[1], None),
        )
        (found,) = windows(told(spans))
        assert found.lasted == lasting
        assert [bool(found.began.why), bool(found.ended.why)] == [one is Standing.UNKNOWN for one in around]
        page = as_html(told(spans))
        assert ("at the latest 2026" in page) is bool(found.began.word)
        assert ("at the earliest 2026" in page) is bool(found.ended.word)

    @pytest.mark.parametrize("alike", [True, False], ids=["of both services", "of one"])
    @pytest.mark.parametrize(
        ("around", "acts", "words", "lasting"),
        [
            ((Standing.ALLOWED, Standing.ALLOWED), (PUT, PUT), ("", ""), "10 days"),
            ((Standing.UNKNOWN, Standing.ALLOWED), (PUT, PUT), (LATEST, ""), "at least 10 days"),
            ((Standing.ALLOWED, Standing.UNKNOWN), (PUT, None), ("", EARLIEST), "at least 10 days"),
            ((Standing.ALLOWED, Standing.ALLOWED), (NOTED, PUT), (LATEST, ""), "at least 10 days"),
            ((Standing.ALLOWED, Standing.ALLOWED), (PUT, NOTED), ("", LATEST), "about 10 days"),
            ((Standing.UNKNOWN, Standing.ALLOWED), (PUT, NOTED), (LATEST, LATEST), "about 10 days"),
        ],
    )
    def test_every_format_says_alike_how_exactly_it_is_known(
        self,
        around: tuple[Standing, Standing],
        acts: tuple[Act | None, Act | None],
        words: tuple[str, str],
        lasting: str,
        *,
        alike: bool,
    ) -> None:
        """Where a gap is beside it, and where AWS Config alone shows that it began or ended."""
        life = (
            (ago(days=90), around[0], None),
            (ago(days=80), Standing.REFUSED, acts[0]),
            (ago(days=70), around[1], acts[1]),
        )
        other = life if alike else ((ago(days=90), Standing.ALLOWED, None),)
        history = told((*turned(*life), *turned(*other, service="AWS Config")))
        assert {one.lasted for one in windows(history)} == {lasting}
        start, end = "2026-09-12 09:00 UTC", "2026-09-22 09:00 UTC"
        began, ended = (" ".join(filter(None, pair)) for pair in zip((start, end), words, strict=True))
        assert f", from {began} to {ended}\n" in text(history)
        assert f" from {began} to {ended}" in text(history).splitlines()[1]
        assert f"| {began} | {ended} |" in markdown(history)
        page = as_html(history)
        for word, second in zip(words, ("2026-09-12 09:00:00", "2026-09-22 09:00:00"), strict=True):
            assert f">{' '.join(filter(None, [word, second]))} UTC" in page

    def test_what_was_so_at_first_may_be_older(self) -> None:
        """Unless what made it so is known."""
        (found,) = windows(told(turned((ago(days=9), Standing.REFUSED, None))))
        assert found.began.why == "it was so when what is told here begins"
        assert found.lasted == "at least 9 days"
        (found,) = windows(told(turned((ago(days=9), Standing.REFUSED, put(ago(days=9))))))
        assert (found.began, found.lasted) == (Edge(), "9 days")

    def test_none_is_no_proof_where_something_is_not_known(self) -> None:
        """And is, where everything is."""
        said = "That is no proof that there was none"
        known = turned((ago(days=9), Standing.ALLOWED, None))
        gap = turned((ago(days=9), Standing.UNKNOWN, None), (ago(days=8), Standing.ALLOWED, None))
        assert said not in as_html(told(known))
        assert said in as_html(told(gap))
        assert said in as_html(told(()))


class TestPage:
    """What is long is bounded, and says how much more there is."""

    def test_acts_are_the_newest(self) -> None:
        """In the tables; the drawing has all of them."""
        acts = [put(ago(minutes=1_000 - place)) for place in range(1_000)]
        page = as_html(told(turned((ago(days=9), Standing.ALLOWED, None)), acts))
        assert page.count('data-label="By whom"') == SHOWN
        assert f"And {1_000 - SHOWN} more, older ones" in page
        assert to_the_second(acts[-1].at) in page

    def test_an_act_that_nobody_is_named_for(self) -> None:
        """Says so."""
        act = Act(ago(days=3), "recorded", "", origin=Origin.CONFIG)
        page = as_html(told(turned((ago(days=9), Standing.ALLOWED, None)), [act]))
        assert "nobody that a source names" in page
        assert "A change that AWS Config recorded" in page

    def test_same_history_gives_the_same_page(self) -> None:
        """To the byte."""
        history = told(turned((ago(days=9), Standing.ALLOWED, None)), [put(ago(days=3))])
        assert as_html(history) == as_html(history)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(), "less than a second"),
        (timedelta(milliseconds=999), "less than a second"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=61), "1 minute 1 second"),
        (timedelta(hours=1, seconds=5), "1 hour"),
        (timedelta(hours=25, minutes=5), "1 day 1 hour"),
        (timedelta(days=1_234), "1,234 days"),
    ],
)
def test_how_long_something_took(time: timedelta, words: str) -> None:
    """In its two largest units that follow each other."""
    assert lasted(time) == words
