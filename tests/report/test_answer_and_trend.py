"""The first line of the report, and what has changed since an earlier one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from landing_zone_key import Certainty, KmsKey, LandingZone, Requirement
from landing_zone_key.assessment import COMPLIANT_FOR_ONE, COMPLIANT_REASON
from landing_zone_key.key import KeyArn
from lzkey.errors import ReportError
from lzkey.figures import moment
from lzkey.page.axis import ROOMS
from lzkey.report.annotations import certainty
from lzkey.report.answer import answer
from lzkey.report.document import as_document, from_document
from lzkey.report.facts import RuleInForce, World
from lzkey.report.formats import Form, render
from lzkey.report.html import as_html
from lzkey.report.html.scores import BOTTOM, TOP, line
from lzkey.report.model import (
    Cause,
    Change,
    Collected,
    Delivery,
    Doubt,
    Failure,
    KeyResult,
    LandingZoneFacts,
    Point,
    RuleFacts,
    Scope,
)
from lzkey.report.todays import for_todays_accounts
from lzkey.report.trend import earlier_report, earlier_reports, trend
from lzkey.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lzkey.report.model import Report

ACCOUNT, REGION = "111122223333", "us-east-1"
ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = ARN.replace("1234abcd", "4321abcd")
ZONE = LandingZoneFacts("4.0", "4.0", "ACTIVE", (ARN,))
GOOD = KeyResult(ARN, ACCOUNT, REGION, State.COMPLIANT, COMPLIANT_REASON, of_landing_zone=True)
BAD = replace(
    GOOD,
    annotation="ENABLED: Disabled",
    state=State.NON_COMPLIANT,
    failures=(Failure("ENABLED", "Disabled", Certainty.REFUSED),),
)
DOUBTFUL = replace(GOOD, state=State.UNKNOWN, doubt=Doubt(Cause.NEVER_EVALUATED, "no result", "evaluate"))
REFUSED = "kms:Decrypt refused, no statement allows it"
FOREIGN = replace(BAD, arn=OTHER, of_landing_zone=False)


def world(accounts: frozenset[str], own_keys: dict[str, KmsKey] | None = None) -> World:
    """What AWS has told, where these are the organization's accounts, and the keys read are these."""
    the_rule = RuleInForce(RuleFacts("rule", {}), LandingZone(REGION, ACCOUNT))
    scope = Scope(Collected.ACCOUNT, ACCOUNT, REGION, REGION, ACCOUNT, None, None, (REGION,))
    return World(scope, the_rule, ZONE, (), (), "aws", accounts, own_keys or {})


