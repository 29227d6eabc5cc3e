"""The report of an organization in the sandbox: its numbers are the sandbox's truth, and its gaps are shown.

The rule is the built one, and every result its own.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from lzkey.errors import ReportError
from lzkey.report.facts import Options
from lzkey.report.model import Cause, Collected, Delivery
from lzkey.state import State

from .organizations import AGGREGATOR, RULE, keys_by_arn, places_of, put_aggregator

if TYPE_CHECKING:
    from lzkey.report.model import Report

    from .organizations import Org

ROLE = "OrganizationAccountAccessRole"
ROLES = Options(RULE, assume_role=ROLE)
HOME = "us-east-1"


def causes(report: Report, org: Org) -> dict[str, Cause]:
    """The cause of each account's doubt, or of its key's, by what is said of the account."""
    names = ("audit", "no recorder", "no role", "suspended", "latecomer", "No keys", "Keys not recorded")
    found = {}
    for name in (*names, "Stale", "Stopped", "Payments"):
        account = org.account(name)
        doubts = [place.doubt for place in places_of(report, account).values()]
        doubts += [key.doubt for key in report.keys if key.account == account]
        causes = [doubt.cause for doubt in doubts if doubt]
        if causes:
            found[name] = causes[0]
    return found


class TestThroughTheAggregator:
    """From the management account, which has an aggregator of its own."""

    def test_results_are_the_accounts_own(self, org: Org) -> None:
        """Every NON_COMPLIANT key, and every COMPLIANT one, with its annotation; and no other."""
        report, truth = org.report(), org.truth()
        judged = {key.arn.rpartition("/")[2]: (key.state.value, key.annotation) for key in report.keys}
        shown = {name: said for name, said in judged.items() if said[0] != State.UNKNOWN}
        assert shown == truth
        counts = Counter(state for state, _ in truth.values())
        assert report.counts[State.NON_COMPLIANT] == counts["NON_COMPLIANT"] == 4
        assert report.counts[State.COMPLIANT] == counts["COMPLIANT"] == 1
        assert report.score == pytest.approx(1 / (1 + 4 + report.counts[State.UNKNOWN]))

    def test_what_keys_are_called(self, org: Org) -> None:
        """The landing zone's by its alias, others by the tag Name that the inventory shows: one call more."""
        report = org.report()
        assert report.key_names == {
            org.keys["landing zone"]: "alias/landing-zone",
            org.keys["not granting"]: "payments data",
        }
        assert report.calls is not None
        assert report.calls["kms:ListAliases"] == 1

    def test_units(self, org: Org) -> None:
        """Each account's, by as many calls as there are units."""
        report = org.report()
        units = {account.account: account.unit for account in report.accounts}
        assert units[org.account("audit")] == "Root/Security"
        assert units[org.account("Payments")] == "Root/Workloads/Production"
        assert units[org.account("management")] == "Root"
        failing = {one.unit: one.keys[State.NON_COMPLIANT] for one in report.units}
        assert failing == {"Root": 2, "Root/Workloads/Production": 2, "Root/Security": 0}
        assert report.calls is not None
        assert report.calls["organizations:ListAccountsForParent"] == 4
        assert report.calls["organizations:ListOrganizationalUnitsForParent"] == 4

    def test_what_fails(self, org: Org) -> None:
        """Is read from the annotation, a hostile Sid notwithstanding."""
        keys = keys_by_arn(org.report())
        failed = {
            word: {failure.requirement for failure in keys[arn].failures} for word, arn in org.keys.items()
        }
        assert failed == {
            "landing zone": set(),
            "not granting": {"CLOUDTRAIL_ACCESS", "CONFIG_ACCESS", "MANAGEMENT_ACCOUNT"},
            "mrk": {"MANAGEMENT_ACCOUNT", "SINGLE_REGION"},
            "hostile": {"CLOUDTRAIL_ACCESS", "CONFIG_ACCESS", "MANAGEMENT_ACCOUNT"},
            "stale": {"MANAGEMENT_ACCOUNT"},
            "never evaluated": set(),
            "of the latecomer": set(),
        }

    def test_every_gap_has_its_cause(self, org: Org) -> None:
        """And an account without a gap has none."""
        report = org.report()
        assert causes(report, org) == {
            "no recorder": Cause.NO_RECORDER,
            "no role": Cause.NEVER_EVALUATED,
            "suspended": Cause.ACCOUNT_NOT_ACTIVE,
            "latecomer": Cause.RULE_MISSING,
            "Keys not recorded": Cause.KEYS_NOT_RECORDED,
            "Stale": Cause.SOURCE_OUTDATED,
            "Stopped": Cause.NO_RECORDER,
        }
        doubts = [*(key.doubt for key in report.keys), *(place.doubt for place in report.places)]
        assert all(doubt.detail and doubt.fix for doubt in doubts if doubt)

    def test_every_account_is_there(self, org: Org) -> None:
        """With its name and status, in every Region, whatever is known of it."""
        report = org.report()
        told = {account.account: (account.name, account.status) for account in report.accounts}
        assert set(told) == {*org.organization.accounts, org.latecomer}
        assert told[org.account("=HYPERLINK(0)")] == ("=HYPERLINK(0)", "ACTIVE")
        assert told[org.account("suspended")][1] == "SUSPENDED"
        assert [(place.account, place.region) for place in report.places] == [
            (account.account, HOME) for account in report.accounts
        ]

    def test_surroundings(self, org: Org) -> None:
        """The landing zone, the rule and its code, and where all that comes from."""
        report = org.report()
        assert (report.landing_zone.version, report.landing_zone.status) == ("4.0", "ACTIVE")
        assert report.landing_zone.keys == (org.keys["landing zone"],)
        assert report.rule.parameters["OrganizationId"] == report.scope.organization == "o-exampleorgid"
        code = org.sandbox.client("lambda").get_function_configuration(FunctionName=report.rule.function)
        assert report.rule.code_sha256 == code["CodeSha256"]
        scope = report.scope
        assert (scope.collected, scope.aggregator) == (Collected.AGGREGATOR, AGGREGATOR)
        assert (scope.management_account, scope.home_region, scope.regions) == (
            org.sandbox.account,
            HOME,
            (HOME,),
        )
        places = places_of(report, org.account("Payments"))
        assert (places[HOME].rule_name, places[HOME].state) == (org.rule, State.NON_COMPLIANT)
        assert places[HOME].oldest_evaluation == min(
            key.evaluated_at
            for key in report.keys
            if key.account == org.account("Payments") and key.evaluated_at
        )

    def test_answer(self, org: Org) -> None:
        """Yes, whatever is wrong elsewhere: the landing zone's own key is proved."""
        report = org.report()
        assert report.proved.delivery is Delivery.YES
        assert [key.arn for key in report.keys if key.of_landing_zone] == [org.keys["landing zone"]]

    def test_calls(self, org: Org) -> None:
        """Are counted as AWS counts them, and details are asked only where there is something."""
        report = org.report()
        seen = Counter(call.operation for call in org.sandbox.calls)
        told = {action.partition(":")[2]: count for action, count in (report.calls or {}).items()}
        del seen["GetCallerIdentity"]
        assert told == dict(seen)
        assert told["GetAggregateComplianceDetailsByConfigRule"] == 4

    @pytest.mark.parametrize("every", [0, 1, 2])
    def test_empty_pages(self, org: Org, every: int) -> None:
        """Come with a token, and there is more behind it."""
        expected = org.report()
        before = org.sandbox.empty_page_every
        org.sandbox.empty_page_every = every
        found = org.report()
        org.sandbox.empty_page_every = before
        assert (found.keys, found.accounts) == (expected.keys, expected.accounts)
        assert [place.state for place in found.places] == [place.state for place in expected.places]

    def test_throttling(self, org: Org) -> None:
        """Changes nothing but the time that it takes."""
        expected = org.report()
        for operation in ("SelectAggregateResourceConfig", "GetAggregateComplianceDetailsByConfigRule"):
            org.sandbox.fail_next("config", operation, "ThrottlingException")
        found = org.report()
        assert (found.keys, found.notes) == (expected.keys, ())


