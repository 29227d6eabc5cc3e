"""An organization around a sandbox's account, and what a test does in its accounts."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lzkey.deployment.build import build
from lzkey.workplace import Workplace
from lzkey_sandbox import Compliance, Organization, OrganizationPlan, Sandbox

from .accounts import MESSAGES, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RULE = "EVERY_ACCOUNT"
OUR_RULE = "CONTROL_TOWER_KMS_KEY"
SMALL = OrganizationPlan(members=5, execution_role="reader")


@dataclass(frozen=True)
class Organized(Account):
    """The management account of an organization, and what a test does in its accounts."""

    organization: Organization

    def put(self, function_arn: str, account: str | None = None, name: str = RULE, **members: Any) -> str:
        """Put an organization rule for KMS keys, evaluate it, and return its ARN; members replace others."""
        metadata = {
            "LambdaFunctionArn": function_arn,
            "OrganizationConfigRuleTriggerTypes": [MESSAGES["change"], MESSAGES["periodic"]],
            "InputParameters": json.dumps({"AssumeRoleMode": "False"}),
            "ResourceTypesScope": ["AWS::KMS::Key"],
            **members.pop("metadata", {}),
        }
        answer = self.sandbox.client("config", account=account).put_organization_config_rule(
            **{
                "OrganizationConfigRuleName": name,
                "OrganizationCustomRuleMetadata": metadata,
                **members,
            }
        )
        self.sandbox.settle()
        return str(answer["OrganizationConfigRuleArn"])

    def statuses(self, account: str | None = None, name: str = RULE, **more: Any) -> dict[str, Any]:
        """Return the rule's status by account, from all pages."""
        config = self.sandbox.client("config", account=account)
        pages = config.get_paginator("get_organization_config_rule_detailed_status").paginate(
            OrganizationConfigRuleName=name, **more
        )
        entries = [entry for page in pages for entry in page["OrganizationConfigRuleDetailedStatus"]]
        return {entry["AccountId"]: entry for entry in entries}

    def states(self, **more: Any) -> dict[str, str]:
        """Return the rule's state by account."""
        found = self.statuses(**more).items()
        return {account: str(entry["MemberAccountRuleStatus"]) for account, entry in found}

    def member_rule(self, account: str) -> Any:
        """Return the one Config rule of an account."""
        (rule,) = self.sandbox.client("config", account=account).describe_config_rules()["ConfigRules"]
        return rule

    def key_in(self, account: str, **arguments: Any) -> str:
        """Create a key in an account, wait until it has been evaluated, and return its id."""
        created = self.sandbox.client("kms", account=account).create_key(**arguments)
        self.sandbox.settle()
        return str(created["KeyMetadata"]["KeyId"])


@dataclass(frozen=True)
class LandingZoneOrganization(Organized):
    """An organization with our rule in it: the built zip, one function, a rule in every account."""

    function_arn: str

    def put_rule(self, **members: Any) -> None:
        """Put the organization rule, with both triggers, for the organization and its execution role."""
        parameters = {
            "HomeRegion": "us-east-1",
            "ManagementAccountId": self.sandbox.account,
            "OrganizationId": self.organization.organization_id,
            "ExecutionRoleName": SMALL.execution_role,
            "AssumeRoleMode": "true",
            **members.pop("parameters", {}),
        }
        metadata = {"InputParameters": json.dumps(parameters)}
        self.put(self.function_arn, name=OUR_RULE, metadata=metadata, **members)

    def results(self, account: str) -> dict[str, Compliance]:
        """Return what an account's own Config has of our rule, by key."""
        return self.sandbox.compliance(self.member_rule(account)["ConfigRuleName"], account)

    def status(self, account: str) -> dict[str, Any]:
        """Return the evaluation status in an account's own Config."""
        return self.sandbox.evaluation_status(self.member_rule(account)["ConfigRuleName"], account)

    def run(self, account: str) -> None:
        """Let the schedule come round in an account."""
        self.sandbox.run_scheduled(account=account)
        self.sandbox.settle()


@contextmanager
def landing_zone_organization(root: Path, plan: OrganizationPlan) -> Iterator[LandingZoneOrganization]:
    """An organization, and in its management account the function of the built zip; no rule yet."""
    for part in ("rules", "parameters"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.zip"))
    package = build("example", at=Workplace.in_checkout(root)).archive.path.read_bytes()
    with Sandbox() as sandbox:
        sandbox.answer_sts_address()
        organization = sandbox.organization(plan)
        client = sandbox.client("lambda")
        function = client.create_function(
            FunctionName=OUR_RULE,
            Role=Account(sandbox).role("lambda"),
            Code={"ZipFile": package},
            Runtime="python3.13",
            Handler=f"{OUR_RULE}.lambda_handler",
            Timeout=60,
            MemorySize=256,
        )["FunctionArn"]
        statement = {
            "Sid": "config",
            "Effect": "Allow",
            "Principal": {"Service": "config.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": function,
            "Condition": {"StringEquals": {"aws:SourceOrgID": organization.organization_id}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        client.put_resource_policy(ResourceArn=function, Policy=json.dumps(policy))
        yield LandingZoneOrganization(sandbox, organization, function)
