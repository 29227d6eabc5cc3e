"""Every call may be refused: the report is made all the same, says so, and takes nothing for granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from lzkey.aws.unanswered import CredentialsError
from lzkey.errors import ReportError
from lzkey.report.facts import Options
from lzkey.report.making import make_report
from lzkey.report.model import Cause, Collected, Delivery
from lzkey.state import State

from .organizations import RULE, keys_by_arn, places_of

if TYPE_CHECKING:
    from lzkey.report.model import Report

    from .organizations import Org

ROLES = Options(RULE, assume_role="OrganizationAccountAccessRole")


def refused(
    org: Org, action: str, options: Options | None = None, *, account: str = "", times: int = 1
) -> Report:
    """The report when an action is refused so often, with a note that names action and account."""
    service, _, operation = action.partition(":")
    org.sandbox.fail_next(service, operation, "AccessDeniedException", times)
    report = org.report(options=options or Options(RULE))
    said = f"account {account or org.sandbox.account} refused {action} (AccessDeniedException: "
    assert any(note.startswith(said) for note in report.notes), report.notes
    return report


class TestThroughAnAggregator:
    """One refusal after the other."""

    def test_the_organization(self, org: Org) -> None:
        """Without it nobody knows who should be there: only those of whom something is seen."""
        report = refused(org, "organizations:DescribeOrganization")
        assert report.scope.organization is None
        assert org.account("suspended") not in {account.account for account in report.accounts}
        assert report.proved.delivery is Delivery.YES

    def test_the_accounts(self, org: Org) -> None:
        """The same; the organization itself is known."""
        report = refused(org, "organizations:ListAccounts")
        assert report.scope.organization == "o-exampleorgid"
        assert {account.name for account in report.accounts} == {""}

    @pytest.mark.parametrize("operation", ["ListRoots", "ListOrganizationalUnitsForParent"])
    def test_the_units(self, org: Org, operation: str) -> None:
        """There is no view of them, and nothing else is otherwise."""
        report = refused(org, f"organizations:{operation}")
        assert report.units == ()
        assert report.proved.delivery is Delivery.YES
        assert org.account("suspended") in {account.account for account in report.accounts}

    def test_the_aliases(self, org: Org) -> None:
        """Keys are called by their tags alone."""
        report = refused(org, "kms:ListAliases")
        assert [*report.key_names] == [org.keys["not granting"]]
        assert report.proved.delivery is Delivery.YES

    def test_the_organization_rule(self, org: Org) -> None:
        """Its parameters are read from the account's own copy."""
        report = refused(org, "config:DescribeOrganizationConfigRules")
        assert (report.rule.name, report.rule.parameters["HomeRegion"]) == (org.rule, "us-east-1")

    def test_the_rule_in_the_accounts(self, org: Org) -> None:
        """A missing rule is not told from one that has not evaluated."""
        report = refused(org, "config:GetOrganizationConfigRuleDetailedStatus")
        key = keys_by_arn(report)[org.keys["of the latecomer"]]
        assert key.doubt is not None
        assert key.doubt.cause is Cause.NEVER_EVALUATED
        assert report.proved.delivery is Delivery.YES

    def test_the_function(self, org: Org) -> None:
        """Its code is not known."""
        report = refused(org, "lambda:GetFunctionConfiguration")
        assert (report.rule.code_sha256, report.rule.unknown) == (
            None,
            "its function could not be read, so its code is not known",
        )

    @pytest.mark.parametrize("action", ["controltower:ListLandingZones", "controltower:GetLandingZone"])
    def test_the_landing_zone(self, org: Org, action: str) -> None:
        """The answer is unknown, and names the action."""
        report = refused(org, action)
        assert report.proved.delivery is Delivery.UNKNOWN
        assert action in report.proved.why

    def test_the_former_keys(self, org: Org) -> None:
        """Are none that are known; everything else is as it was."""
        report = refused(org, "kms:ListKeys")
        assert report.landing_zone.former_keys == ()
        assert report.landing_zone == org.report().landing_zone
        assert report.proved.delivery is Delivery.YES

    def test_the_sources(self, org: Org) -> None:
        """Nothing is known to be fresh then, so nothing is COMPLIANT; what else is wrong is told first."""
        report = refused(org, "config:DescribeConfigurationAggregatorSourcesStatus")
        for name in ("Stale", "management"):
            (place,) = places_of(report, org.account(name)).values()
            assert place.doubt is not None
            assert place.doubt.cause is Cause.NOT_READ
        assert (report.counts[State.COMPLIANT], report.counts[State.NON_COMPLIANT]) == (0, 4)
        assert report.proved.delivery is Delivery.UNKNOWN
        (place,) = places_of(report, org.account("no recorder")).values()
        assert place.doubt is not None
        assert place.doubt.cause is Cause.RULE_MISSING

    def test_the_compliance(self, org: Org) -> None:
        """Every account of the Region is unread, and nothing is COMPLIANT."""
        report = refused(org, "config:DescribeAggregateComplianceByConfigRules")
        (place,) = places_of(report, org.account("Payments")).values()
        assert place.doubt is not None
        assert place.doubt.cause is Cause.NOT_READ
        assert report.counts[State.COMPLIANT] == report.counts[State.NON_COMPLIANT] == 0
        assert report.proved.delivery is Delivery.UNKNOWN

    def test_the_details(self, org: Org) -> None:
        """Where they were refused, the account is unread."""
        report = refused(org, "config:GetAggregateComplianceDetailsByConfigRule", times=4)
        assert {key.state for key in report.keys} == {State.UNKNOWN}
        assert report.proved.delivery is Delivery.UNKNOWN

    def test_the_keys(self, org: Org) -> None:
        """Failures stay; what is COMPLIANT may have changed since; an account without results is unread."""
        report = refused(org, "config:SelectAggregateResourceConfig")
        assert (report.counts[State.COMPLIANT], report.counts[State.NON_COMPLIANT]) == (0, 4)
        (place,) = places_of(report, org.account("No keys")).values()
        assert place.doubt is not None
        assert place.doubt.cause is Cause.NOT_READ

    def test_the_aggregators(self, org: Org) -> None:
        """Leave the account's own results; one that was asked for is an error."""
        action = "config:DescribeConfigurationAggregators"
        report = refused(org, action)
        assert (report.scope.collected, len(report.accounts)) == (Collected.ACCOUNT, 1)
        org.sandbox.fail_next("config", "DescribeConfigurationAggregators", "AccessDeniedException")
        with pytest.raises(ReportError, match=action):
            org.report(options=Options(RULE, aggregator="everywhere"))