def own_key(listed: list[str] | None, *more: dict[str, Any]) -> KmsKey:
    """The landing zone's key, whose policy admits AWS Config for these accounts, or for all."""
    condition = {} if listed is None else {"Condition": {"StringEquals": {"aws:SourceAccount": listed}}}
    allow = {"Effect": "Allow", "Resource": "*", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
    statements = [
        {**allow, "Principal": {"Service": "cloudtrail.amazonaws.com"}},
        {**allow, "Sid": "Logs", "Principal": {"Service": "config.amazonaws.com"}, **condition},
        *more,
    ]
    return KmsKey.from_arn(KeyArn.parse(ARN)).with_policy(json.dumps({"Statement": statements}))


def denying(value: str, name: str = "aws:SourceAccount") -> dict[str, Any]:
    """A statement that denies what carries this."""
    services = {"Service": "config.amazonaws.com"}
    condition = {"Condition": {"StringEquals": {name: value}}}
    return {"Effect": "Deny", "Principal": services, "Action": "*", "Resource": "*", **condition}


def denying_cloudtrail() -> dict[str, Any]:
    """A statement that lets CloudTrail do nothing."""
    return {
        "Effect": "Deny",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "*",
        "Resource": "*",
    }


class TestAnswer:
    """Yes only where every key is proved; no where any is refused; else unknown."""

    @pytest.mark.parametrize(
        ("zone", "keys", "delivery", "why"),
        [
            (ZONE, (GOOD,), Delivery.YES, "the landing zone's key is COMPLIANT"),
            (ZONE, (GOOD, FOREIGN), Delivery.YES, "the landing zone's key is COMPLIANT"),
            (ZONE, (BAD,), Delivery.NO, f"{ARN} is NON_COMPLIANT (ENABLED)"),
            (ZONE, (DOUBTFUL,), Delivery.UNKNOWN, "(NEVER_EVALUATED): no result"),
            (ZONE, (), Delivery.UNKNOWN, f"nothing is known of the landing zone's key {ARN}"),
            (ZONE, (replace(GOOD, state=State.NOT_APPLICABLE),), Delivery.UNKNOWN, "does not judge"),
            (replace(ZONE, keys=(ARN, OTHER)), (GOOD,), Delivery.UNKNOWN, OTHER),
            (replace(ZONE, keys=(ARN, OTHER)), (GOOD, replace(GOOD, arn=OTHER)), Delivery.YES, "2 keys"),
            (replace(ZONE, keys=(ARN, OTHER)), (BAD, replace(GOOD, arn=OTHER)), Delivery.NO, ARN),
            (replace(ZONE, keys=("alias/logs",)), (), Delivery.UNKNOWN, "which may be any key"),
            (replace(ZONE, keys=()), (FOREIGN,), Delivery.YES, "no KMS key of its own"),
            (replace(ZONE, status="PROCESSING"), (GOOD,), Delivery.UNKNOWN, "is being changed"),
            (replace(ZONE, status="FAILED"), (GOOD,), Delivery.UNKNOWN, "last operation failed"),
            (replace(ZONE, status="FAILED"), (BAD,), Delivery.NO, "NON_COMPLIANT"),
            (replace(ZONE, status="MIGRATING"), (GOOD,), Delivery.UNKNOWN, "is MIGRATING, which is not"),
            (replace(ZONE, status=None), (GOOD,), Delivery.UNKNOWN, "is None, which is not"),
            (replace(ZONE, unknown="refused"), (GOOD,), Delivery.UNKNOWN, "not known: refused"),
            (replace(ZONE, unknown="refused"), (BAD,), Delivery.NO, "NON_COMPLIANT"),
        ],
    )
    def test_each(
        self, zone: LandingZoneFacts, keys: tuple[KeyResult, ...], delivery: Delivery, why: str
    ) -> None:
        """With its reason."""
        found = answer(zone, keys)
        assert found.delivery is delivery
        assert why in found.why

    @pytest.mark.parametrize(
        ("requirement", "detail", "delivery"),
        [
            ("CONFIG_ACCESS", "kms:Decrypt refused, no statement allows it", Delivery.NO),
            ("CONFIG_ACCESS", 'kms:Decrypt refused, denied by "perhaps"', Delivery.NO),
            ("CONFIG_ACCESS", 'kms:Decrypt may be refused, perhaps denied by "X"', Delivery.POSSIBLE),
            (
                "CLOUDTRAIL_ACCESS",
                'kms:Decrypt may be refused, "X" allows {"AWS": "*"}, perhaps no service',
                Delivery.POSSIBLE,
            ),
            ("CLOUDTRAIL_ACCESS", "kms:Decrypt refused for account 4444...", Delivery.NO),
            ("CLOUDTRAIL_ACCESS", 'kms:Decrypt open to account 444455556666 by "X"', Delivery.POSSIBLE),
            ("CLOUDTRAIL_ACCESS", "the key policy is too complex to prove", Delivery.POSSIBLE),
            ("CLOUDTRAIL_ACCESS", "", Delivery.POSSIBLE),
            ("ENABLED", "PendingDeletion until 2026-12-02", Delivery.NO),
            ("ENABLED", "key state unknown", Delivery.POSSIBLE),
            ("ENABLED", "", Delivery.POSSIBLE),
            ("SYMMETRIC", "RSA_2048 for ENCRYPT_DECRYPT", Delivery.NO),
            ("SINGLE_REGION", "multi-Region key", Delivery.UNKNOWN),
            ("HOME_REGION", "in eu-west-1, not us-east-1", Delivery.UNKNOWN),
        ],
    )
    def test_what_stops_deliveries(self, requirement: str, detail: str, delivery: Delivery) -> None:
        """Is what is certain to refuse them; whatever else is wrong with the key is no proof, and no yes."""
        found = answer(
            ZONE, (replace(BAD, failures=(Failure(requirement, detail, certainty(requirement, detail)),)),)
        )
        assert found.delivery is delivery
        assert f"{ARN} is NON_COMPLIANT ({requirement})" in found.why

    @pytest.mark.parametrize(
        ("governed", "proved", "delivery"),
        [
            (("us-east-1",), ("us-east-1",), Delivery.YES),
            (("us-east-1", "eu-west-1"), ("us-east-1",), Delivery.UNKNOWN),
            (("us-east-1", "eu-west-1"), (), Delivery.YES),
            ((), ("us-east-1",), Delivery.YES),
        ],
    )
    def test_a_region_that_the_rule_does_not_prove(
        self, governed: tuple[str, ...], proved: tuple[str, ...], delivery: Delivery
    ) -> None:
        """Is a doubt: deliveries come from there too."""
        found = answer(replace(ZONE, governed_regions=governed), (GOOD,), proved)
        assert found.delivery is delivery
        assert ("governs eu-west-1 too" in found.why) == (delivery is Delivery.UNKNOWN)


class TestRoles:
    """Since 4.0 a key may be for one service alone."""

    SPLIT = replace(ZONE, keys=(ARN, OTHER), cloudtrail_keys=(ARN,), config_keys=(OTHER,))

    @pytest.mark.parametrize(
        ("first", "second", "delivery"),
        [
            ("CONFIG_ACCESS", "CLOUDTRAIL_ACCESS", Delivery.YES),
            ("CLOUDTRAIL_ACCESS", "CLOUDTRAIL_ACCESS", Delivery.NO),
            ("CONFIG_ACCESS", "CONFIG_ACCESS", Delivery.NO),
            ("CONFIG_ACCESS", "HOME_REGION", Delivery.UNKNOWN),
        ],
    )
    def test_a_key_is_judged_by_what_it_is_for(self, first: str, second: str, delivery: Delivery) -> None:
        """What the other service may not do with it stops nothing."""
        keys = [
            replace(BAD, arn=arn, failures=(Failure(name, REFUSED, certainty(name, REFUSED)),))
            for arn, name in ((ARN, first), (OTHER, second))
        ]
        found = answer(self.SPLIT, keys)
        assert found.delivery is delivery
        assert ("not as documented; its own deliveries are allowed" in found.why) is (
            delivery is Delivery.YES
        )
        both = answer(replace(self.SPLIT, cloudtrail_keys=(ARN, OTHER), config_keys=(ARN, OTHER)), keys)
        assert both.delivery is Delivery.NO

    @pytest.mark.parametrize(
        ("idle", "delivery"),
        [
            (None, Delivery.YES),
            (Requirement.CONFIG_ACCESS, Delivery.YES),
            (Requirement.CLOUDTRAIL_ACCESS, Delivery.UNKNOWN),
        ],
    )
    def test_what_is_proved_is_what_the_key_is_for(
        self, idle: Requirement | None, delivery: Delivery
    ) -> None:
        """A key that was judged for the one service alone may be the other's by now."""
        told = COMPLIANT_FOR_ONE[idle] if idle else COMPLIANT_REASON
        first = replace(GOOD, annotation=told)
        found = answer(self.SPLIT, (first, replace(GOOD, arn=OTHER)))
        assert found.delivery is delivery
        unproved = f"the result of the landing zone's key {ARN} proves nothing of CloudTrail"
        assert (unproved in found.why) is (delivery is Delivery.UNKNOWN)
        nobody_tells = answer(ZONE, (first,))
        assert nobody_tells.delivery is (Delivery.UNKNOWN if idle else Delivery.YES)

    def test_an_idle_failure_where_none_needs_proof(self) -> None:
        """By the functional standard the other service may have been the idle one when the key was judged."""
        failure = Failure("CONFIG_ACCESS", REFUSED, certainty("CONFIG_ACCESS", REFUSED))
        keys = replace(BAD, failures=(failure,)), replace(GOOD, arn=OTHER)
        assert answer(self.SPLIT, keys).delivery is Delivery.YES
        assert answer(self.SPLIT, keys, functional=True).delivery is Delivery.UNKNOWN

    @pytest.mark.parametrize(
        ("disabled", "delivery"),
        [
            (("centralizedLogging", "config"), Delivery.NONE),
            (("config",), Delivery.YES),
            ((), Delivery.YES),
        ],
    )
    def test_nothing_is_delivered(self, disabled: tuple[str, ...], delivery: Delivery) -> None:
        """Where both are off: never a yes."""
        found = answer(replace(ZONE, keys=(), disabled=disabled), ())
        assert found.delivery is delivery
        assert ("centralizedLogging and config are disabled" in found.why) is (delivery is Delivery.NONE)


class TestKnownAccounts:
    """A list of accounts that is complete today refuses the next one."""

    TODAY = frozenset({"111122223333", "777788889999"})

    @pytest.mark.parametrize(
        ("told", "accounts", "delivery"),
        [
            ("111122223333 and 777788889999", TODAY, Delivery.YES),
            ("111122223333, 444455556666 and 777788889999", TODAY, Delivery.YES),
            ("111122223333", TODAY, Delivery.NO),
            ("111122223333 and 444455556666", TODAY, Delivery.NO),
            ("the 14 that are listed", TODAY, Delivery.POSSIBLE),
            ("the 1 that are listed", TODAY, Delivery.NO),
            ("111122223333 and 777788889999", frozenset(), Delivery.NO),
        ],
    )
    def test_each(self, told: str, accounts: frozenset[str], delivery: Delivery) -> None:
        """Yes for today's; no where one of today's is left out; possible where the names are not told."""
        detail = f'kms:Decrypt refused for every account but {told}, "Logs" misses on aws:SourceAccount'
        failure = Failure("CONFIG_ACCESS", detail, certainty("CONFIG_ACCESS", detail))
        assert failure.certainty is Certainty.REFUSED
        key = for_todays_accounts(replace(BAD, failures=(failure,)), world(accounts))
        found = answer(ZONE, (key,), accounts=len(accounts))
        assert found.delivery is delivery
        said = "for today's 2 accounts; the next one would be refused"
        assert (said in found.why) is (delivery is Delivery.YES)
        assert (key.failures[0].certainty is Certainty.REFUSED) is (delivery is Delivery.NO)
        old = replace(key, outdated=Doubt(Cause.RESULT_OUTDATED, "9 hours ago", "evaluate"))
        assert answer(ZONE, (old,), accounts=len(accounts)).delivery is (
            Delivery.UNKNOWN if delivery is Delivery.YES else delivery
        )

    @pytest.mark.parametrize(
        ("told", "sure"),
        [
            ("for account 111122223333", True),
            ("for account 444455556666", False),
            ("for some accounts", False),
        ],
    )
    def test_one_account(self, told: str, *, sure: bool) -> None:
        """Is certain to be refused where it is there; of others nothing is known, and so there is no yes."""
        detail = f'kms:Decrypt refused {told}, "Logs" misses on aws:SourceAccount'
        failure = Failure("CONFIG_ACCESS", detail, certainty("CONFIG_ACCESS", detail))
        key = for_todays_accounts(replace(BAD, failures=(failure,)), world(self.TODAY))
        found = answer(ZONE, (key,), accounts=len(self.TODAY))
        assert found.delivery is (Delivery.NO if sure else Delivery.POSSIBLE)

    def test_another_failure_counts_as_ever(self) -> None:
        """A list is no excuse for it."""
        detail = "kms:Decrypt refused, no statement allows it"
        failure = Failure("CLOUDTRAIL_ACCESS", detail, Certainty.REFUSED)
        key = replace(BAD, failures=(failure,))
        assert for_todays_accounts(key, world(self.TODAY)) == key

    @pytest.mark.parametrize(
        ("listed", "more", "delivery", "why"),
        [
            (14, (), Delivery.YES, "for today's 14 accounts; the next one would be refused"),
            (13, (), Delivery.NO, "(CONFIG_ACCESS, for account 100000000013)"),
            (14, (denying("100000000005"),), Delivery.NO, "(CONFIG_ACCESS, for account 100000000005)"),
            (14, (denying("new", "aws:SomethingNew"),), Delivery.POSSIBLE, "is not certain"),
            (None, (), Delivery.POSSIBLE, "whether that stops deliveries is not certain"),
        ],
    )
    def test_a_long_list_is_decided_by_the_policy(
        self, listed: int | None, more: tuple[dict[str, Any], ...], delivery: Delivery, why: str
    ) -> None:
        """Which the report reads where it can; an annotation names three accounts at most."""
        accounts = [str(100_000_000_000 + number) for number in range(14)]
        detail = 'kms:Decrypt refused for every account but the 14 that are listed, "Logs" misses on it'
        failure = Failure("CONFIG_ACCESS", detail, certainty("CONFIG_ACCESS", detail))
        own = {} if listed is None else {ARN: own_key(accounts[:listed], *more)}
        key = for_todays_accounts(replace(BAD, failures=(failure,)), world(frozenset(accounts), own))
        found = answer(ZONE, (key,), accounts=len(accounts))
        assert found.delivery is delivery
        assert why in found.why
        assert (key.failures[0].certainty is Certainty.REFUSED) is (delivery is Delivery.NO)

    @pytest.mark.parametrize("fault", ["Disabled", "no CloudTrail"])
    def test_a_key_that_fails_something_else_by_now(self, fault: str) -> None:
        """Does not make a yes of a list that is complete."""
        detail = 'kms:Decrypt refused for every account but the 2 that are listed, "Logs" misses on it'
        failure = Failure("CONFIG_ACCESS", detail, certainty("CONFIG_ACCESS", detail))
        own = own_key(sorted(self.TODAY), *([denying_cloudtrail()] if fault == "no CloudTrail" else []))
        own = replace(own, key_state=fault) if fault == "Disabled" else own
        key = for_todays_accounts(replace(BAD, failures=(failure,)), world(self.TODAY, {ARN: own}))
        found = answer(ZONE, (key,), accounts=2)
        assert found.delivery is Delivery.UNKNOWN
        assert "the key has changed since" in found.why

    def test_a_policy_that_is_another_by_now(self) -> None:
        """Allows everybody, and AWS Config has not judged it yet: nothing is certain of it today."""
        detail = 'kms:Decrypt refused for every account but 111122223333, "Logs" misses on it'
        failure = Failure("CONFIG_ACCESS", detail, certainty("CONFIG_ACCESS", detail))
        mended = world(self.TODAY, {ARN: own_key(None)})
        key = for_todays_accounts(replace(BAD, failures=(failure,)), mended)
        assert answer(ZONE, (key,), accounts=2).delivery is Delivery.POSSIBLE


class TestTrend:
    """What has changed since."""

    def test_changes(self, load_report: Callable[[str], Report]) -> None:
        """The new failures first; keys that came and went are among them."""
        report = load_report("healthy")
        first, second, *_ = report.keys
        gone = replace(first, arn=OTHER, state=State.UNKNOWN)
        before = replace(
            report,
            as_of=report.as_of - timedelta(days=1),
            keys=(replace(first, state=State.NON_COMPLIANT), gone, *report.keys[2:]),
        )
        now = replace(report, keys=(first, replace(second, state=State.NON_COMPLIANT), *report.keys[2:]))
        found = trend(now, before)
        assert found.changes == (
            Change(second.arn, None, State.NON_COMPLIANT),
            Change(first.arn, State.NON_COMPLIANT, State.COMPLIANT),
            Change(OTHER, State.UNKNOWN, None),
        )
        assert (found.since, found.score_before) == (before.as_of, before.score)
        assert found.counts_before == before.counts

    def test_no_change(self, load_report: Callable[[str], Report]) -> None:
        """Is no change."""
        report = load_report("troubled")
        assert trend(report, report).changes == ()

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            (
                {"organization": "o-otherorgid0"},
                "earlier report of 2026-12-01 09:00 UTC is of organization o-otherorgid0, this one of",
            ),
            (
                {"collected": Collected.ACCOUNT},
                "09:00 UTC is of account 777788889999, this one",
            ),
        ],
    )
    def test_another_organization(
        self, load_report: Callable[[str], Report], other: dict[str, Any], said: str
    ) -> None:
        """Cannot be compared."""
        report = load_report("healthy")
        with pytest.raises(ReportError, match=said):
            trend(report, replace(report, scope=replace(report.scope, **other)))

    def test_a_later_one(self, load_report: Callable[[str], Report]) -> None:
        """Is not earlier."""
        report = load_report("healthy")
        with pytest.raises(ReportError, match="2026-12-01 10:00 UTC, which is later"):
            trend(report, replace(report, as_of=report.as_of + timedelta(hours=1)))


