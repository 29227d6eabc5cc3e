"""Answers about an organization that the sandbox does not give, each as AWS's own model allows it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from lzkey.doctor.organization import accounts_without_rule, aggregator, rule_in_accounts
from lzkey.doctor.reader import Reader
from lzkey.doctor.rule import rule
from lzkey.doctor.subject import Subject
from lzkey.parameters import load

from .conftest import ROOT, RULE

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT, OTHER = "111122223333", "444455556666"
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:RDK-Rule-Function-CONTROLTOWERKMSKEY"
ALL_TRIGGERS = [
    "ConfigurationItemChangeNotification",
    "OversizedConfigurationItemChangeNotification",
    "ScheduledNotification",
]
GIVEN = {
    "HomeRegion": "us-east-1",
    "ManagementAccountId": ACCOUNT,
    "OrganizationId": "o-exampleorgid",
    "ExecutionRoleName": "landing-zone-key-rule",
}
#: What deploy/organization-rule.yaml tells the rule when little is given.
TOLD = {
    **GIVEN,
    "GovernedRegions": "",
    "TrailName": "",
    "KeyScope": "all",
    "PermissionStandard": "documented",
    "RequireConfusedDeputyProtection": "false",
    "ExecutionRoleRegion": "",
    "AssumeRoleMode": "true",
}


class Stubbed(boto3.Session):
    """A session whose clients answer what a test says, in that order, by service."""

    def __init__(self, answers: dict[str, list[tuple[str, Any]]]) -> None:
        super().__init__("a", "b", region_name="us-east-1")
        self.clients: dict[str, Any] = {}
        for service, given in answers.items():
            client: Any = super().client(service)  # type: ignore[call-overload]
            stubber = Stubber(client)
            for operation, answer in given:
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, answer)
            stubber.activate()
            self.clients[service] = client

    def client(self, service: str, **_: Any) -> Any:  # type: ignore[override]
        """Return the one client of a service."""
        return self.clients[service]


def organization_rule(*excluded: str, **changes: Any) -> dict[str, Any]:
    """The rule as deploy/organization-rule.yaml makes it."""
    custom = {
        "LambdaFunctionArn": FUNCTION,
        "OrganizationConfigRuleTriggerTypes": ALL_TRIGGERS,
        "MaximumExecutionFrequency": "TwentyFour_Hours",
        "ResourceTypesScope": ["AWS::KMS::Key"],
        "InputParameters": json.dumps(TOLD),
        **changes,
    }
    return {
        "OrganizationConfigRuleName": RULE,
        "OrganizationConfigRuleArn": f"arn:aws:config:us-east-1:{ACCOUNT}:organization-config-rule/x",
        "ExcludedAccounts": [*excluded],
        "OrganizationCustomRuleMetadata": custom,
    }


def subject(
    path: Path, found: dict[str, Any], *config: tuple[str, Any], accounts: tuple[str, ...] = ()
) -> Subject:
    """The management account, where AWS Config has an organization's rule and says more."""
    (path / "parameters").mkdir()
    (path / "parameters/schema.json").write_text((ROOT / "parameters/schema.json").read_text())
    (path / "parameters/prod.json").write_text(json.dumps({"ruleParameters": GIVEN}))
    members = [{"Id": account, "Status": "ACTIVE"} for account in accounts]
    session = Stubbed(
        {
            "config": [
                ("describe_config_rules", "NoSuchConfigRuleException"),
                ("describe_organization_config_rules", {"OrganizationConfigRules": [found]}),
                *config,
            ],
            "organizations": [("list_accounts", {"Accounts": members})],
        }
    )
    where = (ACCOUNT, "us-east-1", "aws", ROOT, datetime(2026, 11, 25, tzinfo=UTC))
    return Subject(load("prod", root=path), Reader(session, ACCOUNT), *where)


def statuses(**told: str) -> tuple[str, Any]:
    """How the rule fares in accounts, by `a` and digits."""
    entries = [
        {
            "AccountId": name[1:],
            "ConfigRuleName": f"OrgConfigRule-{RULE}-x",
            "MemberAccountRuleStatus": status,
        }
        for name, status in told.items()
    ]
    return "get_organization_config_rule_detailed_status", {"OrganizationConfigRuleDetailedStatus": entries}