class TestFromTheAuditAccount:
    """Which has the aggregator since landing zone 4.0, and cannot see the landing zone."""

    def test_results(self, org: Org) -> None:
        """Are the same; the parameters are those of its own copy of the rule."""
        here, there = org.report(org.account("audit")), org.report()
        assert [(key.arn, key.state) for key in here.keys] == [(key.arn, key.state) for key in there.keys]
        assert here.rule.parameters == there.rule.parameters
        assert here.rule.unknown == (
            f"its function is in account {org.sandbox.account}, so its code is not known"
        )

    def test_answer(self, org: Org) -> None:
        """Is unknown, and says what would settle it."""
        answer = org.report(org.account("audit")).proved
        assert answer.delivery is Delivery.UNKNOWN
        assert "use --management-role" in answer.why

    def test_with_a_role_of_the_management_account(self, org: Org) -> None:
        """Everything is seen as from there."""
        trust = {"Effect": "Allow", "Principal": {"AWS": org.account("audit")}, "Action": "sts:AssumeRole"}
        org.sandbox.client("iam").create_role(
            RoleName="reader-of-the-landing-zone",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
        )
        options = Options(RULE, management_role="reader-of-the-landing-zone")
        found, expected = org.report(org.account("audit"), options), org.report()
        assert (found.proved, found.keys, found.rule) == (expected.proved, expected.keys, expected.rule)
        assert causes(found, org) == causes(expected, org)
        with org.another_landing_zone_key():
            found = org.report(org.account("audit"), options)
        assert [key.arn for key in found.landing_zone.former_keys] == [org.keys["landing zone"]]

    def test_with_a_role_that_may_not_be_assumed(self, org: Org) -> None:
        """It is a note, and no end."""
        report = org.report(org.account("audit"), Options(RULE, management_role="nobody"))
        assert report.proved.delivery is Delivery.UNKNOWN
        assert any("sts:AssumeRole" in note for note in report.notes)