class TestWithRoles:
    """In one account, of which nothing else is known."""

    @pytest.mark.parametrize(
        "action",
        ["config:DescribeConfigRuleEvaluationStatus", "config:GetComplianceDetailsByConfigRule"],
    )
    def test_results(self, org: Org, action: str) -> None:
        """The account is unread."""
        report = refused(org, action, self.of(org, "management"))
        (place,) = report.places
        assert place.doubt is not None
        assert (place.doubt.cause, report.proved.delivery) == (Cause.NOT_READ, Delivery.UNKNOWN)

    def test_keys(self, org: Org) -> None:
        """Results stay, but there may be keys without one, so the account is unread all the same."""
        report = refused(org, "kms:ListKeys", self.of(org, "management"), times=2)
        assert (report.proved.delivery, report.counts[State.UNKNOWN]) == (Delivery.YES, 1)
        empty = org.account("No keys")
        report = refused(org, "kms:ListKeys", self.of(org, "No keys"), account=empty, times=2)
        (place,) = report.places
        assert place.doubt is not None
        assert place.doubt.cause is Cause.NOT_READ

    def test_one_key(self, org: Org) -> None:
        """A key that may not be described is not known to be none of the rule's business."""
        latecomer = org.account("latecomer")  # asked after the landing zone's own key
        report = refused(org, "kms:DescribeKey", self.of(org, "latecomer"), account=latecomer, times=2)
        assert keys_by_arn(report)[org.keys["of the latecomer"]].state is State.UNKNOWN

    @pytest.mark.parametrize(
        "action", ["config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus"]
    )
    def test_recorders(self, org: Org, action: str) -> None:
        """What is recorded is not known, so a result may be old."""
        report = refused(org, action, self.of(org, "management"))
        assert report.counts[State.COMPLIANT] == 0
        assert report.proved.delivery is Delivery.UNKNOWN

    def test_who_is_there(self, org: Org) -> None:
        """Must be said where it may not be listed."""
        org.sandbox.fail_next("organizations", "ListAccounts", "AccessDeniedException")
        with pytest.raises(ReportError, match="name them with --account"):
            org.report(options=ROLES)

    @staticmethod
    def of(org: Org, name: str) -> Options:
        """Ask one account."""
        return Options(RULE, assume_role=ROLES.assume_role, accounts=(org.account(name),))


class TestCredentials:
    """Without which there is no report."""

    def test_are_refused(self, org: Org) -> None:
        """The message says what to do."""
        org.sandbox.fail_next("sts", "GetCallerIdentity", "ExpiredToken")
        with pytest.raises(CredentialsError, match=r"ExpiredToken.*sign in"):
            org.report()

    @pytest.mark.usefixtures("org")
    def test_no_region(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Is an error of its own."""
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(ReportError, match="there is no Region"):
            make_report(boto3.Session())