class TestStatuses:
    """Whether the rule is in place, and AWS Config left nobody out."""

    @pytest.mark.parametrize(
        ("told", "excluded", "in_place", "left_out"),
        [
            ({"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "UPDATE_SUCCESSFUL"}, (), "ok", "ok"),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_SUCCESSFUL"},
                (),
                "problem",
                "problem",
            ),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_SUCCESSFUL"},
                (OTHER,),
                "ok",
                "ok",
            ),
            ({"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "DELETE_FAILED"}, (), "problem", "ok"),
            (
                {"a111122223333": "CREATE_SUCCESSFUL", "a444455556666": "UPDATE_IN_PROGRESS"},
                (),
                "unknown",
                "ok",
            ),
            ({}, (), "problem", "problem"),
        ],
    )
    def test_by_account(
        self, tmp_path: Path, told: dict[str, str], excluded: tuple[str, ...], in_place: str, left_out: str
    ) -> None:
        """Only CREATE_SUCCESSFUL and UPDATE_SUCCESSFUL are a rule; no status at all is none."""
        seen = subject(tmp_path, organization_rule(*excluded), statuses(**told), accounts=(ACCOUNT, OTHER))
        assert rule_in_accounts(seen).status.value == in_place
        assert accounts_without_rule(seen).status.value == left_out

    def test_an_organization_without_accounts(self, tmp_path: Path) -> None:
        """Nobody to leave out is no good news; the twin with accounts is above."""
        assert (
            accounts_without_rule(subject(tmp_path, organization_rule(), statuses())).status.value
            == "problem"
        )


class TestAggregator:
    """An aggregator is fresh when it has sources."""

    @pytest.mark.parametrize(
        ("regions", "status"),
        [
            ([], "unknown"),
            ([("us-east-1", "SUCCEEDED")], "ok"),
            ([("us-east-1", "FAILED")], "problem"),
            ([("eu-west-1", "SUCCEEDED")], "unknown"),
        ],
    )
    def test_by_its_sources(self, tmp_path: Path, regions: list[tuple[str, str]], status: str) -> None:
        """None yet, or none of this Region, is not "every source is fresh"."""
        source = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x", "AllAwsRegions": True}
        found = {"ConfigurationAggregatorName": "all", "OrganizationAggregationSource": source}
        sources = [
            {"SourceId": OTHER, "SourceType": "ACCOUNT", "AwsRegion": region, "LastUpdateStatus": last}
            for region, last in regions
        ]
        seen = subject(
            tmp_path,
            organization_rule(),
            ("describe_configuration_aggregators", {"ConfigurationAggregators": [found]}),
            ("describe_configuration_aggregator_sources_status", {"AggregatedSourceStatusList": sources}),
        )
        assert aggregator(seen).status.value == status


class TestTemplate:
    """The rule that deploy/organization-rule.yaml makes."""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({}, ""),
            ({"InputParameters": json.dumps(GIVEN)}, ""),
            ({"OrganizationConfigRuleTriggerTypes": ["ScheduledNotification"]}, ""),
            ({"OrganizationConfigRuleTriggerTypes": ALL_TRIGGERS[:2]}, "its triggers"),
            (
                {"InputParameters": json.dumps({**TOLD, "TrailName": "other"})},
                "TrailName is 'other', not None",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "KeyScope": "landing-zone"})},
                "KeyScope is 'landing-zone'",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "AssumeRoleMode": "false"})},
                "AssumeRoleMode is 'false'",
            ),
            (
                {"InputParameters": json.dumps({**TOLD, "ExecutionRoleRegion": "eu-west-1"})},
                "ExecutionRoleRegion",
            ),
            ({"InputParameters": json.dumps({**TOLD, "ManagementAccountId": OTHER})}, "ManagementAccountId"),
        ],
    )
    def test_means_the_same(self, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
        """Empty parameters and spelled-out defaults are none; what means something else is named."""
        check = rule(subject(tmp_path, organization_rule(**changes)))
        assert check.status.value == ("problem" if said else "ok")
        assert said in check.detail
