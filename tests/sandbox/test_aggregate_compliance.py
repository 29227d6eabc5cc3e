"""What an aggregator shows of results, and what it leaves out.

https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateComplianceDetailsByConfigRule.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .aggregates import Aggregated

EARLIER = datetime(2026, 11, 1, tzinfo=UTC)


class TestRules:
    """DescribeAggregateComplianceByConfigRules: one word per account, Region and rule."""

    @pytest.mark.parametrize(
        ("place", "compliances", "shown"),
        [
            (0, ("COMPLIANT",), {"ComplianceType": "COMPLIANT"}),
            (
                1,
                ("COMPLIANT", "NON_COMPLIANT"),
                {
                    "ComplianceType": "NON_COMPLIANT",
                    "ComplianceContributorCount": {"CappedCount": 1, "CapExceeded": False},
                },
            ),
            (2, ("COMPLIANT", "NOT_APPLICABLE"), {"ComplianceType": "COMPLIANT"}),
            (3, ("NOT_APPLICABLE",), None),
            (4, (), None),
        ],
        ids=str,
    )
    def test_each(
        self, aggregated: Aggregated, place: int, compliances: tuple[str, ...], shown: dict[str, Any] | None
    ) -> None:
        """The worst result; with no result, or none that is COMPLIANT or NON_COMPLIANT, nothing at all."""
        account = aggregated.organization.sound[place]
        aggregated.report(account, *((f"key-{n}", found) for n, found in enumerate(compliances)))
        assert aggregated.compliance(AccountId=account).get((account, aggregated.rule)) == shown

    @pytest.mark.parametrize(("count", "exceeded"), [(25, False), (26, True)])
    def test_the_cap(self, aggregated: Aggregated, count: int, *, exceeded: bool) -> None:
        """Of resources that are counted."""
        account = aggregated.organization.sound[5 if exceeded else 6]
        aggregated.report(account, *((f"key-{number}", "NON_COMPLIANT") for number in range(count)))
        (compliance,) = aggregated.compliance(AccountId=account).values()
        assert compliance["ComplianceContributorCount"] == {"CappedCount": 25, "CapExceeded": exceeded}

    def test_filters(self, aggregated: Aggregated) -> None:
        """By rule, compliance, account and Region."""
        account = aggregated.organization.log_archive
        aggregated.report(account, ("key-1", "NON_COMPLIANT"))
        here = {(account, aggregated.rule)}
        assert here <= set(aggregated.compliance())
        of_account = {"AccountId": account}
        for kept in ({"ConfigRuleName": aggregated.rule}, {"ComplianceType": "NON_COMPLIANT"}):
            assert set(aggregated.compliance(**of_account, **kept)) == here
        for other in ({"ConfigRuleName": "x"}, {"ComplianceType": "COMPLIANT"}, {"AwsRegion": "eu-west-1"}):
            assert aggregated.compliance(**of_account, **other) == {}

    @pytest.mark.parametrize("unsupported", ["NOT_APPLICABLE", "INSUFFICIENT_DATA"])
    def test_unsupported_filters(self, aggregated: Aggregated, unsupported: str) -> None:
        """Are refused, as results are never of those."""
        with pytest.raises(ClientError, match="ValidationException"):
            aggregated.compliance(ComplianceType=unsupported)
        with pytest.raises(ClientError, match="ValidationException"):
            aggregated.details(aggregated.organization.audit, ComplianceType=unsupported)


class TestDetails:
    """GetAggregateComplianceDetailsByConfigRule: the results of one account, Region and rule."""

    def test_a_result(self, aggregated: Aggregated) -> None:
        """Has annotation and times; a NOT_APPLICABLE one is not shown."""
        account = aggregated.organization.sound[7]
        aggregated.report(account, ("good", "COMPLIANT"), Annotation="proved")
        aggregated.report(account, ("bad", "NON_COMPLIANT"), ("aside", "NOT_APPLICABLE"))
        found = aggregated.details(account)
        assert set(found) == {"good", "bad"}
        good = found["good"]
        assert (good["Annotation"], good["AccountId"], good["AwsRegion"]) == ("proved", account, "us-east-1")
        assert good["ConfigRuleInvokedTime"] <= good["ResultRecordedTime"]
        assert set(aggregated.details(account, ComplianceType="NON_COMPLIANT")) == {"bad"}

    def test_elsewhere(self, aggregated: Aggregated) -> None:
        """Another account, Region or rule has no results, and is no error."""
        account = aggregated.organization.sound[8]
        aggregated.report(account, ("good", "COMPLIANT"))
        assert aggregated.details(account)
        for other in ({"AwsRegion": "eu-west-1"}, {"ConfigRuleName": "x"}, {"AccountId": "999999999999"}):
            assert aggregated.details(account, **other) == {}

    @pytest.mark.parametrize(("limit", "largest"), [(0, 50), (None, 50), (100, 100), (7, 7)])
    def test_pages(self, aggregated: Aggregated, limit: int | None, largest: int) -> None:
        """Of fifty unless said otherwise; together they are all, each once."""
        account = aggregated.organization.sound[9]
        aggregated.report(account, *((f"key-{number}", "COMPLIANT") for number in range(120)))
        pages = aggregated.pages(
            "get_aggregate_compliance_details_by_config_rule",
            ConfigRuleName=aggregated.rule,
            AccountId=account,
            AwsRegion="us-east-1",
            **({} if limit is None else {"Limit": limit}),
        )
        sizes = [len(page["AggregateEvaluationResults"]) for page in pages]
        assert (max(sizes), sum(sizes)) == (largest, 120)

    def test_more_than_a_hundred(self, aggregated: Aggregated) -> None:
        """Are refused on one page."""
        with pytest.raises(ClientError, match="ValidationException"):
            aggregated.details(aggregated.organization.audit, Limit=101)


class TestSources:
    """What of a source is shown follows from how fresh it is."""

    @pytest.mark.parametrize(("status", "place"), [("OUTDATED", 10), ("FAILED", 11)])
    def test_a_source_that_is_not_fresh(self, aggregated: Aggregated, status: str, place: int) -> None:
        """Shows what it once was, and what it is as soon as it is fresh again."""
        account = aggregated.organization.sound[place]
        aggregated.report(account, ("key-1", "COMPLIANT"))
        aggregated.sandbox.tell_aggregators(account, status, EARLIER)
        aggregated.report(account, ("key-1", "NON_COMPLIANT"), ("key-2", "NON_COMPLIANT"))
        stale = {key: result["ComplianceType"] for key, result in aggregated.details(account).items()}
        assert stale == {"key-1": "COMPLIANT"}
        aggregated.sandbox.tell_aggregators(account, "SUCCEEDED")
        assert set(aggregated.details(account)) == {"key-1", "key-2"}

    def test_no_recorder_and_suspended(self, aggregated: Aggregated) -> None:
        """Have nothing to show; nor has an account whose source failed from the beginning."""
        organization = aggregated.organization
        without, suspended = organization.without_recorder[0], organization.suspended[0]
        aggregated.sandbox.tell_aggregators(organization.audit, "FAILED")
        aggregated.report(organization.audit, ("key-1", "COMPLIANT"))
        for account in (without, suspended, organization.audit):
            assert aggregated.details(account) == aggregated.compliance(AccountId=account) == {}

    def test_an_account_that_is_closed(self, aggregated: Aggregated) -> None:
        """Shows nothing any more."""
        account = aggregated.organization.without_role[0]
        aggregated.report(account, ("key-1", "COMPLIANT"))
        assert aggregated.details(account)
        aggregated.sandbox.client("organizations").close_account(AccountId=account)
        assert aggregated.details(account) == aggregated.compliance(AccountId=account) == {}

    def test_an_aggregator_of_one_region(self, aggregated: Aggregated) -> None:
        """Shows no other Region's results."""
        aggregated.report(aggregated.organization.management, ("key-1", "COMPLIANT"))
        for region, expected in (("us-east-1", {"key-1"}), ("eu-west-1", set())):
            name = aggregated.aggregate(f"of-{region}", AwsRegions=[region])
            found = aggregated.details(aggregated.organization.management, ConfigurationAggregatorName=name)
            assert set(found) == expected

    def test_no_administrator(self, aggregated: Aggregated) -> None:
        """The aggregator of an account that may not read the organization is empty."""
        config = aggregated.sandbox.client("config", account=aggregated.organization.log_archive)
        source = {"RoleArn": "arn:aws:iam::444455556666:role/aggregator", "AllAwsRegions": True}
        config.put_configuration_aggregator(
            ConfigurationAggregatorName="mine", OrganizationAggregationSource=source
        )
        answer = config.describe_aggregate_compliance_by_config_rules(ConfigurationAggregatorName="mine")
        assert answer["AggregateComplianceByConfigRules"] == []


class TestSummary:
    """GetAggregateConfigRuleComplianceSummary: how many rules are compliant."""

    def test_by_account(self, aggregated: Aggregated) -> None:
        """As DescribeAggregateComplianceByConfigRules has them."""
        operation = "get_aggregate_config_rule_compliance_summary"
        answer = getattr(aggregated.config, operation)(
            ConfigurationAggregatorName=aggregated.aggregate(), GroupByKey="ACCOUNT_ID"
        )
        counted = {
            group["GroupName"]: group["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"]
            for group in answer["AggregateComplianceCounts"]
        }
        bad = {account for (account, _), found in aggregated.compliance().items() if _bad(found)}
        assert {account for account, count in counted.items() if count} == bad


def _bad(compliance: dict[str, Any]) -> bool:
    return bool(compliance["ComplianceType"] == "NON_COMPLIANT")
