"""The keys of all sources: queries, lists, counts and items.

https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html and the pages of
its siblings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from .aggregates import KEYS, NAME

if TYPE_CHECKING:
    from .aggregates import Aggregated

RECORDERS = "resourceType = 'AWS::Config::ConfigurationRecorder'"


def make_key(aggregated: Aggregated, account: str, region: str | None = None, **arguments: Any) -> str:
    """Create a key and wait until it is recorded; return its id."""
    kms = aggregated.sandbox.client("kms", region, account)
    key_id = str(kms.create_key(**arguments)["KeyMetadata"]["KeyId"])
    aggregated.sandbox.settle()
    return key_id


class TestQueries:
    """SelectAggregateResourceConfig."""

    def test_a_row(self, aggregated: Aggregated) -> None:
        """Has what was selected, each property in its place."""
        account = aggregated.organization.sound[0]
        key_id = make_key(aggregated, account, "eu-west-1")
        fields = "resourceId, accountId, awsRegion, configuration.keyManager, configuration.multiRegion"
        (row,) = aggregated.select(f"SELECT {fields} WHERE {KEYS} AND accountId = '{account}'")
        assert row == {
            "resourceId": key_id,
            "accountId": account,
            "awsRegion": "eu-west-1",
            "configuration": {"keyManager": "CUSTOMER", "multiRegion": False},
        }

    def test_everything(self, aggregated: Aggregated) -> None:
        """Dates are text, tags are listed, and the policy is JSON text."""
        account = aggregated.organization.sound[1]
        key_id = make_key(aggregated, account, Tags=[{"TagKey": "team", "TagValue": "a"}])
        (row,) = aggregated.select(f"SELECT * WHERE resourceId = '{key_id}'")
        assert row["configuration"]["creationDate"].endswith("Z")
        assert row["tags"] == [{"key": "team", "value": "a", "tag": "team=a"}]
        assert json.loads(row["supplementaryConfiguration"]["Policy"])["Version"] == "2012-10-17"
        assert row["arn"] == f"arn:aws:kms:us-east-1:{account}:key/{key_id}"

    def test_counts(self, aggregated: Aggregated) -> None:
        """By account and Region."""
        account = aggregated.organization.sound[2]
        for region in ("us-east-1", "us-east-1", "eu-west-1"):
            make_key(aggregated, account, region)
        where = f"{KEYS} AND accountId = '{account}'"
        rows = aggregated.select(
            f"SELECT awsRegion, COUNT(*) WHERE {where} GROUP BY awsRegion ORDER BY awsRegion DESC"
        )
        assert rows == [{"awsRegion": "us-east-1", "COUNT(*)": 2}, {"awsRegion": "eu-west-1", "COUNT(*)": 1}]
        assert aggregated.select(f"SELECT COUNT(*) WHERE {where}") == [{"COUNT(*)": 3}]

    def test_current_keys_alone(self, aggregated: Aggregated) -> None:
        """A deleted key is not found; one of an account that records nothing neither."""
        account, without = aggregated.organization.sound[3], aggregated.organization.without_recorder[0]
        kept, deleted = make_key(aggregated, account), make_key(aggregated, account)
        unrecorded = make_key(aggregated, without)
        aggregated.sandbox.delete_key(deleted, account)
        found = aggregated.keys()
        assert kept in found
        assert not {deleted, unrecorded} & found

    def test_a_source_that_is_not_fresh(self, aggregated: Aggregated) -> None:
        """Shows the keys that it had."""
        account = aggregated.organization.sound[4]
        before = make_key(aggregated, account)
        aggregated.sandbox.tell_aggregators(account, "OUTDATED")
        after = make_key(aggregated, account)
        assert {before, after} & aggregated.keys() == {before}
        aggregated.sandbox.tell_aggregators(account, "SUCCEEDED")
        assert {before, after} <= aggregated.keys()

    def test_recorders(self, aggregated: Aggregated) -> None:
        """Are resources of a type of their own: one in each account and Region that records."""
        account, without = aggregated.organization.sound[5], aggregated.organization.without_recorder[0]
        rows = aggregated.select(f"SELECT accountId, awsRegion, configuration WHERE {RECORDERS}")
        of_account = [row for row in rows if row["accountId"] == account]
        assert sorted(row["awsRegion"] for row in of_account) == ["eu-west-1", "us-east-1"]
        configuration = of_account[0]["configuration"]
        assert configuration["recordingGroup"]["resourceTypes"] == ["AWS::KMS::Key"]
        assert configuration["recording"] is True
        assert without not in {row["accountId"] for row in rows}

    @pytest.mark.parametrize(("limit", "largest"), [({}, 25), ({"MaxResults": 100}, 27), ({"Limit": 10}, 10)])
    def test_pages(self, aggregated: Aggregated, limit: dict[str, int], largest: int) -> None:
        """Of twenty-five rows unless said otherwise."""
        account = aggregated.organization.sound[6]
        for _ in range(27 - len(aggregated.select(f"SELECT arn WHERE {KEYS} AND accountId = '{account}'"))):
            make_key(aggregated, account)
        pages = aggregated.pages(
            "select_aggregate_resource_config",
            Expression=f"SELECT arn WHERE {KEYS} AND accountId = '{account}'",
            **limit,
        )
        sizes = [len(page["Results"]) for page in pages]
        assert (max(sizes), sum(sizes)) == (largest, 27)

    def test_one_account(self, aggregated: Aggregated) -> None:
        """SelectResourceConfig answers for the caller's account and Region."""
        account, other = aggregated.organization.sound[7], aggregated.organization.sound[8]
        here = make_key(aggregated, account)
        make_key(aggregated, account, "eu-west-1")
        make_key(aggregated, other)
        config = aggregated.sandbox.client("config", account=account)
        answer = config.select_resource_config(Expression=f"SELECT resourceId WHERE {KEYS}")
        assert [json.loads(result) for result in answer["Results"]] == [{"resourceId": here}]
        assert answer["QueryInfo"]["SelectFields"] == [{"Name": "resourceId"}]

    def test_what_is_not_understood(self, aggregated: Aggregated) -> None:
        """Is an error."""
        with pytest.raises(ClientError, match="InvalidExpressionException"):
            aggregated.select("SELECT resourceId WHERE resourceType LIKE 'AWS%'")


