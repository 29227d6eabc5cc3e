"""A subject to which AWS answers what a test says, each answer as botocore's model allows it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import boto3
from botocore.stub import Stubber

from lzkey.aws.account import Asker
from lzkey.doctor.subject import MANNER, Subject
from lzkey.parameters import load
from lzkey.workplace import Shipped, Workplace

from .conftest import ROOT, RULE

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    path: Path,
    found: dict[str, Any],
    *config: tuple[str, Any],
    accounts: tuple[str, ...] = (),
    names: Mapping[str, str] = MappingProxyType({}),
) -> Subject:
    """The management account, where AWS Config has an organization's rule and says more."""
    (path / "parameters").mkdir()
    (path / "parameters/schema.json").write_text((ROOT / "parameters/schema.json").read_text())
    (path / "parameters/prod.json").write_text(json.dumps({"ruleParameters": GIVEN}))
    members = [
        {"Id": account, "Status": "ACTIVE", **({"Name": names[account]} if account in names else {})}
        for account in accounts
    ]
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
    where = (ACCOUNT, "us-east-1", "aws", Shipped.in_checkout(ROOT), datetime(2026, 11, 25, tzinfo=UTC))
    return Subject(
        load("prod", at=Workplace.in_checkout(path)), Asker(session, ACCOUNT, "us-east-1", MANNER), *where
    )
