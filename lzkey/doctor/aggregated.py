"""Aggregators: what they show of the organization's accounts, and how fresh it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lzkey.aws.recorder import Recorder
from lzkey.doctor.check import not_applicable, ok, problem, unknown, warning
from lzkey.doctor.organization import (
    IS_ORGANIZATION,
    LIST_ACTIONS,
    SINGLE,
    active_accounts,
    excluded_accounts,
    shown,
)

if TYPE_CHECKING:
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

SOURCE_ACTIONS: Final = (
    "config:DescribeConfigurationAggregators",
    "config:DescribeConfigurationAggregatorSourcesStatus",
)
AGGREGATOR_ACTIONS: Final = (*IS_ORGANIZATION, *LIST_ACTIONS, *SOURCE_ACTIONS)

NO_AGGREGATOR: Final = "none in this account aggregates the organization in {region}"
ELSEWHERE: Final = (
    "look from the account that has one (with landing zone 4.0 the audit account), or create one"
)


def aggregator(subject: Subject) -> Check:
    """Check that an aggregator shows this Region's results of the whole organization, none of them stale.

    Accounts that the rule leaves out do not count. Results are as sound without an aggregator here: since
    landing zone 4.0 it is in the audit account.
    """
    if not subject.is_organization():
        return not_applicable(SINGLE)
    seen = {name: faults(subject, name) for name in aggregators(subject)}
    if not seen:
        return warning(NO_AGGREGATOR.format(region=subject.region), ELSEWHERE)
    began = [name for name in seen if sources(subject, name)]
    fresh = [name for name in began if not seen[name]]
    if fresh:
        return ok(f"{', '.join(fresh)}: every source is fresh")
    if not began:
        return unknown(
            f"{', '.join(seen)}: no source in {subject.region} yet", "wait until it has one, and look again"
        )
    return problem(
        f"{began[0]}: {shown(list(seen[began[0]].values()))}",
        "see that each source has a recorder and lets the aggregator read it",
    )


def aggregators(subject: Subject) -> list[str]:
    """Return the names of the account's aggregators that take in the organization, in the rule's Region."""
    found = subject.reader.all("config:DescribeConfigurationAggregators", "ConfigurationAggregators")
    return [
        str(candidate["ConfigurationAggregatorName"])
        for candidate in found or []
        if _covers(candidate, subject.region)
    ]


def sources(subject: Subject, aggregator: str) -> list[Facts]:
    """Return the sources of an aggregator, those of other Regions left out."""
    found = subject.reader.all(
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "AggregatedSourceStatusList",
        ConfigurationAggregatorName=aggregator,
    )
    return [source for source in found or [] if source.get("AwsRegion", subject.region) == subject.region]


def accounts(found: list[Facts]) -> set[str]:
    """Return the accounts among sources; the organization is a source of its own."""
    return {source["SourceId"] for source in found if source.get("SourceType") == "ACCOUNT"}


def best(subject: Subject) -> str | None:
    """Return the aggregator with the fewest faults; None when there is none."""
    return min(aggregators(subject), key=lambda name: len(faults(subject, name)), default=None)


def faults(subject: Subject, aggregator: str) -> dict[str, str]:
    """Return what is wrong with sources that the rule is for, by account: stale, or no source at all."""
    found, excluded = sources(subject, aggregator), excluded_accounts(subject)
    absent = sorted(active_accounts(subject) - accounts(found) - excluded)
    return {
        source["SourceId"]: _stale(source)
        for source in found
        if source["SourceId"] not in excluded and source.get("LastUpdateStatus") != "SUCCEEDED"
    } | {account: f"{account} is no source" for account in absent}


def compliance(subject: Subject, aggregator: str, rule: str) -> dict[str, str]:
    """Return a rule's compliance by account; one without results that are shown is not in it.

    NOT_APPLICABLE results are never shown.
    https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
    """
    found = subject.reader.all(
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
    found = subject.reader.all(
        "config:SelectAggregateResourceConfig",
        "Results",
        ConfigurationAggregatorName=aggregator,
        Expression=query,
    )
    return [json.loads(row) for row in found or []]


def recording(subject: Subject, aggregator: str) -> dict[str, bool]:
    """Return whether each account's recorder is on and records keys; one that is not shown is not in it.

    AWS Config records its own recorders, as a system resource type. Those that AWS services run for
    themselves deliver to no rule.
    https://docs.aws.amazon.com/config/latest/developerguide/drift-detection.html
    """
    query = (
        "SELECT accountId, configuration WHERE resourceType = 'AWS::Config::ConfigurationRecorder' "
        f"AND awsRegion = '{subject.region}'"
    )
    found: dict[str, bool] = {}
    for row in selected(subject, aggregator, query):
        recorder = Recorder.of_item(row["configuration"])
        if recorder is not None:
            found[row["accountId"]] = recorder.fault is None
    return found


def _covers(aggregator: Facts, region: str) -> bool:
    """Whether an aggregator takes in the organization, in a Region."""
    source = aggregator.get("OrganizationAggregationSource") or {}
    return bool(source.get("AllAwsRegions")) or region in source.get("AwsRegions", [])


def _stale(source: Facts) -> str:
    why = f" ({source['LastErrorCode']})" if source.get("LastErrorCode") else ""
    return f"{source.get('SourceId')} {source.get('LastUpdateStatus')}{why}"