class TestSiblings:
    """The other operations on resources have the same keys."""

    def test_lists_counts_and_items(self, aggregated: Aggregated) -> None:
        """ListAggregateDiscoveredResources, its counts, and BatchGetAggregateResourceConfig."""
        account = aggregated.organization.sound[9]
        key_ids = {make_key(aggregated, account), make_key(aggregated, account, "eu-west-1")}
        of_account = {"Filters": {"AccountId": account}}
        pages = aggregated.pages(
            "list_aggregate_discovered_resources", ResourceType="AWS::KMS::Key", **of_account
        )
        found = [entry for page in pages for entry in page["ResourceIdentifiers"]]
        assert {entry["ResourceId"] for entry in found} == key_ids
        counts = aggregated.config.get_aggregate_discovered_resource_counts(
            ConfigurationAggregatorName=NAME, GroupByKey="AWS_REGION", **of_account
        )
        assert counts["TotalDiscoveredResources"] == 2
        assert {group["GroupName"] for group in counts["GroupedResourceCounts"]} == {"us-east-1", "eu-west-1"}
        missing = {**found[0], "ResourceId": "1234abcd-12ab-34cd-56ef-1234567890ab"}
        answer = aggregated.config.batch_get_aggregate_resource_config(
            ConfigurationAggregatorName=NAME, ResourceIdentifiers=[*found, missing]
        )
        assert {item["resourceId"] for item in answer["BaseConfigurationItems"]} == key_ids
        assert answer["UnprocessedResourceIdentifiers"] == [missing]

    def test_another_filter(self, aggregated: Aggregated) -> None:
        """Finds nothing."""
        counts = aggregated.config.get_aggregate_discovered_resource_counts(
            ConfigurationAggregatorName=NAME, Filters={"Region": "ap-south-1"}
        )
        assert counts["TotalDiscoveredResources"] == 0
