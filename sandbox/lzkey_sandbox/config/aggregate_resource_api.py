"""The resources of all sources of an aggregator: queries, lists, counts and items.

A deleted resource is in none of them. Sources: the pages named with each operation.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lzkey_sandbox.config import advanced_query
from lzkey_sandbox.config.aggregation import Aggregation, aggregator_of
from lzkey_sandbox.config.configuration_item import ITEM_VERSION, KEY_TYPE, timestamp
from lzkey_sandbox.moto.motostate import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lzkey import Untyped
    from lzkey_sandbox.config.aggregation import Holdings
    from lzkey_sandbox.config.configuration_item import ConfigurationItem
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: Sources: the pages of SelectAggregateResourceConfig and of the other operations' Limit members.
DEFAULT_ROWS_PAGE: Final = 25
DEFAULT_COUNTED_PAGE: Final = 500
DEFAULT_LIST_PAGE: Final = 100
DEFAULT_GROUPS_PAGE: Final = 1000

RECORDER_TYPE: Final = "AWS::Config::ConfigurationRecorder"

_DATES: Final = ("creationDate", "deletionDate")

_GROUPS: Final[Mapping[str, Callable[[ConfigurationItem], str]]] = {
    "RESOURCE_TYPE": lambda _item: KEY_TYPE,
    "ACCOUNT_ID": lambda item: item.account,
    "AWS_REGION": lambda item: item.region,
}


class AggregateResourceApi:
    """Reads the items of an aggregator's sources, or of one account."""

    def __init__(self, aggregation: Aggregation, listings: Listings) -> None:
        self._aggregation = aggregation
        self._listings = listings

    def select_aggregate_resource_config(self, account: str, region: str, members: Members) -> Answer:
        """What a query finds in all sources.

        https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])

        def rows() -> Iterator[Mapping[str, Any]]:
            for source in self._aggregation.shown(aggregator, account, region):
                yield from _rows(*source, self._aggregation.holdings(*source))

        return self._select(rows, (account, region), members)

    def select_resource_config(self, account: str, region: str, members: Members) -> Answer:
        """What a query finds in one account and Region.

        https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html
        """

        def rows() -> Iterator[Mapping[str, Any]]:
            return _rows(account, region, self._aggregation.own(account, region))

        return self._select(rows, (account, region), members)

    def list_aggregate_discovered_resources(self, account: str, region: str, members: Members) -> Answer:
        """The identifiers of all keys.

        https://docs.aws.amazon.com/config/latest/APIReference/API_ListAggregateDiscoveredResources.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        filters = members.get("Filters", {})

        def found() -> Iterator[Answer]:
            for item in self._items(aggregator, account, region, filters):
                if filters.get("ResourceId", item.key_id) == item.key_id and "ResourceName" not in filters:
                    yield {
                        "SourceAccountId": item.account,
                        "SourceRegion": item.region,
                        "ResourceId": item.key_id,
                        "ResourceType": KEY_TYPE,
                    }

        size = members.get("Limit") or DEFAULT_LIST_PAGE
        return self._listings.page("ResourceIdentifiers", found, (account, region), members, size)

    def get_aggregate_discovered_resource_counts(self, account: str, region: str, members: Members) -> Answer:
        """How many keys there are, by account, Region or type or altogether.

        https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateDiscoveredResourceCounts.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        filters, key = members.get("Filters", {}), members.get("GroupByKey")
        of_keys = filters.get("ResourceType", KEY_TYPE) == KEY_TYPE
        items = list(self._items(aggregator, account, region, filters)) if of_keys else []
        if not key:
            return {"TotalDiscoveredResources": len(items)}
        groups = Counter(_GROUPS[key](item) for item in items)

        def found() -> Iterable[Answer]:
            return [{"GroupName": name, "ResourceCount": count} for name, count in groups.items()]

        size = members.get("Limit") or DEFAULT_GROUPS_PAGE
        page = self._listings.page("GroupedResourceCounts", found, (account, region), members, size)
        return {"TotalDiscoveredResources": len(items), "GroupByKey": key, **page}

    def batch_get_aggregate_resource_config(self, account: str, region: str, members: Members) -> Answer:
        """The newest items of several keys, without their tags.

        https://docs.aws.amazon.com/config/latest/APIReference/API_BatchGetAggregateResourceConfig.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        items, unprocessed = [], []
        for wanted in members["ResourceIdentifiers"]:
            source = wanted["SourceAccountId"], wanted["SourceRegion"]
            shows = self._aggregation.shows(aggregator, (account, region), *source)
            holdings = self._aggregation.holdings(*source).items if shows else ()
            item = next((item for item in holdings if item.key_id == wanted["ResourceId"]), None)
            if item is None or wanted["ResourceType"] != KEY_TYPE:
                unprocessed.append(wanted)
            else:
                items.append(item.base())
        return {"BaseConfigurationItems": items, "UnprocessedResourceIdentifiers": unprocessed}

    def _select(
        self,
        rows: Callable[[], Iterator[Mapping[str, Any]]],
        where: tuple[str, str],
        members: Members,
    ) -> Answer:
        query = advanced_query.parse(members["Expression"])
        default = DEFAULT_COUNTED_PAGE if query.aggregates else DEFAULT_ROWS_PAGE
        size = members.get("Limit") or members.get("MaxResults") or default

        def found() -> Iterator[str]:
            return (json.dumps(row, separators=(",", ":")) for row in query.run(rows()))

        answer = self._listings.page("Results", found, where, members, size)
        return {**answer, "QueryInfo": {"SelectFields": [{"Name": name} for name in query.fields]}}

    def _items(
        self,
        aggregator: Untyped,
        account: str,
        region: str,
        filters: Members,
    ) -> Iterator[ConfigurationItem]:
        for member, named in self._aggregation.shown(aggregator, account, region):
            if filters.get("AccountId", member) == member and filters.get("Region", named) == named:
                yield from self._aggregation.holdings(member, named).items


