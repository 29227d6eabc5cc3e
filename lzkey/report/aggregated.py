"""Every account and Region through an aggregator of AWS Config.

Its calls leave out what has no result, never tell NOT_APPLICABLE, and cap their counts: what is left out is
found by asking also for the sources, the keys and the recorders.
https://docs.aws.amazon.com/config/latest/developerguide/aggregate-data.html
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final, TypeVar

from lzkey.aws.account import UnansweredError, at_once
from lzkey.aws.rule import is_named
from lzkey.report.facts import Evaluation
from lzkey.report.inventory import inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from lzkey.aws.account import Answer, Asker, Progress
    from lzkey.report.facts import Spot
    from lzkey.report.inventory import Inventory

AGGREGATE_ACTIONS: Final = (
    "config:DescribeConfigurationAggregators",
    "config:DescribeConfigurationAggregatorSourcesStatus",
    "config:DescribeAggregateComplianceByConfigRules",
    "config:GetAggregateComplianceDetailsByConfigRule",
    "config:SelectAggregateResourceConfig",
    "config:GetOrganizationConfigRuleDetailedStatus",
)

_ROWS, _DETAILS = 1000, 100  # the most that each call takes in a page
_Item = TypeVar("_Item")

#: Of a source that tells no Region.
ANY_REGION: Final = ""

_NO_STATUS: Final = ("NoSuchOrganizationConfigRuleException", "OrganizationAccessDeniedException")


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh an aggregator is of one account and Region."""

    status: str
    updated_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What an aggregator, and the organization's rule, tell; None is always "not answered"."""

    regions: tuple[str, ...]
    sources: Mapping[Spot, Source] | None
    rules: Mapping[Spot, str]
    """The rule's name where it has a result."""
    evaluations: Mapping[Spot, tuple[Evaluation, ...]]
    unread: Mapping[Spot, str]
    """Why results could not be read."""
    unread_regions: Mapping[str, str]
    """Why it is not known where in a Region there are results."""
    inventory: Inventory
    statuses: Mapping[str, Mapping[str, tuple[str, str, str]]]
    """By Region, how the organization's rule fares in each account: its name there, status and reason."""


def collect(aws: Asker, home: Asker, aggregator: Answer, wanted: str, progress: Progress) -> Aggregated:
    """Ask an aggregator for everything; what it does not answer is noted and left out."""
    name = str(aggregator["ConfigurationAggregatorName"])
    progress("sources", 0, 1)
    sources = aws.unless(lambda: dict(_sources(aws, name)), None)
    regions = _regions(aggregator, sources or {}, aws.region)
    statuses = {
        region: found
        for region, found in zip(
            regions, at_once(lambda region: _statuses(home, wanted, region), regions), strict=True
        )
        if found
    }
    progress("rules", 0, len(regions))
    found = at_once(lambda region: _rows(aws, name, wanted, region, statuses.get(region)), regions)
    by_region = dict(zip(regions, found, strict=True))
    rows = [row for found, _ in by_region.values() for row in found]
    evaluations, unread = _evaluations(aws, name, rows, progress)
    return Aggregated(
        regions,
        sources or None,
        {(row["AccountId"], row["AwsRegion"]): str(row["ConfigRuleName"]) for row in rows},
        evaluations,
        unread,
        {region: why for region, (_, why) in by_region.items() if why},
        inventory(aws, name, regions, progress),
        statuses,
    )


def _sources(aws: Asker, aggregator: str) -> Iterator[tuple[Spot, Source]]:
    """Yield the status of each account and Region; the organization's own is a note where it is bad."""
    for entry in aws.each(
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "AggregatedSourceStatusList",
        size=100,
        ConfigurationAggregatorName=aggregator,
    ):
        error = ": ".join(filter(None, (entry.get("LastErrorCode"), entry.get("LastErrorMessage"))))
        status = entry.get("LastUpdateStatus", "UNKNOWN")
        if entry.get("SourceType") == "ACCOUNT":
            spot = (entry["SourceId"], entry.get("AwsRegion", ANY_REGION))
            yield spot, Source(status, utc(entry.get("LastUpdateTime")), error)
        elif status != "SUCCEEDED":
            aws.log.note(f"aggregator {aggregator} could not read the organization: {status} ({error})")


