"""What of aggregators and recorders moto lacks: how fresh each source is, and how often it is recorded.

Source: https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from moto.config.models import config_backends

from lzkey.sandbox import motorecorders
from lzkey.sandbox.errors import ServiceError
from lzkey.sandbox.motoorganizations import CONFIG, organization_of
from lzkey.sandbox.paging import page

Members = Mapping[str, Any]
Answer = dict[str, Any]

DEFAULT_PAGE: Final = 100


class AggregatorApi:
    """Source statuses; what a test said of a source stands, else it follows from the source's recorder."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], tuple[str, datetime | None]] = {}

    def tell(self, account: str, region: str, status: str, updated: datetime | None) -> None:
        """Let every aggregator show a source as SUCCEEDED, OUTDATED or FAILED."""
        self._told[account, region] = (status, updated)

    def describe_sources_status(self, account: str, region: str, members: Members) -> Answer:
        """Return one status per source account and Region, and for an organization one of its own."""
        name = members["ConfigurationAggregatorName"]
        aggregator = config_backends[account][region].config_aggregators.get(name)
        if aggregator is None:
            raise ServiceError(
                "NoSuchConfigurationAggregatorException",
                f"The configuration aggregator {name} does not exist.",
            )
        shown = _organization(aggregator, account, region)
        for source_account, source_region in _sources(aggregator, account, region):
            shown.append(self._source(source_account, source_region))
        wanted = members.get("UpdateStatus")
        shown = [entry for entry in shown if not wanted or entry["LastUpdateStatus"] in wanted]
        return page("AggregatedSourceStatusList", shown, members, members.get("Limit") or DEFAULT_PAGE)

    def _source(self, account: str, region: str) -> Answer:
        recorded = motorecorders.has_recorder(account, region)
        status, updated = self._told.get((account, region), ("SUCCEEDED" if recorded else "FAILED", None))
        entry: Answer = {"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region}
        entry |= {"LastUpdateStatus": status, "LastUpdateTime": updated or datetime.now(UTC)}
        if status == "FAILED":
            entry["LastErrorCode"] = "NoAvailableConfigurationRecorder"
            entry["LastErrorMessage"] = f"AWS Config has no recorder in account {account}, Region {region}."
        return entry


def _organization(aggregator: Any, account: str, region: str) -> list[Answer]:  # noqa: ANN401 - moto's own
    organization = organization_of(account, region)
    if aggregator.organization_aggregation_source is None:
        return []
    allowed = organization is not None and organization.administers(account, CONFIG)
    entry: Answer = {
        "SourceId": organization.organization_id if organization else "organization",
        "SourceType": "ORGANIZATION",
        "LastUpdateStatus": "SUCCEEDED" if allowed else "FAILED",
        "LastUpdateTime": datetime.now(UTC),
    }
    if not allowed:
        entry["LastErrorCode"] = "OrganizationAccessDeniedException"
        entry["LastErrorMessage"] = f"{account} is no delegated administrator for {CONFIG}."
    return [entry]


def _sources(aggregator: Any, account: str, region: str) -> list[tuple[str, str]]:  # noqa: ANN401 - moto's own
    """Return the source accounts and Regions; "all Regions" is where an account has a recorder."""
    source = aggregator.organization_aggregation_source
    organization = organization_of(account, region)
    if source is not None:
        accounts = list(organization.active) if organization else []
    else:
        source = aggregator.account_aggregation_sources[0]
        accounts = list(source.account_ids)
    if not source.all_aws_regions:
        return [(member, named) for member in accounts for named in source.aws_regions or []]
    return [
        (member, named)
        for member in accounts
        for named in sorted({region, *config_backends[member]})
        if named == region or motorecorders.has_recorder(member, named)
    ]
