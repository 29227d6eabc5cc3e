"""Aggregators: what they show of the organization's accounts, and how fresh it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey.doctor.check import not_applicable, ok, problem, unknown, warning
from lzkey.doctor.organization import IS_ORGANIZATION, SINGLE, shown

if TYPE_CHECKING:
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

SOURCE_ACTIONS: Final = (
    "config:DescribeConfigurationAggregators",
    "config:DescribeConfigurationAggregatorSourcesStatus",
)
AGGREGATOR_ACTIONS: Final = (*IS_ORGANIZATION, *SOURCE_ACTIONS)

NO_AGGREGATOR: Final = "none in this account aggregates the organization in {region}"
ELSEWHERE: Final = (
    "look from the account that has one (with landing zone 4.0 the audit account), or create one"
)


def aggregator(subject: Subject) -> Check:
    """Check that an aggregator shows this Region's results of the whole organization, none of them stale.

    Results are as sound without one here: since landing zone 4.0 it is in the audit account.
    """
    if not subject.is_organization():
        return not_applicable(SINGLE)
    seen = {name: sources(subject, name) for name in aggregators(subject)}
    if not seen:
        return warning(NO_AGGREGATOR.format(region=subject.region), ELSEWHERE)
    stale = {
        name: [_stale(source) for source in found if not is_fresh(source)] for name, found in seen.items()
    }
    fresh = [name for name, found in seen.items() if found and not stale[name]]
    if fresh:
        return ok(f"{', '.join(fresh)}: every source is fresh")
    troubled = next((name for name in seen if stale[name]), None)
    if troubled is None:
        return unknown(
            f"{', '.join(seen)}: no source in {subject.region} yet", "wait until it has one, and look again"
        )
    return problem(
        f"{troubled}: {shown(stale[troubled])}",
        "see that each source has a recorder and lets the aggregator read it",
    )


def aggregators(subject: Subject) -> list[str]:
    """Return the names of the account's aggregators that take in the organization, in the rule's Region."""
    found = subject.reader.ask_all("config:DescribeConfigurationAggregators", "ConfigurationAggregators")
    return [
        str(candidate["ConfigurationAggregatorName"])
        for candidate in found or []
        if _covers(candidate, subject.region)
    ]


def sources(subject: Subject, aggregator: str) -> list[Facts]:
    """Return the sources of an aggregator, those of other Regions left out."""
    found = subject.reader.ask_all(
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "AggregatedSourceStatusList",
        ConfigurationAggregatorName=aggregator,
    )
    return [source for source in found or [] if source.get("AwsRegion", subject.region) == subject.region]


def is_fresh(source: Facts) -> bool:
    """Whether what is shown of a source is what there is."""
    return bool(source.get("LastUpdateStatus") == "SUCCEEDED")


def compliance(subject: Subject, aggregator: str, rule: str) -> dict[str, str]:
    """Return a rule's compliance by account; one without results that are shown is not in it.

    NOT_APPLICABLE results are never shown.
    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
    """
    found = subject.reader.ask_all(
        "config:DescribeAggregateComplianceByConfigRules",
        "AggregateComplianceByConfigRules",
        ConfigurationAggregatorName=aggregator,
        Filters={"ConfigRuleName": rule, "AwsRegion": subject.region},
    )
    kinds = {entry["AccountId"]: entry["Compliance"]["ComplianceType"] for entry in found or []}
    return {account: kind for account, kind in kinds.items() if kind != "INSUFFICIENT_DATA"}


def selected(subject: Subject, aggregator: str, query: str) -> list[Facts]:
    """Return what a query finds in all sources.

    https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
    """
    found = subject.reader.ask_all(
        "config:SelectAggregateResourceConfig",
        "Results",
        ConfigurationAggregatorName=aggregator,
        Expression=query,
    )
    return [json.loads(row) for row in found or []]


def _covers(aggregator: Facts, region: str) -> bool:
    """Whether an aggregator takes in the organization, in a Region."""
    source = aggregator.get("OrganizationAggregationSource") or {}
    return bool(source.get("AllAwsRegions")) or region in source.get("AwsRegions", [])


def _stale(source: Facts) -> str:
    return f"{source.get('SourceId')} {source.get('LastUpdateStatus')} ({source.get('LastErrorCode', '-')})"
