"""The role in each account: one role of one organization may assume it, and it may do what the rule needs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lzkey_sandbox.organization import OrganizationPlan

from .conftest import ROOT

if TYPE_CHECKING:
    from lzkey_sandbox import Sandbox

TEMPLATE = ROOT / "deploy/execution-role.yaml"
NAME = "landing-zone-key-rule"
GIVEN = {
    "LambdaRoleArn": "arn:aws:iam::111122223333:role/lzkey/lambda",
    "OrganizationId": "o-exampleorgid",
}

#: action -> (whether only a schedule brings it; resource; who needs it)
NEEDED: dict[str, tuple[bool, str, str]] = {
    "config:PutEvaluations": (False, "*", "rdklib, to report results; no resource type"),
    "config:GetResourceConfigHistory": (False, "*", "rdklib, for oversized items; no resource type"),
    "kms:DescribeKey": (False, "key/*", "the rule: each key on a schedule; on a change what the item lacks"),
    "kms:GetKeyPolicy": (False, "key/*", "the rule: each key on a schedule; on a change what the item lacks"),
    "kms:ListKeys": (True, "*", "the rule, on a schedule; no resource type"),
    "config:GetComplianceDetailsByConfigRule": (
        True,
        "config-rule/*",
        "rdklib, to withdraw results of keys that are gone",
    ),
}


def create(stacks: Any, **parameters: str) -> None:
    """Deploy the template, as a StackSet does in each account."""
    stacks.create_stack(
        StackName="execution-role",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in {**GIVEN, **parameters}.items()
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def deployed(**parameters: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Deploy the template into moto: the role, and its allowed actions with their resource."""
    create(boto3.client("cloudformation", "us-east-1"), **parameters)
    iam = boto3.client("iam")
    name = parameters.get("RoleName", NAME)
    role: Any = iam.get_role(RoleName=name)["Role"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document: Any = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    if isinstance(document, str):  # what moto keeps of a policy that CloudFormation made: Python's repr
        document = ast.literal_eval(document)
    allowed = {}
    for statement in filter(None, document["Statement"]):  # moto leaves None where AWS::NoValue was
        assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            allowed[action] = statement["Resource"]
    return role, allowed


class TestActions:
    """Widening the role means to say here who needs it."""

    @pytest.mark.parametrize("periodic", [True, False])
    def test_only_what_is_needed(self, periodic: bool) -> None:  # noqa: FBT001
        """With and without a schedule."""
        with mock_aws():
            _, allowed = deployed(PeriodicTrigger=str(periodic).lower())
        assert set(allowed) == {
            action for action, (scheduled, _, _) in NEEDED.items() if scheduled <= periodic
        }

    def test_on_no_more_than_it_must(self) -> None:
        """A star is the resource only of actions that have no resource type; the rest is of this account."""
        with mock_aws():
            _, allowed = deployed()
        for action, resource in allowed.items():
            _, expected, who = NEEDED[action]
            assert (resource == "*") == (expected == "*") == ("no resource type" in who)
            assert resource.endswith(expected)
            assert resource == "*" or ":us-east-1:123456789012:" in resource


class TestTrust:
    """Who may assume it."""

    def test_one_role_of_one_organization(self) -> None:
        """Its account is the principal, so that the role need not exist yet and may be made anew."""
        with mock_aws():
            role, _ = deployed()
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        assert statement["Action"] == "sts:AssumeRole"
        assert statement["Condition"] == {
            "ArnEquals": {"aws:PrincipalArn": GIVEN["LambdaRoleArn"]},
            "StringEquals": {"aws:PrincipalOrgID": GIVEN["OrganizationId"]},
        }

    @pytest.mark.parametrize(
        ("changes", "role", "assumed"),
        [
            ({}, "lzkey/lambda", True),
            ({}, "lzkey/another", False),
            ({}, "lambda", False),
            ({"OrganizationId": "o-anotherorgid1"}, "lzkey/lambda", False),
        ],
    )
    def test_in_an_account_of_the_organization(
        self,
        sandbox: Sandbox,
        changes: dict[str, str],
        role: str,
        assumed: bool,  # noqa: FBT001
    ) -> None:
        """As STS decides: another role, another path or another organization is refused."""
        organization = sandbox.organization(OrganizationPlan(members=3))
        create(sandbox.client("cloudformation", account=organization.audit), **changes)
        caller = as_role(sandbox, organization.make_role(sandbox.account, role))
        arn = f"arn:aws:iam::{organization.audit}:role/{NAME}"
        if assumed:
            assert caller.assume_role(RoleArn=arn, RoleSessionName="configLambdaExecution")["Credentials"]
            return
        with pytest.raises(ClientError, match="AccessDenied"):
            caller.assume_role(RoleArn=arn, RoleSessionName="configLambdaExecution")


def as_role(sandbox: Sandbox, arn: str) -> Any:
    """STS as a role of the sandbox's account calls it."""
    given = sandbox.client("sts").assume_role(RoleArn=arn, RoleSessionName="function")["Credentials"]
    return boto3.client(
        "sts",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


class TestTemplate:
    """The template is one that CloudFormation accepts in every partition."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        result = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_name_and_boundary(self) -> None:
        """Organizations that demand a boundary can have one; the name is the rule parameter's."""
        boundary = "arn:aws:iam::123456789012:policy/my-boundary"
        with mock_aws():
            role, _ = deployed(RoleName="another", PermissionsBoundaryArn=boundary)
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        with mock_aws():
            role, _ = deployed()
        assert role["RoleName"] == NAME
        assert "PermissionsBoundary" not in role
