"""From what AWS told to what the report says: each case with a twin that has the other answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from landing_zone_key import KmsKey, LandingZone
from landing_zone_key.assessment import COMPLIANT_REASON
from landing_zone_key.key import KeyArn
from lzkey.aws.aggregator import ANY_REGION, Source
from lzkey.aws.recorder import Recorder
from lzkey.aws.rule import Evaluation, MemberStatus
from lzkey.observed.values import InForce
from lzkey.report.aggregated import Aggregated, Inventory
from lzkey.report.facts import RuleInForce, Seen, World
from lzkey.report.judgement import Measure, judge
from lzkey.report.making import as_report
from lzkey.report.model import (
    Account,
    Cause,
    Collected,
    Doubt,
    KeyResult,
    LandingZoneFacts,
    RegionResult,
    RuleFacts,
    Scope,
)
from lzkey.report.troubles import trouble
from lzkey.state import State

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
ACCOUNT, REGION = "444455556666", "us-east-1"
SPOT = (ACCOUNT, REGION)
ELSEWHERE = ("111122223333", REGION)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = KeyArn("aws", REGION, ACCOUNT, KEY_ID)
KEY = replace(KmsKey.from_arn(ARN), key_manager="CUSTOMER")
PARAMETERS = {"HomeRegion": REGION, "ManagementAccountId": "111122223333"}
ZONE = LandingZone.from_rule_parameters(PARAMETERS)
MEASURE = Measure(NOW, "aws", ZONE, None, frozenset())
DAILY = timedelta(days=1)
HOUR = timedelta(hours=1)
DOUBT = Doubt(Cause.SOURCE_OUTDATED, "old", "see")
WRONG = "ENABLED: Disabled"


def result(compliance: str, annotation: str = "", age: timedelta = HOUR) -> Evaluation:
    """A result of the key."""
    return Evaluation(KEY_ID, compliance, annotation, NOW - age)


PROVED = result("COMPLIANT", COMPLIANT_REASON)


def seen(*evaluations: Evaluation, keys: tuple[KmsKey, ...] = (KEY,), **more: Any) -> Seen:
    """An account and Region."""
    return Seen(ACCOUNT, REGION, evaluations, keys, **more)


def judged(what: Seen, measure: Measure = MEASURE) -> tuple[RegionResult, KeyResult]:
    """The place, and its one key."""
    place, (key,) = judge(what, measure)
    return place, key


def with_zone(**parameters: str) -> Measure:
    """What is measured with when the rule has these parameters."""
    return replace(MEASURE, zone=LandingZone.from_rule_parameters({**PARAMETERS, **parameters}))


class TestAResult:
    """Is believed when it is ours and fresh."""

    @pytest.mark.parametrize(
        ("evaluation", "state", "cause"),
        [
            (PROVED, State.COMPLIANT, None),
            (result("COMPLIANT", "fine"), State.UNKNOWN, Cause.NOT_UNDERSTOOD),
            (result("COMPLIANT"), State.UNKNOWN, Cause.NOT_UNDERSTOOD),
            (result("NON_COMPLIANT", WRONG), State.NON_COMPLIANT, None),
            (result("NON_COMPLIANT", "bad"), State.UNKNOWN, Cause.NOT_UNDERSTOOD),
            (result("NOT_APPLICABLE", "whatever"), State.NOT_APPLICABLE, None),
            (result("INSUFFICIENT_DATA"), State.UNKNOWN, Cause.NOT_UNDERSTOOD),
        ],
    )
    def test_is_read(self, evaluation: Evaluation, state: State, cause: Cause | None) -> None:
        """A word that is not this version's is a doubt."""
        place, key = judged(seen(evaluation))
        assert (key.state, key.doubt and key.doubt.cause) == (state, cause)
        assert (place.state, place.keys) == (state, {state: 1})
        assert key.annotation == evaluation.annotation

    @pytest.mark.parametrize("period", [None, DAILY])
    @pytest.mark.parametrize(
        ("key", "ago", "state"),
        [
            (str(ARN), HOUR / 2, State.UNKNOWN),
            (str(ARN), HOUR, State.COMPLIANT),
            (f"{ARN}c", HOUR / 2, State.COMPLIANT),
            ("", HOUR / 2, State.COMPLIANT),
        ],
    )
    def test_from_before_the_last_change(
        self, period: timedelta | None, key: str, ago: timedelta, state: State
    ) -> None:
        """Of this key, by CloudTrail's event history, is no proof of the present one."""
        changed = InForce(NOW - ago, "PutKeyPolicy", key=key)
        _, found = judged(seen(PROVED), replace(MEASURE, period=period, in_force=changed))
        assert found.state is state

    def test_after_the_last_change_that_was_recorded(self) -> None:
        """Is good where AWS Config shows no later one: a policy was put again as it was."""
        changed = InForce(NOW - HOUR / 2, "PutKeyPolicy", key=str(ARN))
        recorded = seen(PROVED, changed_at={KEY_ID: NOW - 2 * HOUR})
        assert judged(recorded, replace(MEASURE, in_force=changed))[1].state is State.COMPLIANT

    @pytest.mark.parametrize(
        ("evaluation", "state"),
        [
            (PROVED, State.UNKNOWN),
            (result("NON_COMPLIANT", WRONG), State.NON_COMPLIANT),
            (result("NOT_APPLICABLE"), State.NOT_APPLICABLE),
        ],
    )
    def test_in_a_place_that_is_in_doubt(self, evaluation: Evaluation, state: State) -> None:
        """Is COMPLIANT no more; bad news stays."""
        _, key = judged(seen(evaluation, trouble=DOUBT))
        assert (key.state, key.doubt) == (state, DOUBT if state is State.UNKNOWN else None)
        assert key.outdated == (DOUBT if state is State.NON_COMPLIANT else None)

    @pytest.mark.parametrize(
        ("age", "period", "cause"),
        [
            (2 * DAILY, DAILY, None),
            (2 * DAILY + HOUR, DAILY, Cause.RESULT_OUTDATED),
            (2 * DAILY + HOUR, None, None),
            (3 * HOUR, HOUR, Cause.RESULT_OUTDATED),
        ],
    )
    def test_age(self, age: timedelta, period: timedelta | None, cause: Cause | None) -> None:
        """Two periods of the schedule, and no more; without a schedule any."""
        old = result("COMPLIANT", COMPLIANT_REASON, age)
        _, key = judged(seen(old), replace(MEASURE, period=period))
        assert (key.doubt and key.doubt.cause) == cause
        _, failing = judged(seen(result("NON_COMPLIANT", WRONG, age)), replace(MEASURE, period=period))
        assert (failing.state, failing.doubt) == (State.NON_COMPLIANT, None)
        assert (failing.outdated and failing.outdated.cause) == cause

    @pytest.mark.parametrize(
        ("changed", "period", "cause"),
        [
            (-1, None, None),
            (1, None, Cause.RESULT_OUTDATED),
            (1, DAILY, None),
        ],
    )
    def test_a_key_that_has_changed_since(
        self, changed: int, period: timedelta | None, cause: Cause | None
    ) -> None:
        """Was judged as it was; a schedule comes round to it."""
        moments = {KEY_ID: NOW - HOUR + changed * timedelta(seconds=1)}
        _, key = judged(seen(PROVED, changed_at=moments), replace(MEASURE, period=period))
        assert (key.doubt and key.doubt.cause) == cause

    @pytest.mark.parametrize(("at", "cause"), [(NOW, None), (None, Cause.RESULT_OUTDATED)])
    @pytest.mark.parametrize("period", [DAILY, None])
    def test_of_no_known_time(
        self, at: datetime | None, cause: Cause | None, period: timedelta | None
    ) -> None:
        """May be of any age."""
        _, key = judged(seen(replace(PROVED, at=at)), replace(MEASURE, period=period))
        assert (key.doubt and key.doubt.cause) == cause

    @pytest.mark.parametrize("gap", [DOUBT, None])
    def test_beside_keys_that_nobody_sees(self, gap: Doubt | None) -> None:
        """Is as good as it was; the place is in doubt, and counts as one."""
        place, key = judged(seen(PROVED, gap=gap))
        assert (key.state, place.doubt) == (State.COMPLIANT, gap)
        assert place.state is (State.UNKNOWN if gap else State.COMPLIANT)

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_rules(self, *, turned: bool) -> None:
        """The worse counts, whichever comes first."""
        both = [PROVED, result("NON_COMPLIANT", WRONG)]
        _, key = judged(seen(*(both[::-1] if turned else both)))
        assert key.state is State.NON_COMPLIANT


