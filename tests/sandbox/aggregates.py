"""An organization's aggregator, and what a test asks it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lzkey_sandbox import OrganizationPlan, Sandbox

from .organizations import Organized

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = OrganizationPlan(members=15, names=("Payments", "Ledger"), further_regions=("eu-west-1",))
NAME = "aws-controltower-ConfigAggregatorForOrganization"
ROLE = "arn:aws:iam::777788889999:role/aggregator"
KEYS = "resourceType = 'AWS::KMS::Key'"


@dataclass(frozen=True)
class Aggregated(Organized):
    """An organization with an aggregator in its audit account."""

    rule: str
    """The name of the organization rule in every account."""

    @property
    def config(self) -> Any:
        """The audit account's Config."""
        return self.sandbox.client("config", account=self.organization.audit)

    def aggregate(self, name: str = NAME, **source: Any) -> str:
        """Put an aggregator of the organization, by default of all Regions; return its name."""
        source = source or {"AllAwsRegions": True}
        self.config.put_configuration_aggregator(
            ConfigurationAggregatorName=name, OrganizationAggregationSource={"RoleArn": ROLE, **source}
        )
        return name

    def report(self, account: str, *results: tuple[str, str], **members: Any) -> None:
        """Let the rule report (resource, compliance) pairs in an account; members replace others."""
        tokens = {event["accountId"]: event["resultToken"] for event in self.events()}
        evaluations = [
            {
                "ComplianceResourceType": "AWS::KMS::Key",
                "ComplianceResourceId": resource,
                "ComplianceType": compliance,
                "OrderingTimestamp": 1_800_000_000,
                **members,
            }
            for resource, compliance in results
        ]
        config = self.sandbox.client("config", account=account)
        for start in range(0, len(evaluations), 100):
            config.put_evaluations(Evaluations=evaluations[start : start + 100], ResultToken=tokens[account])

    def pages(self, operation: str, **arguments: Any) -> list[dict[str, Any]]:
        """Return all pages of an aggregate operation."""
        paginator = self.config.get_paginator(operation)
        return list(paginator.paginate(**{"ConfigurationAggregatorName": NAME, **arguments}))

    def compliance(self, **filters: Any) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the compliance of all rules by account and rule."""
        operation = "describe_aggregate_compliance_by_config_rules"
        pages = self.pages(operation, **({"Filters": filters} if filters else {}))
        entries = [entry for page in pages for entry in page["AggregateComplianceByConfigRules"]]
        return {(entry["AccountId"], entry["ConfigRuleName"]): entry["Compliance"] for entry in entries}

    def details(self, account: str, **more: Any) -> dict[str, dict[str, Any]]:
        """Return the results of the rule in an account by key."""
        pages = self.pages(
            "get_aggregate_compliance_details_by_config_rule",
            **{"ConfigRuleName": self.rule, "AccountId": account, "AwsRegion": "us-east-1", **more},
        )
        entries = [entry for page in pages for entry in page["AggregateEvaluationResults"]]
        qualifier = "EvaluationResultQualifier"
        return {entry["EvaluationResultIdentifier"][qualifier]["ResourceId"]: entry for entry in entries}

    def select(self, expression: str, **more: Any) -> list[dict[str, Any]]:
        """Return what a query finds in all sources."""
        pages = self.pages("select_aggregate_resource_config", Expression=expression, **more)
        return [json.loads(result) for page in pages for result in page["Results"]]

    def keys(self) -> set[str]:
        """Return the ids of all keys that the aggregator shows."""
        return {row["resourceId"] for row in self.select(f"SELECT resourceId WHERE {KEYS}")}


@contextmanager
def aggregated_organization() -> Iterator[Aggregated]:
    """An organization whose rule, by a function that reports nothing, is in every account."""
    with Sandbox() as sandbox:
        organized = Organized(sandbox, sandbox.organization(PLAN))
        organized.put(organized.function("EVENT_LOG"))
        rule = next(iter(organized.statuses().values()))["ConfigRuleName"]
        made = Aggregated(sandbox, organized.organization, rule)
        made.aggregate()
        yield made