class TestSeveral:
    """A line of scores, and changes against the latest."""

    @staticmethod
    def series(report: Report) -> tuple[Report, ...]:
        """Three earlier ones: of one in which nothing was judged there is no score."""
        good = State.COMPLIANT
        none = tuple(replace(key, state=State.NOT_APPLICABLE, doubt=None) for key in report.keys)
        failed = tuple(
            replace(key, state=State.NON_COMPLIANT) if key.state is good else key for key in report.keys
        )
        return tuple(
            replace(report, as_of=report.as_of - timedelta(days=days), keys=keys, places=())
            for days, keys in ((9, report.keys), (5, none), (2, failed))
        )

    def test_every_score_is_told_and_the_latest_is_compared(
        self, load_report: Callable[[str], Report]
    ) -> None:
        """In whatever order they come."""
        report = load_report("healthy")
        series = self.series(report)
        found = trend(report, *reversed(series))
        assert [point.as_of for point in found.points] == [one.as_of for one in series]
        assert [point.score for point in found.points] == [1.0, None, 0.0]
        assert (found.since, found.score_before) == (series[-1].as_of, 0.0)
        assert [change.after for change in found.changes] == [State.COMPLIANT] * 2

    def test_the_line_ends_with_this_report(self, load_report: Callable[[str], Report]) -> None:
        """One earlier report makes none."""
        report = load_report("healthy")
        series = self.series(report)
        now = replace(report, trend=trend(report, *series))
        assert [point.score for point in now.line] == [1.0, None, 0.0, 1.0]
        assert replace(report, trend=trend(report, series[0])).line == report.line == ()

    def test_it_is_read_back(self, load_report: Callable[[str], Report]) -> None:
        """And a document of before there were several is, too."""
        report = load_report("healthy")
        now = replace(report, trend=trend(report, *self.series(report)))
        told = as_document(now)
        assert from_document(told) == now
        del told["trend"]["points"]
        assert from_document(told).line == ()

    def test_no_score_is_a_gap_in_the_drawing(self, load_report: Callable[[str], Report]) -> None:
        """The line leads neither to it nor from it, and it is not at 0."""
        report = load_report("healthy")
        now = replace(report, trend=trend(report, *self.series(report)))
        drawn = line(now.line, ROOMS["for-others"])
        assert [place.scored for place in drawn.points] == [True, False, True, True]
        assert drawn.segments == ((drawn.points[2], drawn.points[3]),)
        assert [place.down for place in drawn.points] == [TOP, BOTTOM, BOTTOM, TOP]
        assert [round(place.percent, 1) for place in drawn.points] == [0, 44.4, 77.8, 100]
        page = as_html(now)
        assert page.count('<path class="none"') == len(ROOMS)
        assert "nothing was judged: that is no score of 0" in page

    def test_many_reports_are_a_line_without_points(self, load_report: Callable[[str], Report]) -> None:
        """But for one that no line leads to: it would not be seen."""
        report = load_report("healthy")
        points = [Point(report.as_of + timedelta(days=day), 0.5, {}) for day in range(1_000)]
        assert line(points, 280).points == ()
        points[500] = replace(points[500], score=None)
        points[502] = replace(points[502], score=None)
        assert [round(place.percent, 1) for place in line(points, 280).points] == [50.1, 50.2, 50.3]

    def test_every_format_has_the_scores(self, load_report: Callable[[str], Report]) -> None:
        """With nothing judged as that, and no number in its place."""
        report = load_report("healthy")
        now = replace(report, trend=trend(report, *self.series(report)))
        for form in (Form.TEXT, Form.MARKDOWN, Form.HTML):
            written = render(now, form)
            assert written.count("nothing judged") >= 1, form
            for one in self.series(report):
                assert moment(one.as_of) in written, form
        one_alone = render(replace(report, trend=trend(report, self.series(report)[0])), Form.MARKDOWN)
        assert "Report of" not in one_alone

    def test_files_that_cannot_stand_together(
        self, tmp_path: Path, load_report: Callable[[str], Report]
    ) -> None:
        """One sentence each, with the files' names, before anybody is asked; in order otherwise."""
        report = load_report("healthy")
        elsewhere = replace(
            report,
            as_of=report.as_of - timedelta(days=1),
            scope=replace(report.scope, organization="o-otherorgid0"),
        )
        before = replace(report, as_of=report.as_of - timedelta(days=3))
        paths = [tmp_path / f"{name}.json" for name in ("now", "again", "elsewhere", "before")]
        for path, one in zip(paths, (report, report, elsewhere, before), strict=True):
            path.write_text(json.dumps(as_document(one)))
        now, again, other, old = paths
        assert earlier_reports([now, old]) == (before, report)
        with pytest.raises(ReportError) as error:
            earlier_reports([again, old, now])
        assert str(error.value) == (
            f"{again} and {now} are of the same moment, 2026-12-01 09:00 UTC: give one of them"
        )
        with pytest.raises(ReportError) as error:
            earlier_reports([now, other])
        assert str(error.value) == (
            f"{other} is of organization o-otherorgid0, {now} of organization o-exampleorgid: "
            "they have no trend"
        )