class TestWhoseKeyItIs:
    """The landing zone's, by its manifest; where that cannot be read, by the rule parameter KeyScope."""

    @pytest.mark.parametrize(
        ("unread", "parameters", "account", "own"),
        [
            ("", {}, ACCOUNT, True),
            ("", {"KeyScope": KEY_ID}, "111122223333", False),
            ("refused", {}, ACCOUNT, False),
            ("refused", {"KeyScope": KEY_ID}, ACCOUNT, True),
            ("refused", {"KeyScope": str(ARN)}, ACCOUNT, True),
            ("refused", {"KeyScope": f"4{KEY_ID[1:]}"}, ACCOUNT, False),
            ("refused", {"KeyScope": "landing-zone"}, "111122223333", True),
            ("refused", {"KeyScope": "landing-zone"}, ACCOUNT, False),
            ("refused", {"KeyScope": "landing-zone", "HomeRegion": "eu-west-1"}, "111122223333", False),
        ],
    )
    def test_each(self, unread: str, parameters: dict[str, str], account: str, *, own: bool) -> None:
        """A rule for the landing zone's keys alone has read the manifest itself."""
        zone = with_zone(**parameters).zone
        landing_zone = LandingZoneFacts(None, None, None, () if unread else (str(ARN),), unread)
        here = replace(seen(PROVED), account=account)
        scope = Scope(Collected.ACCOUNT, account, REGION, REGION, None, None, None, (REGION,))
        report = as_report(
            World(scope, RuleInForce(RuleFacts("X", {}), zone), landing_zone, (), (here,), "aws"), NOW
        )
        key = next(key for key in report.keys if key.account == account)
        assert (key.state, key.of_landing_zone) == (State.COMPLIANT, own)

    def test_one_that_nobody_has_seen(self) -> None:
        """Is in the report all the same."""
        scope = Scope(Collected.ACCOUNT, ACCOUNT, REGION, REGION, None, None, None, (REGION,))
        landing_zone = LandingZoneFacts("4.0", "4.0", "ACTIVE", (str(ARN), "alias/no-key"))
        world = World(scope, RuleInForce(RuleFacts("X", {}), ZONE), landing_zone, (), (seen(keys=()),), "aws")
        report = as_report(world, NOW)
        (key,) = report.keys
        assert (key.arn, key.state, key.of_landing_zone) == (str(ARN), State.UNKNOWN, True)
        assert report.places[0].keys == {State.UNKNOWN: 1}
        assert report.places[0].state is State.UNKNOWN

    @pytest.mark.parametrize(("governed", "delivery"), [("", "yes"), (REGION, "unknown")])
    def test_in_a_region_that_is_not_proved(self, governed: str, delivery: str) -> None:
        """Is no proof for the landing zone that governs it."""
        scope = Scope(Collected.ACCOUNT, ACCOUNT, REGION, REGION, None, None, None, (REGION,))
        facts = LandingZoneFacts("4.0", "4.0", "ACTIVE", (str(ARN),), governed_regions=(REGION, "eu-west-1"))
        rule = RuleInForce(RuleFacts("X", {}), with_zone(GovernedRegions=governed).zone)
        report = as_report(World(scope, rule, facts, (), (seen(PROVED),), "aws"), NOW)
        assert report.proved.delivery.value == delivery


