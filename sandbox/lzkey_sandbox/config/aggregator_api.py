"""What of aggregators moto lacks: how fresh each source is, and the results of all sources.

What an aggregator shows is not what there is: NOT_APPLICABLE results never come through, a rule without
results is left out, and sources can be stale. The page is silent on a rule that has NOT_APPLICABLE results
alone; here it is left out too, which a reader must not take for health.
Sources: the pages named with each operation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from lzkey_sandbox.config.aggregation import FRESH, Aggregation, aggregator_of
from lzkey_sandbox.config.config_api import capped, evaluation_result, summary
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto.motoorganizations import CONFIG, organization_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Untyped
    from lzkey_sandbox.http.contract import Answer, Members
    from lzkey_sandbox.http.listings import Listings

#: Sources: the API reference's Limit members.
DEFAULT_SOURCES_PAGE: Final = 100
DEFAULT_RULES_PAGE: Final = 1000
DEFAULT_RESULTS_PAGE: Final = 50

SHOWN: Final = ("COMPLIANT", "NON_COMPLIANT")


class AggregatorApi:
    """Source statuses and aggregate compliance."""

    def __init__(self, aggregation: Aggregation, listings: Listings) -> None:
        self._aggregation = aggregation
        self._listings = listings

    def describe_configuration_aggregator_sources_status(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """One status per source account and Region, and for an organization one of its own.

        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        wanted = members.get("UpdateStatus")

        def statuses() -> Iterator[Answer]:
            yield from _organization(aggregator, account, region)
            for source in self._aggregation.sources(aggregator, account, region):
                yield self._source(*source)

        def found() -> Iterator[Answer]:
            return (entry for entry in statuses() if not wanted or entry["LastUpdateStatus"] in wanted)

        size = members.get("Limit") or DEFAULT_SOURCES_PAGE
        return self._listings.page(
            "AggregatedSourceStatusList", found, (account, region), members, size, may_be_empty=False
        )

    def describe_aggregate_compliance_by_config_rules(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """One word per account, Region and rule, for rules that have results.

        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeAggregateComplianceByConfigRules.html
        """
        filters = members.get("Filters", {})
        wanted = _wanted(filters)
        rule = filters.get("ConfigRuleName")

        def found() -> Iterator[Answer]:
            for member, named, name, compliance in self._rules(account, region, members):
                if compliance["ComplianceType"] in wanted and rule in {None, name}:
                    entry = {"ConfigRuleName": name, "Compliance": compliance}
                    yield {**entry, "AccountId": member, "AwsRegion": named}

        aggregator_of(account, region, members["ConfigurationAggregatorName"])
        size = members.get("Limit") or DEFAULT_RULES_PAGE
        return self._listings.page(
            "AggregateComplianceByConfigRules", found, (account, region), members, size
        )

    def get_aggregate_compliance_details_by_config_rule(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """The results of one rule in one account and Region; what is not there has none.

        https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateComplianceDetailsByConfigRule.html
        """
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        member, named, rule = members["AccountId"], members["AwsRegion"], members["ConfigRuleName"]
        wanted = _wanted(members)
        shows = self._aggregation.shows(aggregator, (account, region), member, named)

        def found() -> list[Answer]:
            results = self._aggregation.holdings(member, named).results.get(rule, ()) if shows else ()
            return [
                {**evaluation_result(rule, result), "AccountId": member, "AwsRegion": named}
                for result in results
                if result.compliance in wanted
            ]

        size = members.get("Limit") or DEFAULT_RESULTS_PAGE
        return self._listings.page("AggregateEvaluationResults", found, (account, region), members, size)

    def get_aggregate_config_rule_compliance_summary(
        self, account: str, region: str, members: Members
    ) -> Answer:
        """How many rules are compliant and how many are not, by account or Region or altogether.

        https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateConfigRuleComplianceSummary.html
        """
        key = members.get("GroupByKey")
        counts: dict[str, dict[str, int]] = {}
        aggregator_of(account, region, members["ConfigurationAggregatorName"])

        def found() -> list[Answer]:
            for member, named, _, compliance in self._rules(account, region, members):
                group = {"ACCOUNT_ID": member, "AWS_REGION": named}.get(key or "", "")
                of_group = counts.setdefault(group, dict.fromkeys(SHOWN, 0))
                of_group[compliance["ComplianceType"]] += 1
            return [_summary(group, of_group) for group, of_group in counts.items()]

        size = members.get("Limit") or DEFAULT_RULES_PAGE
        answer = self._listings.page("AggregateComplianceCounts", found, (account, region), members, size)
        return {**answer, "GroupByKey": key} if key else answer

    def _rules(self, account: str, region: str, members: Members) -> Iterator[tuple[str, str, str, Answer]]:
        """Account, Region, rule and compliance of every rule that has results that are shown."""
        aggregator = aggregator_of(account, region, members["ConfigurationAggregatorName"])
        filters = members.get("Filters", {})
        for member, named in self._aggregation.shown(aggregator, account, region):
            if filters.get("AccountId", member) != member or filters.get("AwsRegion", named) != named:
                continue
            for rule, results in sorted(self._aggregation.holdings(member, named).results.items()):
                compliance = summary(results)
                if compliance["ComplianceType"] in SHOWN:
                    yield member, named, rule, compliance

    def _source(self, account: str, region: str) -> Answer:
        status, updated = self._aggregation.status(account, region)
        entry: Answer = {"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region}
        entry |= {"LastUpdateStatus": status, "LastUpdateTime": updated or datetime.now(UTC)}
        if status == "FAILED":
            entry["LastErrorCode"] = "NoAvailableConfigurationRecorder"
            entry["LastErrorMessage"] = f"AWS Config has no recorder in account {account}, Region {region}."
        return entry


def _organization(aggregator: Untyped, account: str, region: str) -> list[Answer]:
    organization = organization_of(account, region)
    if aggregator.organization_aggregation_source is None:
        return []
    allowed = organization is not None and organization.administers(account, CONFIG)
    entry: Answer = {
        "SourceId": organization.organization_id if organization else "organization",
        "SourceType": "ORGANIZATION",
        "LastUpdateStatus": FRESH if allowed else "FAILED",
        "LastUpdateTime": datetime.now(UTC),
    }
    if not allowed:
        entry["LastErrorCode"] = "OrganizationAccessDeniedException"
        entry["LastErrorMessage"] = f"{account} is no delegated administrator for {CONFIG}."
    return [entry]


def _wanted(members: Members) -> tuple[str, ...]:
    wanted = members.get("ComplianceType")
    if wanted not in {None, *SHOWN}:
        raise ServiceError("ValidationException", f"The compliance type {wanted} is not supported.")
    return (wanted,) if wanted else SHOWN


def _summary(group: str, counts: Mapping[str, int]) -> Answer:
    good, bad = (capped(counts[compliance]) for compliance in SHOWN)
    found = {"CompliantResourceCount": good, "NonCompliantResourceCount": bad}
    shown: Answer = {"ComplianceSummary": {**found, "ComplianceSummaryTimestamp": datetime.now(UTC)}}
    return {"GroupName": group, **shown} if group else shown
