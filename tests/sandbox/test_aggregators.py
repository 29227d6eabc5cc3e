"""How fresh an aggregator's sources are.

https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .organizations import Organized

ROLE = "arn:aws:iam::777788889999:role/aggregator"
EARLIER = datetime(2026, 11, 1, tzinfo=UTC)


def sources(organized: Organized, account: str | None = None, **arguments: Any) -> dict[str, dict[str, Any]]:
    """Put an aggregator of the organization; return the statuses of its sources by their id."""
    config = organized.sandbox.client("config", account=account or organized.organization.audit)
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={"RoleArn": ROLE, "AwsRegions": ["us-east-1"]},
    )
    pages = config.get_paginator("describe_configuration_aggregator_sources_status").paginate(
        ConfigurationAggregatorName="all", **arguments
    )
    entries = [entry for page in pages for entry in page["AggregatedSourceStatusList"]]
    return {entry["SourceId"]: entry for entry in entries}


class TestAnOrganization:
    """The delegated administrator's aggregator."""

    def test_every_active_account_is_a_source(self, organized: Organized) -> None:
        """And the organization itself; an account without a recorder has failed."""
        organization = organized.organization
        found = sources(organized)
        expected = set(organization.accounts) - set(organization.suspended)
        assert set(found) == {*expected, organization.organization_id}
        failed = [name for name, entry in found.items() if entry["LastUpdateStatus"] != "SUCCEEDED"]
        assert failed == list(organization.without_recorder)
        assert found[failed[0]]["LastErrorCode"] == "NoAvailableConfigurationRecorder"
        assert {entry.get("AwsRegion") for entry in found.values()} == {"us-east-1", None}

    def test_pages_and_filter(self, organized: Organized) -> None:
        """As with every list of AWS Config's."""
        assert len(sources(organized, PaginationConfig={"PageSize": 2})) == len(sources(organized))
        failed = sources(organized, UpdateStatus=["FAILED", "OUTDATED"])
        assert tuple(failed) == organized.organization.without_recorder

    def test_what_a_test_says_of_a_source(self, organized: Organized) -> None:
        """Stands, with its time."""
        member = organized.organization.sound[0]
        organized.sandbox.tell_aggregators(member, "OUTDATED", EARLIER)
        entry = sources(organized)[member]
        assert (entry["LastUpdateStatus"], entry["LastUpdateTime"]) == ("OUTDATED", EARLIER)

    def test_no_administrator(self, organized: Organized) -> None:
        """The organization cannot be read."""
        found = sources(organized, organized.organization.log_archive)
        assert found["o-exampleorgid"]["LastErrorCode"] == "OrganizationAccessDeniedException"

    def test_no_such_aggregator(self, organized: Organized) -> None:
        """Is an error that names it."""
        with pytest.raises(ClientError, match=r"NoSuchConfigurationAggregatorException.*other"):
            organized.sandbox.client("config").describe_configuration_aggregator_sources_status(
                ConfigurationAggregatorName="other"
            )


class TestDescribed:
    """DescribeConfigurationAggregators and DescribeAggregationAuthorizations, as moto answers them."""

    def test_an_organizations(self, organized: Organized) -> None:
        """Control Tower's comes through under its name, with its source; another account has none."""
        name = "aws-controltower-ConfigAggregatorForOrganization"
        config = organized.sandbox.client("config", account=organized.organization.audit)
        source = {"RoleArn": ROLE, "AllAwsRegions": True}
        config.put_configuration_aggregator(
            ConfigurationAggregatorName=name, OrganizationAggregationSource=source
        )
        (found,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
        assert (found["ConfigurationAggregatorName"], found["OrganizationAggregationSource"]) == (
            name,
            source,
        )
        other = organized.sandbox.client("config")
        assert other.describe_configuration_aggregators()["ConfigurationAggregators"] == []

    def test_an_authorization(self, organized: Organized) -> None:
        """Of a source account, for an aggregator's account and Region."""
        config = organized.sandbox.client("config", account=organized.organization.sound[0])
        assert config.describe_aggregation_authorizations()["AggregationAuthorizations"] == []
        given = {"AuthorizedAccountId": organized.organization.audit, "AuthorizedAwsRegion": "us-east-1"}
        config.put_aggregation_authorization(**given)
        (found,) = config.describe_aggregation_authorizations()["AggregationAuthorizations"]
        assert given.items() <= found.items()


class TestNamedAccounts:
    """An aggregator of a list of accounts."""

    def test_all_regions(self, organized: Organized) -> None:
        """Are those with a recorder, and the aggregator's own."""
        member = organized.organization.sound[0]
        config = organized.sandbox.client("config")
        config.put_configuration_aggregator(
            ConfigurationAggregatorName="two",
            AccountAggregationSources=[{"AccountIds": [member], "AllAwsRegions": True}],
        )
        answer = config.describe_configuration_aggregator_sources_status(ConfigurationAggregatorName="two")
        (entry,) = answer["AggregatedSourceStatusList"]
        assert (entry["SourceId"], entry["SourceType"], entry["AwsRegion"]) == (
            member,
            "ACCOUNT",
            "us-east-1",
        )