class TestNoResult:
    """Is UNKNOWN, unless the engine says that the rule does not judge the key."""

    @pytest.mark.parametrize(
        ("key", "parameters", "reason"),
        [
            (KEY, {}, ""),
            (replace(KEY, key_manager="AWS"), {}, "An AWS managed key"),
            (replace(KEY, key_manager=None), {}, ""),
            (replace(KEY, deleted=True), {}, "The key is deleted"),
            (KEY, {"KeyScope": KEY_ID}, ""),
            (KEY, {"KeyScope": f"4{KEY_ID[1:]}"}, "Not among the keys"),
            (KEY, {"KeyScope": "landing-zone"}, ""),
        ],
    )
    def test_of_a_key(self, key: KmsKey, parameters: dict[str, str], reason: str) -> None:
        """In the engine's own words; what is not known does not excuse."""
        place, found = judged(seen(keys=(key,)), with_zone(**parameters))
        assert found.annotation.startswith(reason)
        if reason:
            assert (found.state, found.doubt, place.state) == (
                State.NOT_APPLICABLE,
                None,
                State.NOT_APPLICABLE,
            )
        else:
            assert found.doubt is not None
            assert (found.state, found.doubt.cause, place.state) == (
                State.UNKNOWN,
                Cause.NEVER_EVALUATED,
                State.UNKNOWN,
            )

    @pytest.mark.parametrize(
        ("rule", "fix"),
        [
            ("OrgConfigRule-X", "start-config-rules-evaluation --config-rule-names OrgConfigRule-X"),
            (None, "whether the rule is there, and runs: lzkey doctor NAME"),
        ],
    )
    def test_what_to_do(self, rule: str | None, fix: str) -> None:
        """Evaluate the rule; where it is not known to be there, see whether it is."""
        _, found = judged(seen(rule_name=rule))
        assert found.doubt is not None
        assert fix in found.doubt.fix

    @pytest.mark.parametrize("named", [True, False])
    def test_by_the_manifest(self, *, named: bool) -> None:
        """The keys of the landing zone's manifest are judged, and no others."""
        key = str(ARN) if named else str(replace(ARN, account="111122223333"))
        manifest = {"centralizedLogging": {"configurations": {"kmsKeyArn": key}}}
        measure = with_zone(KeyScope="landing-zone")
        assert measure.zone is not None
        _, found = judged(seen(), replace(measure, zone=measure.zone.with_manifest(manifest)))
        assert found.state is (State.UNKNOWN if named else State.NOT_APPLICABLE)

    @pytest.mark.parametrize(
        ("scope", "aggregated", "cause"),
        [
            ("landing-zone", True, Cause.NOT_READ),
            ("landing-zone", False, Cause.NEVER_EVALUATED),
            ("all", True, Cause.NEVER_EVALUATED),
        ],
    )
    def test_by_a_manifest_that_is_not_read(self, scope: str, *, aggregated: bool, cause: Cause) -> None:
        """An aggregator does not tell what the rule has left out, and nobody else can."""
        _, found = judged(seen(), replace(with_zone(KeyScope=scope), aggregated=aggregated))
        assert found.doubt is not None
        assert found.doubt.cause is cause

    @pytest.mark.parametrize("manager", ["AWS", "CUSTOMER"])
    def test_without_parameters(self, manager: str) -> None:
        """Nothing but what holds whatever they are."""
        key = replace(KEY, key_manager=manager)
        _, found = judged(seen(keys=(key,)), replace(MEASURE, zone=None))
        assert found.state is (State.NOT_APPLICABLE if manager == "AWS" else State.UNKNOWN)

    def test_takes_the_doubt_of_its_place(self) -> None:
        """Which is why it has none."""
        place, key = judged(seen(trouble=DOUBT))
        assert key.doubt == place.doubt == DOUBT

    @pytest.mark.parametrize("of_landing_zone", [True, False])
    def test_in_an_excluded_account(self, *, of_landing_zone: bool) -> None:
        """Is as it should be, but for the landing zone's own key, which nobody judges then."""
        names = frozenset({str(ARN)} if of_landing_zone else ())
        trouble = Doubt(Cause.RULE_MISSING, "excluded", "see")
        here = seen(excluded=True, trouble=trouble)
        place, key = judged(here, replace(MEASURE, landing_zone_keys=names))
        assert (place.excluded, place.doubt) == (True, None)
        assert key.state is (State.UNKNOWN if of_landing_zone else State.NOT_APPLICABLE)

    @pytest.mark.parametrize(
        ("scope", "of_manifest", "out"),
        [
            ("all", "", False),
            ("landing-zone", None, False),
            ("landing-zone", str(ARN), False),
            ("landing-zone", str(replace(ARN, account="111122223333")), True),
            ("landing-zone", str(replace(ARN, region="eu-west-1")), True),
            ("landing-zone", f"arn:aws:kms:{REGION}:111122223333:alias/logs", False),
            (KEY_ID, "", False),
            (str(ARN), "", False),
            (str(replace(ARN, account="111122223333")), "", True),
            (f"{replace(ARN, account='111122223333')},{KEY_ID}", "", False),
        ],
    )
    def test_where_no_key_can_be_judged(self, scope: str, of_manifest: str | None, *, out: bool) -> None:
        """The place's doubt is told, and counts nowhere: KeyScope names keys of other places alone."""
        zone = with_zone(KeyScope=scope).zone
        assert zone is not None
        if of_manifest is not None:
            block = {"configurations": {"kmsKeyArn": of_manifest}}
            zone = zone.with_manifest({"centralizedLogging": block})
        place, keys = judge(seen(keys=(), trouble=DOUBT), replace(MEASURE, zone=zone))
        assert (place.out_of_scope, place.counts_as_unknown, place.doubt) == (out, not out, DOUBT)
        assert (place.state, keys) == (State.NOT_APPLICABLE if out else State.UNKNOWN, ())

    def test_a_result_where_no_key_can_be_judged(self) -> None:
        """Counts as it stands: it was made when KeyScope was another."""
        measure = with_zone(KeyScope=str(replace(ARN, account="111122223333")))
        place, key = judged(seen(PROVED, trouble=DOUBT), measure)
        assert (place.out_of_scope, place.state, key.state) == (True, State.UNKNOWN, State.UNKNOWN)
        place, key = judged(seen(result("NON_COMPLIANT", WRONG)), measure)
        assert (place.state, key.state) == (State.NON_COMPLIANT, State.NON_COMPLIANT)

    def test_no_key_either(self) -> None:
        """Nothing to judge; in doubt it is unknown."""
        assert judge(seen(keys=()), MEASURE)[0].state is State.NOT_APPLICABLE
        assert judge(seen(keys=(), trouble=DOUBT), MEASURE)[0].state is State.UNKNOWN