def _rows(account: str, region: str, holdings: Holdings) -> Iterator[Mapping[str, Any]]:
    """What a query sees of one account and Region: items and recorders, each as one row.

    Its dates are text and its policy is JSON text, encoded once. Sources: the page of SelectResourceConfig, a
    query's answer in cloud-custodian/cloud-custodian (tests/data/placebo/test_kms_config_source), and for
    recorders, a resource type of AWS Config's own,
    https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
    """
    for item in holdings.items:
        yield _item(item)
    for recorder in holdings.recorders:
        yield _recorder(account, region, recorder)


def _item(item: ConfigurationItem) -> dict[str, Any]:
    configuration = dict(item.configuration or {})
    for name in _DATES:
        if name in configuration:
            configuration[name] = timestamp(datetime.fromtimestamp(configuration[name] / 1000, UTC))
    return {
        "version": ITEM_VERSION,
        "accountId": item.account,
        "arn": item.arn,
        "availabilityZone": "Not Applicable",
        "awsRegion": item.region,
        "configuration": configuration,
        "configurationItemCaptureTime": timestamp(item.captured),
        "configurationItemStatus": item.status,
        "configurationStateId": str(item.state_id),
        "relationships": [],
        "resourceCreationTime": timestamp(item.created),
        "resourceId": item.key_id,
        "resourceType": KEY_TYPE,
        "supplementaryConfiguration": dict(item.supplementary),
        "tags": [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item.tags],
    }


def _recorder(account: str, region: str, recorder: Mapping[str, Any]) -> dict[str, Any]:
    name = recorder["name"]
    return {
        "version": ITEM_VERSION,
        "accountId": account,
        "arn": f"arn:{partition_of(region)}:config:{region}:{account}:configuration-recorder/{name}",
        "availabilityZone": "Not Applicable",
        "awsRegion": region,
        "configuration": dict(recorder),
        "configurationItemStatus": "OK",
        "relationships": [],
        "resourceId": name,
        "resourceName": name,
        "resourceType": RECORDER_TYPE,
        "supplementaryConfiguration": {},
        "tags": [],
    }
