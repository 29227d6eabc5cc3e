"""Since when the landing zone's keys fail: asked of an organization, and told in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.aws.fact import actions_of
from lzkey.history.asking import history_of
from lzkey.history.model import BY_ITSELF, RECORDED, Act, History, Origin, Reason, Span, Standing
from lzkey.report.collection import iam_policy
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import Options, RuleInForce, World
from lzkey.report.formats import Form, render
from lzkey.report.histories import histories, opened
from lzkey.report.html import as_html
from lzkey.report.model import Opened
from lzkey.report.wording import opened as told
from lzkey_sandbox import LandingZone, OrganizationPlan

from .organizations import RULE, Org, built_organization, granting, put_aggregator, put_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lzkey.report.model import Report

PLAN = OrganizationPlan(members=1, execution_role="LandingZoneKeyReader")
ASKED = Options(RULE, history=True)
ALICE = "arn:aws:iam::111122223333:user/alice"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """A landing zone whose key allowed everything, until somebody tied that to a tag that it has not."""
    with built_organization(tmp_path_factory.mktemp("project"), PLAN) as org:
        key = org.key("log", org.sandbox.account, granting())
        org.sandbox.landing_zone = LandingZone.with_key(key)
        put_rule(org, parameters={"KeyScope": "landing-zone"})
        put_aggregator(org, org.sandbox.account)
        org.sandbox.age(timedelta(hours=1))  # events tell whole seconds: two changes in one have no order
        kms = org.sandbox.client("kms")
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        tagged = {"StringEquals": {"aws:ResourceTag/logs": "yes"}}
        policy["Statement"] = [*policy["Statement"][:1], granting(Condition=tagged)]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        org.sandbox.settle()
        yield org


@pytest.fixture(scope="module")
def report(broken: Org) -> Report:
    """Made with --history."""
    broken.sandbox.forget_calls()
    return broken.report(options=ASKED)


class TestReport:
    """With --history, in the management account."""

    def test_all_that_may_be_asked_is(self, report: Report) -> None:
        """The tags, since a policy of the key names one."""
        assert report.calls is not None
        assert histories.actions <= report.calls.keys()

    def test_each_finding_has_its_beginning(self, broken: Org, report: Report) -> None:
        """The change that tied them to a tag, with who made it and CloudTrail's id of it."""
        put = [
            event
            for event in broken.sandbox.events.of(broken.sandbox.account, "us-east-1")
            if event["eventName"] == "PutKeyPolicy"
        ]
        last = max(put, key=lambda event: event["eventTime"])
        assert report.opened is not None
        assert {(one.key, one.requirement) for one in report.opened} == {
            (broken.keys["log"], requirement) for requirement in ("CLOUDTRAIL_ACCESS", "CONFIG_ACCESS")
        }
        for one in report.opened:
            assert one.since == datetime.fromisoformat(last["eventTime"])
            assert (one.event, one.principal) == ("PutKeyPolicy", last["userIdentity"]["arn"])
            assert (one.event_id in {event["eventID"] for event in put}, one.unknown) == (True, "")

    def test_every_format_has_it(self, report: Report) -> None:
        """The page and Markdown beside answer and finding, the screen in a line; JSON reads back."""
        assert report.opened is not None
        said = f"open since {report.opened[0].since:%Y-%m-%d %H:%M} UTC, begun by PutKeyPolicy of"
        assert render(report, Form.TEXT).count(said) == 2
        assert render(report, Form.MARKDOWN).count(said) == 4  # by key, and by requirement
        assert as_html(report).count('<span class="since">O' + said[1:]) == 4
        assert from_document(as_document(report)) == report

    def test_without_it_nothing_is_asked_and_nothing_told(self, broken: Org, report: Report) -> None:
        """Fewer questions, and no column."""
        plain = broken.report(options=Options(RULE))
        assert plain.opened is None
        assert plain.calls is not None
        assert report.calls is not None
        assert "config:GetResourceConfigHistory" not in plain.calls
        assert report.calls["config:GetResourceConfigHistory"] == 1
        assert report.calls["cloudtrail:LookupEvents"] > plain.calls["cloudtrail:LookupEvents"]
        assert "Since when" not in render(plain, Form.MARKDOWN)
        assert '<span class="since">' not in as_html(plain)

    def test_an_account_that_does_not_see_it(self, broken: Org) -> None:
        """Says that it is not known, and why."""
        put_aggregator(broken, broken.organization.audit)
        found = broken.report(broken.organization.audit, options=ASKED)
        keys = [key for key in found.keys if key.of_landing_zone and key.failures]
        assert found.opened is not None
        assert [one.since for one in found.opened] == [None] * sum(len(key.failures) for key in keys)
        assert all("only the management account" in one.unknown for one in found.opened)

    def test_its_actions_are_a_statement_of_their_own(self) -> None:
        """By what the history asks, and nobody's list."""
        (own,) = [one for one in iam_policy()["Statement"] if one["Sid"] == "HistoryOfTheKeys"]
        assert set(own["Action"]) == actions_of(history_of)


KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
THEN = NOW - timedelta(days=9)
FAILING = Reason("CLOUDTRAIL_ACCESS", "refused", "refused", "refused")
PUT = Act(THEN, "PutKeyPolicy", ALICE, event_id="0badbeef")


def history(*spans: Span) -> History:
    """Of these times."""
    return History(KEY, NOW, spans[0].start, {}, "1.0.0", (), (), spans)


def refused(begun_by: Act | None, start: datetime = THEN) -> Span:
    """Refused until now."""
    return Span("CloudTrail", start, None, Standing.REFUSED, (FAILING,), "", begun_by)


ALLOWED = Span("CloudTrail", THEN - timedelta(days=9), THEN, Standing.ALLOWED)
GAP = replace(ALLOWED, standing=Standing.UNKNOWN, unknown="no file of these days")


class TestOpened:
    """What a history comes to, and how it is said."""

    @pytest.mark.parametrize(
        ("spans", "words"),
        [
            (
                (ALLOWED, refused(PUT)),
                (
                    "open since 2026-11-22 09:00 UTC, begun by PutKeyPolicy of "
                    f"{ALICE} (event history, event 0badbeef)"
                ),
            ),
            (
                (ALLOWED, refused(replace(PUT, principal="", behind="arn:aws:iam::111122223333:role/r"))),
                (
                    "open since 2026-11-22 09:00 UTC, begun by PutKeyPolicy of nobody that a source names "
                    "with arn:aws:iam::111122223333:role/r (event history, event 0badbeef)"
                ),
            ),
            (
                (ALLOWED, refused(Act(THEN, RECORDED, "", origin=Origin.CONFIG))),
                (
                    "open since 2026-11-22 09:00 UTC, at the latest, begun by a change that AWS Config "
                    "recorded; it may be older: AWS Config records a change some minutes after it"
                ),
            ),
            (
                (ALLOWED, refused(Act(THEN, BY_ITSELF, "", told="a date in the policy had come"))),
                "open since 2026-11-22 09:00 UTC, begun by itself: a date in the policy had come",
            ),
            (
                (GAP, refused(PUT)),
                (
                    "open since 2026-11-22 09:00 UTC, at the latest, begun by PutKeyPolicy of "
                    f"{ALICE} (event history, event 0badbeef); it may be older: what was before is not "
                    "known: no file of these days"
                ),
            ),
            (
                (refused(None),),
                (
                    "open since 2026-11-22 09:00 UTC, at the latest; it may be older: what is known of "
                    "the key begins then"
                ),
            ),
            (
                (replace(GAP, end=NOW), refused(None, NOW)),
                "since when is not known: what was before is not known: no file of these days",
            ),
            ((replace(GAP, end=None),), "since when is not known: no file of these days"),
            (
                (replace(ALLOWED, end=None),),
                (
                    "since when is not known: it holds for the key as KMS shows it now, so that AWS "
                    "Config's result is older, or of other accounts"
                ),
            ),
        ],
    )
    def test_each(self, load_report: Callable[[str], Report], spans: tuple[Span, ...], words: str) -> None:
        """As far as it is known, and no further."""
        (found,) = self.of(load_report("troubled"), history(*spans), "CLOUDTRAIL_ACCESS")
        assert told(found) == words

    def test_what_stops_no_delivery_has_no_history(self, load_report: Callable[[str], Report]) -> None:
        """The home Region of a key never changes."""
        (found,) = self.of(load_report("troubled"), history(ALLOWED, refused(PUT)), "HOME_REGION")
        assert (found.since, found.unknown) == (None, "a key's history does not tell of HOME_REGION")

    @staticmethod
    def of(report: Report, past: History, requirement: str) -> tuple[Opened, ...]:
        """One failure of one of the landing zone's keys, with this past."""
        key = next(key for key in report.keys if key.failures)
        failing = replace(
            key,
            arn=KEY,
            of_landing_zone=True,
            failures=(replace(key.failures[0], requirement=requirement),),
        )
        world: Any = World(
            report.scope,
            RuleInForce(report.rule),
            report.landing_zone,
            (),
            (),
            "aws",
            histories={KEY: past},
        )
        others = replace(failing, of_landing_zone=False)
        assert opened((failing,), replace(world, histories=None)) is None
        found = opened((failing, others), world)
        assert found is not None
        return found

    def test_hostile_names_are_text(self, load_report: Callable[[str], Report]) -> None:
        """Whoever changed the key chose the name of the session."""
        report = load_report("troubled")
        key = next(key for key in report.keys if key.failures and key.of_landing_zone)
        attack = (
            "arn:aws:sts::111122223333:assumed-role/x/<script>alert(1)</script>|`@everyone`\x1b[31m\u202e"
        )
        one = Opened(
            key.arn, key.failures[0].requirement, THEN, "PutKeyPolicy", attack, origin="event history"
        )
        made = replace(report, opened=(one,))
        page = as_html(made)
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page
        for form in (Form.TEXT, Form.MARKDOWN, Form.HTML):
            written = render(made, form)
            assert "alert(1)" in written
            assert not {"\x1b", "\u202e"} & {*written}