ACTIVE = Account(ACCOUNT, "", "ACTIVE")
GOOD = Recorder("default", on=True, keys=True)


def source(status: str, at: datetime | None, code: str = "", message: str = "") -> Source:
    """The account as a source of the aggregator."""
    return Source(ACCOUNT, REGION, status, at, code, message)


FRESH = source("SUCCEEDED", NOW)
INSTALLED = {REGION: {ACCOUNT: MemberStatus(ACCOUNT, "OrgConfigRule-X", "CREATE_SUCCESSFUL")}}
INVENTORY: dict[str, Any] = {
    "keys": {},
    "changed_at": {},
    "recorders": {SPOT: GOOD},
    "not_listed": frozenset(),
    "names": {},
}
HEALTHY: dict[str, Any] = {
    "regions": (REGION,),
    "sources": {SPOT: FRESH},
    "rules": {},
    "evaluations": {},
    "unread": {},
    "unread_regions": {},
    "inventory": Inventory(**INVENTORY),
    "statuses": INSTALLED,
}
RESULTS: dict[str, Any] = {"rules": {SPOT: "OrgConfigRule-X"}, "evaluations": {SPOT: (PROVED,)}}


def inventory(**changes: Any) -> dict[str, Any]:
    """An inventory that is another in this."""
    return {"inventory": Inventory(**{**INVENTORY, **changes})}


