"""The Lambda's role: every action has somebody who needs it, and what nobody needs is not there."""

from __future__ import annotations

import ast
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.decode import decode
from moto import mock_aws

from .conftest import ROOT

TEMPLATE = ROOT / "deploy/lambda-role.yaml"

#: action -> (template parameter that brings it, or None for always; resource; who needs it)
NEEDED: dict[str, tuple[str | None, str, str]] = {
    "logs:CreateLogStream": (None, "log-group", "the Lambda service, once for each execution environment"),
    "logs:PutLogEvents": (None, "log-group", "the Lambda service, for what the function logs"),
    "config:PutEvaluations": (None, "*", "rdklib, to report results; no resource type"),
    "config:GetResourceConfigHistory": (None, "*", "rdklib, for oversized items; no resource type"),
    "kms:DescribeKey": (None, "key/*", "the rule: each key on a schedule; on a change what the item lacks"),
    "kms:GetKeyPolicy": (None, "key/*", "the rule: each key on a schedule; on a change what the item lacks"),
    "kms:ListKeys": ("PeriodicTrigger", "*", "the rule, on a schedule; no resource type"),
    "config:GetComplianceDetailsByConfigRule": (
        "PeriodicTrigger",
        "config-rule/*",
        "rdklib, to withdraw results of keys that are gone",
    ),
    "controltower:ListLandingZones": (
        "LandingZoneScope",
        "*",
        "the rule, KeyScope landing-zone; no resource type",
    ),
    "controltower:GetLandingZone": ("LandingZoneScope", "landingzone/*", "the rule, KeyScope landing-zone"),
    "sts:AssumeRole": ("ExecutionRoleName", "role/my-role", "rdklib, with AssumeRoleMode true"),
}
CHOICES = {
    "PeriodicTrigger": ("false", "true"),
    "LandingZoneScope": ("false", "true"),
    "ExecutionRoleName": ("", "my-role"),
}


def deployed(**parameters: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Deploy the template into moto: the role, and its allowed actions with their resources."""
    stack = boto3.client("cloudformation", "us-east-1")
    stack.create_stack(
        StackName="role",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    outputs = {
        out["OutputKey"]: out["OutputValue"] for out in stack.describe_stacks()["Stacks"][0]["Outputs"]
    }
    iam = boto3.client("iam")
    name = outputs["RoleArn"].rsplit("/", 1)[1]
    role: Any = iam.get_role(RoleName=name)["Role"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy_name,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document: Any = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
    if isinstance(document, str):  # what moto keeps of a policy that CloudFormation made: Python's repr
        document = ast.literal_eval(document)
    allowed: dict[str, list[str]] = {}
    for statement in filter(None, document["Statement"]):  # moto leaves None where AWS::NoValue was
        assert set(statement) == {"Sid", "Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            allowed.setdefault(action, []).append(statement["Resource"])
    return role, allowed


class TestActions:
    """Widening the role means to say here who needs it."""

    @pytest.mark.parametrize("chosen", list(itertools.product(*CHOICES.values())))
    def test_only_what_is_needed(self, chosen: tuple[str, ...]) -> None:
        """In each combination of the parameters, as moto's IAM shows the deployed role."""
        parameters = dict(zip(CHOICES, chosen, strict=True))
        on = {None} | {name for name, value in parameters.items() if value in {"true", "my-role"}}
        with mock_aws():
            _, allowed = deployed(**parameters)
        assert set(allowed) == {action for action, (switch, _, _) in NEEDED.items() if switch in on}

    def test_on_no_more_than_it_must(self) -> None:
        """A star is the resource only of actions that have no resource type."""
        with mock_aws():
            _, allowed = deployed(LandingZoneScope="true", ExecutionRoleName="my-role")
        for action, resources in allowed.items():
            expected = NEEDED[action][1]
            (resource,) = resources
            assert (resource == "*") == (expected == "*") == ("no resource type" in NEEDED[action][2])
            assert expected in resource

    def test_its_own_log_group_only(self) -> None:
        """The one of the function that rdk makes, created with a retention by the same template."""
        with mock_aws():
            _, allowed = deployed()
            (group,) = boto3.client("logs", "us-east-1").describe_log_groups()["logGroups"]
        assert group["logGroupName"] == "/aws/lambda/RDK-Rule-Function-CONTROLTOWERKMSKEY"
        assert group["retentionInDays"] == 90
        assert allowed["logs:PutLogEvents"] == [
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/RDK-Rule-Function-CONTROLTOWERKMSKEY:*"
        ]

    def test_no_wildcards_in_actions(self) -> None:
        """An action that AWS adds tomorrow is not allowed today."""
        assert not re.search(r"^\s*(- |Action: )[a-z]+:\S*\*", TEMPLATE.read_text(), re.MULTILINE)


class TestRole:
    """Who may use it, and how it is named and bounded."""

    def test_only_lambda_may_assume_it(self) -> None:
        """One principal, one action."""
        with mock_aws():
            role, _ = deployed()
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert statement["Action"] == "sts:AssumeRole"

    def test_name_and_boundary_if_given(self) -> None:
        """Organizations that demand a boundary can have one."""
        boundary = "arn:aws:iam::123456789012:policy/my-boundary"
        with mock_aws():
            role, _ = deployed(RoleName="lzkey-lambda", PermissionsBoundaryArn=boundary)
        assert role["RoleName"] == "lzkey-lambda"
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary

    def test_neither_if_not(self) -> None:
        """The twin."""
        with mock_aws():
            role, _ = deployed()
        assert "PermissionsBoundary" not in role


class TestTemplate:
    """The template is one that CloudFormation accepts in every partition."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        result = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_no_partition_is_written_out(self) -> None:
        """GovCloud's ARNs begin with arn:aws-us-gov."""
        template, faults = decode(str(TEMPLATE))
        assert not faults
        assert "arn:aws:" not in json.dumps(template)