class TestEarlierReport:
    """A file, read back."""

    def test_is_read(self, tmp_path: Path, load_report: Callable[[str], Report]) -> None:
        """Whole."""
        path, report = tmp_path / "report.json", load_report("troubled")
        path.write_text(json.dumps(as_document(report)))
        assert earlier_report(path) == report

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "line 1, column 1"),
            ("{", "line 1, column 2"),
            ("[]", "no report of lzkey"),
            ('{"schema_version": 2}', "has schema_version 2; this lzkey reads 1"),
            ('{"schema_version": 1, "schema_version": 1}', 'the member "schema_version" is there twice'),
            ('{"schema_version": 1, "as_of": NaN}', "NaN is not JSON"),
            ('{"schema_version": ' + "1" * 5000 + "}", "report.json holds a number of thousands of digits$"),
            ('{"schema_version": ' + "1" * 4000 + "}", "has schema_version 111"),
            ('{"version": 1, "asOf": "2026-12-01T09:00:00Z"}', "make a new report with this lzkey"),
        ],
    )
    def test_is_refused(self, tmp_path: Path, text: str, said: str) -> None:
        """With the file's name, and what is wrong with it."""
        path = tmp_path / "report.json"
        path.write_text(text)
        with pytest.raises(ReportError, match=said) as error:
            earlier_report(path)
        assert str(path) in str(error.value)

    def test_is_not_there(self, tmp_path: Path) -> None:
        """Is an error too."""
        with pytest.raises(ReportError, match="cannot be read: No such file"):
            earlier_report(tmp_path / "report.json")