def status(told: str, reason: str = "") -> dict[str, Any]:
    """The organization's rule fares otherwise in the account."""
    return {"statuses": {REGION: {ACCOUNT: MemberStatus(ACCOUNT, "OrgConfigRule-X", told, reason)}}}


class TestTrouble:
    """Why an account and Region cannot be trusted."""

    @pytest.mark.parametrize(
        ("changes", "cause"),
        [
            ({}, None),
            ({"sources": None}, Cause.NOT_READ),
            ({"sources": None, "statuses": {REGION: {}}}, Cause.RULE_MISSING),
            ({"sources": {}}, Cause.NOT_AGGREGATED),
            ({"sources": {(ACCOUNT, "eu-west-1"): FRESH}}, Cause.NOT_AGGREGATED),
            ({"sources": {(ACCOUNT, ANY_REGION): FRESH}}, None),
            ({"sources": {(ACCOUNT, ANY_REGION): source("FAILED", NOW)}}, Cause.SOURCE_FAILED),
            ({"sources": {SPOT: source("FAILED", NOW, "AccessDenied", "no")}}, Cause.SOURCE_FAILED),
            (
                {"sources": {SPOT: source("FAILED", NOW, "NoAvailableConfigurationRecorder", "x")}},
                Cause.NO_RECORDER,
            ),
            ({"sources": {SPOT: source("OUTDATED", None)}}, Cause.SOURCE_OUTDATED),
            ({"sources": {SPOT: source("UNKNOWN", NOW)}}, Cause.SOURCE_OUTDATED),
            ({"unread": {SPOT: "refused"}}, Cause.NOT_READ),
            ({"unread_regions": {REGION: "refused"}}, Cause.NOT_READ),
            ({"unread_regions": {"eu-west-1": "refused"}}, None),
            ({"statuses": {}}, None),
            ({"statuses": {REGION: {}}}, Cause.RULE_MISSING),
            ({"statuses": {REGION: {}}, **RESULTS}, None),
            (status("CREATE_FAILED", "NoAvailableConfigurationRecorder"), Cause.RULE_MISSING),
            (status("UPDATE_SUCCESSFUL"), None),
            (status("UPDATE_FAILED"), Cause.RULE_MISSING),
            ({**status("UPDATE_FAILED"), **RESULTS}, Cause.RULE_FAILING),
            (inventory(recorders={}), Cause.NO_RECORDER),
            (inventory(recorders={}, keys={SPOT: (KEY,)}), None),
            ({**inventory(recorders={}), **RESULTS}, None),
            ({**inventory(recorders={ELSEWHERE: GOOD}), **RESULTS}, Cause.NO_RECORDER),
            (inventory(recorders={ELSEWHERE: GOOD}, keys={SPOT: (KEY,)}), Cause.NO_RECORDER),
            (inventory(recorders={SPOT: replace(GOOD, on=False)}), Cause.NO_RECORDER),
            (inventory(recorders={SPOT: replace(GOOD, on=None)}), None),
            (inventory(recorders={SPOT: replace(GOOD, keys=False)}), Cause.KEYS_NOT_RECORDED),
            ({**inventory(recorders={SPOT: replace(GOOD, on=False)}), **RESULTS}, Cause.NO_RECORDER),
            (inventory(not_listed=frozenset({REGION})), Cause.NOT_READ),
            ({**inventory(not_listed=frozenset({REGION})), **RESULTS}, Cause.NOT_READ),
        ],
    )
    def test_each(self, changes: dict[str, Any], cause: Cause | None) -> None:
        """Exactly where something is wrong."""
        found = self.of(changes)
        assert (found and found.cause) == cause

    def test_a_schedule_needs_no_recorder(self) -> None:
        """Where it has results."""
        changes = {**inventory(recorders={SPOT: replace(GOOD, on=False)}), **RESULTS}
        assert self.of(changes, period=DAILY) is None
        assert self.of({**inventory(not_listed=frozenset({REGION})), **RESULTS}, period=DAILY) is None
        assert self.of({**changes, "evaluations": {}}, period=DAILY) is not None

    def test_not_active(self) -> None:
        """Comes before everything else."""
        found = self.of({"sources": {}}, account=Account(ACCOUNT, "", "SUSPENDED"))
        assert found is not None
        assert found.cause is Cause.ACCOUNT_NOT_ACTIVE

    def test_excluded(self) -> None:
        """Nothing is expected there; where there are results, they must be fresh."""
        excluded = {"excluded_accounts": (ACCOUNT,)}
        stale = {"sources": {SPOT: source("OUTDATED", NOW)}, "statuses": {REGION: {}}}
        assert self.of(stale, **excluded) is None
        found = self.of({**stale, **RESULTS}, **excluded)
        assert found is not None
        assert found.cause is Cause.SOURCE_OUTDATED

    @staticmethod
    def of(changes: dict[str, Any], account: Account = ACTIVE, **rule: Any) -> Doubt | None:
        """The doubt of the account when something is other than healthy."""
        whole = Aggregated(**{**HEALTHY, **changes})
        return trouble(account, REGION, whole, RuleInForce(RuleFacts("X", {}), ZONE, **rule))