def _regions(aggregator: Answer, sources: Mapping[Spot, Source], own: str) -> tuple[str, ...]:
    given = aggregator.get("OrganizationAggregationSource"), *aggregator.get("AccountAggregationSources", [])
    named = {region for source in given if source for region in source.get("AwsRegions", [])}
    everywhere = any(source.get("AllAwsRegions") for source in given if source)
    found = {region for _, region in sources} - {ANY_REGION}
    return tuple(sorted((found | {own} if everywhere else named) or found | {own}))


def _statuses(home: Asker, wanted: str, region: str) -> dict[str, tuple[str, str, str]]:
    """Return how the organization's rule of a Region fares; empty where nobody may know."""

    def ask() -> dict[str, tuple[str, str, str]]:
        entries = home.each(
            "config:GetOrganizationConfigRuleDetailedStatus",
            "OrganizationConfigRuleDetailedStatus",
            region=region,
            OrganizationConfigRuleName=wanted,
        )
        return {
            entry["AccountId"]: (
                entry["ConfigRuleName"],
                entry["MemberAccountRuleStatus"],
                ": ".join(filter(None, (entry.get("ErrorCode"), entry.get("ErrorMessage")))),
            )
            for entry in entries
        }

    return home.unless(ask, {}, *_NO_STATUS)


def _rows(
    aws: Asker, aggregator: str, wanted: str, region: str, statuses: Mapping[str, tuple[str, str, str]] | None
) -> tuple[list[Answer], str]:
    """Return where the rule has results in a Region, and why that is not known.

    It is found by its names there; where the organization's rule does not tell them, among all rules.
    """
    names: set[str | None] = {None}
    if statuses:
        names = {wanted, *(name for name, _, _ in statuses.values())}

    def rows(name: str | None) -> Iterator[Answer]:
        filters = {"AwsRegion": region, **({"ConfigRuleName": name} if name else {})}
        for row in aws.each(
            "config:DescribeAggregateComplianceByConfigRules",
            "AggregateComplianceByConfigRules",
            size=_ROWS,
            ConfigurationAggregatorName=aggregator,
            Filters=filters,
        ):
            if name or is_named(row["ConfigRuleName"], wanted):
                yield row

    return _as_far_as_told(aws, (row for name in sorted(names, key=str) for row in rows(name)))


def _as_far_as_told(aws: Asker, items: Iterable[_Item]) -> tuple[list[_Item], str]:
    """Return what came before a call was refused, and why there is no more: a failure seen is a failure."""
    found: list[_Item] = []
    try:
        found.extend(items)
    except UnansweredError as error:
        aws.log.note(str(error))
        return found, str(error)
    return found, ""


def _evaluations(
    aws: Asker, aggregator: str, rows: list[Answer], progress: Progress
) -> tuple[dict[Spot, tuple[Evaluation, ...]], dict[Spot, str]]:
    found: dict[Spot, tuple[Evaluation, ...]] = defaultdict(tuple)
    unread: dict[Spot, str] = {}
    pages = at_once(lambda row: _details(aws, aggregator, row), rows)
    for done, (row, (evaluations, why)) in enumerate(zip(rows, pages, strict=True), 1):
        spot = (row["AccountId"], row["AwsRegion"])
        found[spot] += evaluations
        if why:
            unread[spot] = why
        progress("results", done, len(rows))
    return found, unread


def _details(aws: Asker, aggregator: str, row: Answer) -> tuple[tuple[Evaluation, ...], str]:
    """Return the results of one rule in one account and Region, and why they are not all."""
    results = aws.each(
        "config:GetAggregateComplianceDetailsByConfigRule",
        "AggregateEvaluationResults",
        size=_DETAILS,
        ConfigurationAggregatorName=aggregator,
        ConfigRuleName=row["ConfigRuleName"],
        AccountId=row["AccountId"],
        AwsRegion=row["AwsRegion"],
    )
    found, why = _as_far_as_told(aws, map(evaluation, results))
    told = row.get("Compliance", {}).get("ComplianceType")
    if not why and told == "NON_COMPLIANT" and not any(result.compliance == told for result in found):
        why = "the aggregator says NON_COMPLIANT, and shows no key that is"
    return tuple(found), why


def evaluation(result: Answer) -> Evaluation:
    """Read a result, an aggregator's or an account's own."""
    qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    return Evaluation(
        qualifier["ResourceId"],
        result["ComplianceType"],
        result.get("Annotation", ""),
        utc(result.get("ConfigRuleInvokedTime") or result.get("ResultRecordedTime")),
    )


def utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC: botocore tells it in the time of the machine."""
    return None if moment is None else moment.astimezone(UTC)