class TestWithRoles:
    """Without an aggregator: a role in every account."""

    def test_results(self, org: Org) -> None:
        """Are the accounts' own; a source's age is nobody's business here."""
        report, truth = org.report(options=ROLES), org.truth()
        judged = {key.arn.rpartition("/")[2]: (key.state.value, key.annotation) for key in report.keys}
        assert {name: said for name, said in judged.items() if said[0] != State.UNKNOWN} == truth
        assert report.scope.collected is Collected.ROLES
        assert report.proved.delivery is Delivery.YES

    def test_every_gap_has_its_cause(self, org: Org) -> None:
        """A failing rule tells of itself in its account."""
        assert causes(org.report(options=ROLES), org) == {
            "no recorder": Cause.RULE_MISSING,
            "no role": Cause.RULE_FAILING,
            "suspended": Cause.ACCOUNT_NOT_ACTIVE,
            "latecomer": Cause.RULE_MISSING,
            "Keys not recorded": Cause.KEYS_NOT_RECORDED,
            "Stopped": Cause.NO_RECORDER,
        }

    def test_some_accounts(self, org: Org) -> None:
        """By their ids, and no others."""
        chosen = (org.account("Payments"), org.account("management"))
        report = org.report(options=Options(RULE, assume_role=ROLE, accounts=chosen))
        assert tuple(account.account for account in report.accounts) == chosen
        assert any("of 2 accounts of 14: see --account" in note for note in report.notes)
        assert report.proved.delivery is Delivery.YES

    def test_a_role_that_may_not_be_assumed(self, org: Org) -> None:
        """Leaves the account unread."""
        chosen = (org.account("Payments"),)
        report = org.report(options=Options(RULE, assume_role="nobody", accounts=chosen))
        (place,) = report.places
        assert place.doubt is not None
        assert (place.state, place.doubt.cause) == (State.UNKNOWN, Cause.NOT_READ)
        assert report.counts[State.UNKNOWN] == 2  # and the landing zone's key, which nobody looked at
        assert report.proved.delivery is Delivery.UNKNOWN


class TestOneAccount:
    """Without an aggregator, of itself alone."""

    def test_own_results(self, org: Org) -> None:
        """And a note that it is not the organization."""
        report = org.report(org.account("Payments"))
        assert report.scope.collected is Collected.ACCOUNT
        assert {key.arn for key in report.keys} == {org.keys["not granting"], org.keys["mrk"]}
        assert {key.state for key in report.keys} == {State.NON_COMPLIANT}
        assert any("of this account alone" in note for note in report.notes)
        assert [account.account for account in report.accounts] == [org.account("Payments")]


class TestWhichAggregator:
    """Is found, unless there are several."""

    def test_by_name(self, org: Org) -> None:
        """Or an error that lists those there are."""
        assert org.report(options=Options(RULE, aggregator=AGGREGATOR)).scope.aggregator == AGGREGATOR
        with pytest.raises(ReportError, match=rf"no aggregator other in {HOME}; it has {AGGREGATOR}"):
            org.report(options=Options(RULE, aggregator="other"))

    def test_several(self, org: Org) -> None:
        """Control Tower's own is taken; of none that is, nobody can tell."""
        management = org.account("management")
        config = org.sandbox.client("config")
        put_aggregator(org, management, "mine")
        assert org.report().scope.aggregator == AGGREGATOR
        put_aggregator(org, management, "aws-controltower-GuardrailsComplianceAggregator")
        with pytest.raises(ReportError, match=r"several aggregators.*mine; choose one with --aggregator"):
            org.report()
        for name in ("mine", "aws-controltower-GuardrailsComplianceAggregator"):
            config.delete_configuration_aggregator(ConfigurationAggregatorName=name)
        assert org.report().scope.aggregator == AGGREGATOR

    def test_of_some_accounts(self, org: Org) -> None:
        """Is no reason to miss no others: they are not aggregated; an organization's is taken before it."""
        config = org.sandbox.client("config")
        config.delete_configuration_aggregator(ConfigurationAggregatorName=AGGREGATOR)
        named = [org.account("Payments"), org.account("No keys")]
        config.put_configuration_aggregator(
            ConfigurationAggregatorName="some",
            AccountAggregationSources=[{"AccountIds": named, "AwsRegions": [HOME]}],
        )
        report = org.report()
        put_aggregator(org, org.account("management"), "whole")
        assert org.report().scope.aggregator == "whole"
        for name in ("some", "whole"):
            config.delete_configuration_aggregator(ConfigurationAggregatorName=name)
        put_aggregator(org, org.account("management"))
        assert {account.account for account in report.accounts} == {*org.organization.accounts, org.latecomer}
        causes = {place.account: place.doubt.cause for place in report.places if place.doubt}
        assert not causes.keys() & set(named)
        assert causes[org.account("audit")] is Cause.NOT_AGGREGATED
        assert report.proved.delivery is Delivery.UNKNOWN
