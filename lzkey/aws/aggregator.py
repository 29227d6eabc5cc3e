"""An AWS Config aggregator: whom it shows, how fresh, and what it shows of rules, keys and recorders.

Its calls leave out what has no result, never tell NOT_APPLICABLE, and cap their counts: what is left out is
found by asking also for the sources, the keys and the recorders.
https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key import KeyDataError, KmsKey
from landing_zone_key.key import RESOURCE_TYPE
from lzkey.aws.fact import takes
from lzkey.aws.key_name import key_name, tags_told
from lzkey.aws.recorder import Recorder
from lzkey.aws.rule import Evaluation, in_utc, told

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lzkey.aws.account import Asker

#: Of a source that tells no Region.
ANY_REGION: Final = ""

_SOURCES, _ROWS, _DETAILS, _ITEMS = 100, 1000, 100, 100  # the most that each call takes in a page

#: Never the policy: whether the rule judges a key does not depend on it.
KEYS_QUERY: Final = (
    "SELECT resourceId, arn, accountId, awsRegion, resourceType, configurationItemStatus, "
    "configurationItemCaptureTime, configurationStateId, configuration.keyManager, tags "
    f"WHERE resourceType = '{RESOURCE_TYPE}' AND awsRegion = '{{region}}'"
)
#: A system resource type: AWS Config records its own recorders everywhere.
#: https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
RECORDERS_QUERY: Final = (
    "SELECT accountId, awsRegion, configuration "
    "WHERE resourceType = 'AWS::Config::ConfigurationRecorder' AND awsRegion = '{region}'"
)


@dataclass(frozen=True, slots=True)
class Aggregator:
    """Whom an aggregator is set to show.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationAggregator.html
    """

    name: str
    organization: bool
    """Whether it takes in the organization that its account is in."""
    accounts: tuple[str, ...]
    """Those that it names, where it takes in some by their numbers."""
    regions: tuple[str, ...]
    everywhere: bool
    """Whether it takes in every Region, also those to come."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Aggregator:
        """Read DescribeConfigurationAggregators."""
        whole, some = found.get("OrganizationAggregationSource"), found.get("AccountAggregationSources", [])
        sources = [source for source in (whole, *some) if source]
        return cls(
            str(found["ConfigurationAggregatorName"]),
            bool(whole),
            tuple(account for source in some for account in source.get("AccountIds", [])),
            tuple(region for source in sources for region in source.get("AwsRegions", [])),
            any(source.get("AllAwsRegions") for source in sources),
        )

    def covers(self, region: str) -> bool:
        """Whether it takes in this Region."""
        return self.everywhere or region in self.regions


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh an aggregator is of one account and Region.

    https://docs.aws.amazon.com/config/latest/APIReference/API_AggregatedSourceStatus.html
    """

    account: str
    """The organization itself is a source, too: then it is its id."""
    region: str
    """ANY_REGION where it is not told."""
    status: str
    updated_at: datetime | None
    code: str
    message: str
    is_account: bool = True

    @property
    def is_fresh(self) -> bool:
        """Whether the last update succeeded; else what is shown is older, or nothing is."""
        return self.status == "SUCCEEDED"

    @property
    def error(self) -> str:
        """Why it is not fresh, as far as AWS Config tells."""
        return told(self.code, self.message)


@dataclass(frozen=True, slots=True)
class Row:
    """A rule in one account and Region, where it has a result."""

    account: str
    region: str
    rule: str
    compliance: str


@dataclass(frozen=True, slots=True)
class RecordedKey:
    """A key as an aggregator shows it, without its policy."""

    key: KmsKey
    at: datetime | None
    """When it was last recorded."""
    name: str
    """Its tag Name."""


@takes("config:DescribeConfigurationAggregators")
def aggregators(asker: Asker) -> tuple[Aggregator, ...]:
    """All of the account in its Region."""
    found = asker.each("config:DescribeConfigurationAggregators", "ConfigurationAggregators")
    return tuple(map(Aggregator.of, found))


@takes("config:DescribeConfigurationAggregatorSourcesStatus")
def sources(asker: Asker, aggregator: str) -> tuple[Source, ...]:
    """Every account and Region that it has a status of."""
    found = asker.each(
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "AggregatedSourceStatusList",
        size=_SOURCES,
        ConfigurationAggregatorName=aggregator,
    )
    return tuple(
        Source(
            entry.get("SourceId", ""),
            entry.get("AwsRegion", ANY_REGION),
            entry.get("LastUpdateStatus", "UNKNOWN"),
            in_utc(entry.get("LastUpdateTime")),
            entry.get("LastErrorCode", ""),
            entry.get("LastErrorMessage", ""),
            entry.get("SourceType") == "ACCOUNT",
        )
        for entry in found
    )


@takes("config:DescribeAggregateComplianceByConfigRules")
def rows(asker: Asker, aggregator: str, region: str, rule: str | None = None) -> Iterator[Row]:
    """Where rules, or this one, have results in a Region, as the pages come.

    NOT_APPLICABLE results are never shown.
    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
    """
    for row in asker.each(
        "config:DescribeAggregateComplianceByConfigRules",
        "AggregateComplianceByConfigRules",
        size=_ROWS,
        ConfigurationAggregatorName=aggregator,
        Filters={"AwsRegion": region, **({"ConfigRuleName": rule} if rule else {})},
    ):
        compliance = row.get("Compliance", {}).get("ComplianceType", "")
        yield Row(row["AccountId"], row["AwsRegion"], str(row["ConfigRuleName"]), compliance)


@takes("config:GetAggregateComplianceDetailsByConfigRule")
def details(asker: Asker, aggregator: str, row: Row) -> Iterator[Evaluation]:
    """The results of a rule in one account and Region, as the pages come."""
    found = asker.each(
        "config:GetAggregateComplianceDetailsByConfigRule",
        "AggregateEvaluationResults",
        size=_DETAILS,
        ConfigurationAggregatorName=aggregator,
        ConfigRuleName=row.rule,
        AccountId=row.account,
        AwsRegion=row.region,
    )
    return map(Evaluation.of, found)


@takes("config:SelectAggregateResourceConfig")
def selected(asker: Asker, aggregator: str, query: str) -> Iterator[str]:
    """What an advanced query finds in all sources, each item as JSON text, as the pages come.

    https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
    """
    return asker.each(
        "config:SelectAggregateResourceConfig",
        "Results",
        size=_ITEMS,
        ConfigurationAggregatorName=aggregator,
        Expression=query,
    )


@takes(facts=(selected,))
def keys(asker: Asker, aggregator: str, region: str) -> Iterator[RecordedKey]:
    """The recorded keys of a Region."""
    for text, item in _items(asker, selected(asker, aggregator, KEYS_QUERY.format(region=region))):
        if item.get("resourceType") == RESOURCE_TYPE:
            try:
                key = KmsKey.from_configuration_item(item)
            except KeyDataError as error:
                _not_understood(asker, error)
                continue
            if asker.log.witness is not None:
                asker.log.witness.saw_item(str(key.arn), text, item)
            at = _moment(item.get("configurationItemCaptureTime"))
            yield RecordedKey(key, at, key_name(tags=tags_told(item.get("tags"))))


@takes(facts=(selected,))
def recorders(asker: Asker, aggregator: str, region: str) -> dict[str, Recorder]:
    """The recorders of a Region by account; an account that shows none is not in it."""
    items = _items(asker, selected(asker, aggregator, RECORDERS_QUERY.format(region=region)))
    read = ((item["accountId"], Recorder.of_item(item.get("configuration"))) for _, item in items)
    return {account: recorder for account, recorder in read if recorder is not None}


@takes(facts=(selected,))
def key_counts(asker: Asker, aggregator: str, region: str, among: Collection[str] = ()) -> dict[str, int]:
    """How many recorded keys of a Region, all or these ids, each account has; none of AWS's own."""
    these = f" AND resourceId IN ({', '.join(map(repr, among))})" if among else ""
    query = (
        f"SELECT accountId, COUNT(*) WHERE resourceType = '{RESOURCE_TYPE}' AND awsRegion = "
        f"'{region}' AND configuration.keyManager = 'CUSTOMER'{these} GROUP BY accountId"
    )
    found = map(json.loads, selected(asker, aggregator, query))
    return {row["accountId"]: row["COUNT(*)"] for row in found}


@takes(facts=(selected,))
def have_policy(asker: Asker, aggregator: str, region: str, account: str) -> tuple[bool, ...]:
    """Of each recorded key of an account and Region, whether it came with its policy."""
    query = (
        f"SELECT resourceId, supplementaryConfiguration WHERE resourceType = '{RESOURCE_TYPE}' "
        f"AND accountId = '{account}' AND awsRegion = '{region}'"
    )
    found = map(json.loads, selected(asker, aggregator, query))
    return tuple(bool((item.get("supplementaryConfiguration") or {}).get("Policy")) for item in found)


def _items(asker: Asker, texts: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was understood, as text and as what it says; the rest is a note."""
    for text in texts:
        try:
            item = json.loads(text)
        except ValueError as error:
            _not_understood(asker, error)
            continue
        if isinstance(item, dict):
            yield text, item
        else:
            _not_understood(asker, "it is no object")


def _not_understood(asker: Asker, why: object) -> None:
    asker.log.note(f"an item of the inventory was not understood: {why}")


def _moment(text: object) -> datetime | None:
    """Read ISO 8601 text; without a time zone it is UTC, as all of AWS Config's."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
