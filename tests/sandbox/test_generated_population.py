"""A large organization that nobody made: what Organizations and aggregators show of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lzkey_sandbox import (
    GeneratedPlan,
    GeneratedPopulation,
    OrganizationPlan,
    Sandbox,
)
from lzkey_sandbox.generated_population import FOREIGN, NOT_JUDGED

from .aggregates import KEYS, NAME, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ALONE = OrganizationPlan(members=0, without_recorder=0, without_role=0, suspended=0)
PLAN = GeneratedPlan(
    accounts=60,
    regions=("us-east-1", "eu-west-1"),
    keys=2,
    verdicts=(NOT_JUDGED, FOREIGN, None),
    suspended=1,
    without_recorder=2,
    without_results=3,
)
PARAMETERS = {"HomeRegion": "us-east-1", "ManagementAccountId": "111122223333"}


@dataclass(frozen=True)
class Generated:
    """The population, and the account that aggregates it."""

    sandbox: Sandbox
    population: GeneratedPopulation
    audit: str

    def all(self, operation: str, member: str, **arguments: Any) -> list[Any]:
        """Return what all pages of an operation of Config have."""
        pages = self.sandbox.client("config", account=self.audit).get_paginator(operation)
        return [entry for page in pages.paginate(**arguments) for entry in page[member]]

    def aggregate(self, operation: str, member: str, **arguments: Any) -> list[Any]:
        """Return what all pages of an aggregate operation have."""
        return self.all(operation, member, ConfigurationAggregatorName=NAME, **arguments)


@pytest.fixture(scope="module")
def generated() -> Iterator[Generated]:
    """Sixty accounts, three of them real."""
    with Sandbox() as sandbox:
        audit = sandbox.organization(ALONE).audit
        population = sandbox.generate(PLAN, PARAMETERS, audit)
        sandbox.client("config", account=audit).put_configuration_aggregator(
            ConfigurationAggregatorName=NAME,
            OrganizationAggregationSource={"RoleArn": ROLE, "AllAwsRegions": True},
        )
        yield Generated(sandbox, population, audit)


class TestAccounts:
    """ListAccounts."""

    def test_all_of_them(self, generated: Generated) -> None:
        """In pages of at most twenty, to the management account and to an administrator."""
        for account in (None, generated.audit):
            pages = generated.sandbox.client("organizations", account=account).get_paginator("list_accounts")
            sizes, statuses = [], Counter[str]()
            for page in pages.paginate():
                sizes.append(len(page["Accounts"]))
                statuses.update(found["Status"] for found in page["Accounts"])
            assert sizes == [20, 20, 0, 20]
            assert statuses == {"ACTIVE": 59, "SUSPENDED": 1}

    def test_another_member(self, generated: Generated) -> None:
        """May not ask; nor may anybody with a token that nobody issued."""
        other = generated.population.accounts[1]
        with pytest.raises(ClientError, match="AccessDeniedException"):
            generated.sandbox.client("organizations", account=other).list_accounts()
        with pytest.raises(ClientError, match="InvalidInputException"):
            generated.sandbox.client("organizations").list_accounts(NextToken="other")


class TestAggregator:
    """What the plan says, and nothing else."""

    def test_sources(self, generated: Generated) -> None:
        """Every active account, in the Regions with a recorder; one without is FAILED where it was asked."""
        entries = generated.aggregate(
            "describe_configuration_aggregator_sources_status", "AggregatedSourceStatusList"
        )
        statuses = Counter((entry["SourceType"], entry["LastUpdateStatus"]) for entry in entries)
        assert statuses == {
            ("ORGANIZATION", "SUCCEEDED"): 1,
            ("ACCOUNT", "SUCCEEDED"): 57 * 2,
            ("ACCOUNT", "FAILED"): 2,
        }

    def test_inventory(self, generated: Generated) -> None:
        """Every key of every account that records."""
        rows = generated.aggregate(
            "select_aggregate_resource_config", "Results", Expression=f"SELECT arn WHERE {KEYS}"
        )
        arns = {json.loads(row)["arn"] for row in rows}
        assert len(rows) == len(arns) == 57 * 2 * 2
        assert generated.population.landing_zone_key in arns

    def test_results(self, generated: Generated) -> None:
        """A rule in another Region has another name; details are those of its keys."""
        rules = generated.aggregate(
            "describe_aggregate_compliance_by_config_rules", "AggregateComplianceByConfigRules"
        )
        names = {(entry["AwsRegion"], entry["ConfigRuleName"]) for entry in rules}
        assert names == set(generated.population.rules.items())
        assert len({name for _, name in names}) == 2
        assert not {entry["AccountId"] for entry in rules} & set(generated.population.accounts[54:])

    def test_the_landing_zones_key(self, generated: Generated) -> None:
        """Is proved; a member's key says whose it is."""
        management, member = generated.population.accounts[0], generated.population.accounts[10]
        arn = generated.population.landing_zone_key
        assert self._annotations(generated, management)[arn.rpartition("/")[2]].startswith("Proved")
        annotations = self._annotations(generated, member).values()
        assert [text for text in annotations if member in text and management in text]

    def test_the_organization_rule(self, generated: Generated) -> None:
        """Is in every active account, and failed where there is no recorder."""
        (rule,) = generated.all("describe_organization_config_rules", "OrganizationConfigRules")
        parameters = rule["OrganizationCustomRuleMetadata"]["InputParameters"]
        assert json.loads(parameters) == PARAMETERS
        statuses = generated.all(
            "get_organization_config_rule_detailed_status",
            "OrganizationConfigRuleDetailedStatus",
            OrganizationConfigRuleName="CONTROL_TOWER_KMS_KEY",
        )
        counts = Counter(entry["MemberAccountRuleStatus"] for entry in statuses)
        assert counts == {"CREATE_SUCCESSFUL": 57, "CREATE_FAILED": 2}
        assert {entry["ConfigRuleName"] for entry in statuses} == {generated.population.rules["us-east-1"]}

    def _annotations(self, generated: Generated, account: str) -> dict[str, str]:
        entries = generated.aggregate(
            "get_aggregate_compliance_details_by_config_rule",
            "AggregateEvaluationResults",
            ConfigRuleName=generated.population.rules["us-east-1"],
            AccountId=account,
            AwsRegion="us-east-1",
        )
        qualifier = "EvaluationResultQualifier"
        return {
            entry["EvaluationResultIdentifier"][qualifier]["ResourceId"]: entry["Annotation"]
            for entry in entries
        }
