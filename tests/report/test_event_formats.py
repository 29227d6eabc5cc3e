"""The keys' events in every format: what they do not show, and text of others that does nothing."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.cli.report import exit_code
from lzkey.observed.values import Beside, Contradiction, Events, InForce, Observed
from lzkey.report.formats import Form, render
from lzkey.report.headline import headline, tone
from lzkey.report.html.words import answer
from lzkey.report.model import Delivery
from lzkey.report.wording import events_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.report.model import Report


class TestEventsOfTheKeys:
    """What is told of them is somebody else's text, of any length."""

    STRANGE = Contradiction(
        "key", "CloudTrail asked | for <b>x</b>", '{"a": "<script>\\u202e|`"}', "CloudTrail", alike=3
    )

    def report_with(self, load_report: Callable[[str], Report], **more: Any) -> Report:
        """A report with these observations."""
        at = datetime(2026, 11, 29, 12, tzinfo=UTC)
        return replace(load_report("healthy"), observed=Observed(InForce(at, "PutKeyPolicy"), **more))

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_what_no_event_shows(self, load_report: Callable[[str], Report], form: Form) -> None:
        """Is told wherever events are, also where there is none, and else not."""
        limit = "None shows aws:SourceArn, aws:SourceAccount, aws:SourceOrgID, aws:SourceOrgPaths"
        read = html.unescape(render(self.report_with(load_report, events_read=True), form))
        assert limit in " ".join(read.split())
        assert limit not in render(self.report_with(load_report), form)

    @pytest.mark.parametrize("form", [Form.TEXT, Form.MARKDOWN, Form.HTML])
    def test_a_strange_one(self, load_report: Callable[[str], Report], form: Form) -> None:
        """Is shown whole, with how many are alike, as text and nothing else."""
        told = render(self.report_with(load_report, contradictions=(self.STRANGE,)), form)
        shown = html.unescape(told)
        assert self.STRANGE.event in shown
        assert "(3 events are alike, this is the latest)" in " ".join(shown.split())
        assert "in which you may replace what is yours" in " ".join(shown.split())
        assert "<b>" not in told or form is Form.TEXT
        assert "<script>" not in told or form is not Form.HTML

    def test_in_markdown(self, load_report: Callable[[str], Report]) -> None:
        """The event is a code span, which its backticks do not end."""
        told = render(self.report_with(load_report, contradictions=(self.STRANGE,)), Form.MARKDOWN)
        assert f": ``{self.STRANGE.event}``\n" in told

    def test_a_long_one_on_the_screen(self, load_report: Callable[[str], Report]) -> None:
        """Is cut, and it is said where all of it is."""
        long = replace(self.STRANGE, event="x" * 2_001)
        told = render(self.report_with(load_report, contradictions=(long,)), Form.TEXT)
        assert f"{'x' * 2_000} … all of it is in a file written with --output" in " ".join(told.split())
        assert "x" * 2_001 not in told
        whole = replace(self.STRANGE, event="x" * 2_000)
        told = render(self.report_with(load_report, contradictions=(whole,)), Form.TEXT)
        assert "all of it is in" not in told

    @pytest.mark.parametrize("member", ["events", "unread", "beside"])
    def test_many(self, load_report: Callable[[str], Report], member: str) -> None:
        """Are as many as a screen takes, with how many more."""
        at = datetime(2026, 11, 29, 12, tzinfo=UTC)
        one = {"events": Events("key", "who", 1, 0, at), "unread": "why", "beside": Beside("grant", "x")}
        for number, more in ((21, True), (20, False)):
            told = render(self.report_with(load_report, **{member: (one[member],) * number}), Form.TEXT)
            assert ("… and 1 " in told) is more

    @pytest.mark.parametrize(
        ("one", "told"),
        [
            ({}, "1,000 allowed, 2 refused since 2026-11-29 12:00 UTC"),
            ({"failed": 3}, "1,000 allowed, 2 refused, 3 ended in another error since 2026-11-29 12:00 UTC"),
            (
                {"latest": datetime(2026, 11, 29, 13, tzinfo=UTC)},
                "1,000 allowed, 2 refused since 2026-11-29 12:00 UTC, the latest at 2026-11-29 13:00 UTC",
            ),
        ],
    )
    def test_how_many(self, one: dict[str, Any], told: str) -> None:
        """In words."""
        events = Events("key", "who", 1_000, 2, datetime(2026, 11, 29, 12, tzinfo=UTC))
        assert events_told(replace(events, **one)) == told

    def test_the_answer(self, load_report: Callable[[str], Report]) -> None:
        """Is no Yes any more, and no No either; what is a No stays one."""
        report = self.report_with(load_report, contradictions=(self.STRANGE,))
        found = headline(report)
        assert (found.contradicted, found.proved) == (True, Delivery.YES)
        assert found.sentence.startswith("By the proof, the landing zone's logs can be delivered")
        assert found.sentence.endswith("; an event of the key is not as the proof assumes")
        assert tone(found.proved, found.observed, contradicted=True) == "unknown"
        assert answer(found.proved, found.observed, contradicted=True) == "Contradiction."
        assert tone(Delivery.NO, found.observed, contradicted=True) == "no"
        assert answer(Delivery.NO, found.observed, contradicted=True) == "No."
        assert (exit_code(report), exit_code(load_report("healthy"))) == (4, 0)
