"""An organization whose audit account, its delegated administrator, has the function and made the rule."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lzkey.deployment.deploy import ORGANIZATION, deploy
from lzkey.deployment.target import Where
from lzkey.doctor import Check, Examination, examine
from lzkey.workplace import Workplace
from lzkey_sandbox import LandingZone
from lzkey_sandbox.organization import Organization, OrganizationPlan

from .conftest import EXECUTION_ROLE, NAME, ROOT, Management, empty_account, make_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lzkey_sandbox import Sandbox

AUDIT, MANAGEMENT, AGGREGATOR = (
    "777788889999",
    "111122223333",
    "aws-controltower-ConfigAggregatorForOrganization",
)


@dataclass(frozen=True)
class Delegated(Management):
    """The organization, seen with the profiles `audit` and `management`."""

    organization: Organization

    def seen(self, profile: str = "audit", management_profile: str | None = None) -> Examination:
        """What the doctor says to the holder of a profile, and perhaps of that of the management account."""
        where = Where(profile, other_account=management_profile is None)
        return examine(
            NAME, at=Workplace.in_checkout(self.root), where=where, management_profile=management_profile
        )

    def checks(self, profile: str = "audit", management_profile: str | None = None) -> dict[str, Check]:
        """The same, by the lines' names."""
        found = self.seen(profile, management_profile).findings
        return {finding.expectation.name: finding.check for finding in found}


@contextmanager
def delegated_account(root: Path) -> Iterator[Delegated]:
    """A healthy organization of six accounts; the landing zone's key is in the rule's scope."""
    with empty_account(root) as sandbox, pytest.MonkeyPatch.context() as patch:
        organization = sandbox.organization(
            OrganizationPlan(
                members=3,
                without_recorder=0,
                without_role=0,
                suspended=0,
                execution_role=EXECUTION_ROLE,
                trust=_trust(),
            )
        )
        made = Delegated(sandbox, root, make_key(sandbox), organization)
        sandbox.landing_zone = LandingZone.with_key(made.key, "4.0")
        for account in organization.accounts:
            give_power(sandbox, account)
        write_profiles(sandbox, root, patch)
        sandbox.client("s3", account=AUDIT).create_bucket(Bucket=f"config-rule-code-bucket-{AUDIT}-us-east-1")
        made.parameters(
            OrganizationId="o-exampleorgid",
            KeyScope=made.key,
            ExecutionRoleName=EXECUTION_ROLE,
            AssumeRoleMode="true",
            triggers=["change"],
            maximumExecutionFrequency=None,
            lambdaRoleArn=_function_role(sandbox),
        )
        source = {"RoleArn": f"arn:aws:iam::{AUDIT}:role/aggregates", "AllAwsRegions": True}
        sandbox.client("config", account=AUDIT).put_configuration_aggregator(
            ConfigurationAggregatorName=AGGREGATOR, OrganizationAggregationSource=source
        )
        deploy(NAME, ORGANIZATION, at=Workplace.in_checkout(root), where=Where("audit", other_account=True))
        sandbox.settle()
        yield made


def write_profiles(sandbox: Sandbox, root: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the profiles `management` and `audit` be there, each with credentials of its account."""
    lines = []
    for name, account in (("management", MANAGEMENT), ("audit", AUDIT)):
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        if account == MANAGEMENT:
            trust = {**_trust(), "Statement": [{**_trust()["Statement"][0], "Principal": {"AWS": account}}]}
            sandbox.client("iam").create_role(
                RoleName="OrganizationAccountAccessRole", AssumeRolePolicyDocument=json.dumps(trust)
            )
        keys = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="look")["Credentials"]
        lines += [
            f"[{name}]",
            f"aws_access_key_id = {keys['AccessKeyId']}",
            f"aws_secret_access_key = {keys['SecretAccessKey']}",
            f"aws_session_token = {keys['SessionToken']}",
        ]
    (root / "credentials").write_text("\n".join(lines))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(root / "credentials"))


def give_power(sandbox: Sandbox, account: str, *, without: str = "") -> None:
    """Let an account's execution role do what deploy/execution-role.yaml allows."""
    actions = [
        "config:PutEvaluations",
        "config:GetResourceConfigHistory",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
    ]
    allow = {
        "Effect": "Allow",
        "Action": [action for action in actions if action != without],
        "Resource": "*",
    }
    sandbox.client("iam", account=account).put_role_policy(
        RoleName=EXECUTION_ROLE,
        PolicyName="rule",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )


def _trust() -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": AUDIT}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _function_role(sandbox: Sandbox) -> str:
    """Deploy deploy/lambda-role.yaml in the audit account; return the role's ARN."""
    stacks = sandbox.client("cloudformation", account=AUDIT)
    given = {"ExecutionRoleName": EXECUTION_ROLE, "OrganizationId": "o-exampleorgid"}
    stacks.create_stack(
        StackName="role",
        TemplateBody=(ROOT / "deploy/lambda-role.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = stacks.describe_stacks(StackName="role")["Stacks"]
    return next(str(out["OutputValue"]) for out in stack["Outputs"] if out["OutputKey"] == "RoleArn")
