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

ALWAYS: frozenset[str] = frozenset()
OWN_ROLE = frozenset({"no ExecutionRoleName"})

#: action -> (what brings it, or None for always; resource; who needs it). OWN_ROLE: no ExecutionRoleName.
NEEDED: dict[str, tuple[frozenset[str], str, str]] = {
    "logs:CreateLogStream": (ALWAYS, "log-group", "the Lambda service, once for each execution environment"),
    "logs:PutLogEvents": (ALWAYS, "log-group", "the Lambda service, for what the function logs"),
    "config:PutEvaluations": (OWN_ROLE, "*", "rdklib, to report results; no resource type"),
    "config:GetResourceConfigHistory": (OWN_ROLE, "*", "rdklib, for oversized items; no resource type"),
    "kms:DescribeKey": (
        OWN_ROLE,
        "key/*",
        "the rule: each key on a schedule; on a change what the item lacks",
    ),
    "kms:GetKeyPolicy": (
        OWN_ROLE,
        "key/*",
        "the rule: each key on a schedule; on a change what the item lacks",
    ),
    "kms:ListKeys": (OWN_ROLE | {"PeriodicTrigger"}, "*", "the rule, on a schedule; no resource type"),
    "config:GetComplianceDetailsByConfigRule": (
        OWN_ROLE | {"PeriodicTrigger"},
        "config-rule/*",
        "rdklib, to withdraw results of keys that are gone",
    ),
    "controltower:ListLandingZones": (
        frozenset({"LandingZoneScope"}),
        "*",
        "the rule, KeyScope landing-zone; no resource type",
    ),
    "controltower:GetLandingZone": (
        frozenset({"LandingZoneScope"}),
        "landingzone/*",
        "the rule, KeyScope landing-zone",
    ),
    "sts:AssumeRole": (
        frozenset({"ExecutionRoleName"}),
        "role/my-role",
        "rdklib, with AssumeRoleMode true",
    ),
}
CHOICES = {
    "PeriodicTrigger": ("false", "true"),
    "LandingZoneScope": ("false", "true"),
    "ExecutionRoleName": ("", "my-role"),
}
ASSUMING = {"ExecutionRoleName": "my-role", "OrganizationId": "o-exampleorgid"}


def deployed(**parameters: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Deploy the template into moto: the role, and its allowed actions with their resources."""
    role, statements = deployed_role(**parameters)
    allowed: dict[str, list[str]] = {}
    for statement in statements:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            allowed.setdefault(action, []).append(statement["Resource"])
    return role, allowed


def deployed_statements(**parameters: str) -> list[dict[str, Any]]:
    """Deploy the template into moto: the statements of the role's policy."""
    return deployed_role(**parameters)[1]


def deployed_role(**parameters: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Deploy the template into moto: the role, and the statements of its one policy, all of them Allow."""
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
    statements = []
    for statement in filter(None, document["Statement"]):  # moto leaves None where AWS::NoValue was
        given = {name: value for name, value in statement.items() if value is not None}
        assert set(given) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}
        assert given["Effect"] == "Allow"
        statements.append(given)
    return role, statements


class TestActions:
    """Widening the role means to say here who needs it."""

    @pytest.mark.parametrize("chosen", list(itertools.product(*CHOICES.values())))
    def test_only_what_is_needed(self, chosen: tuple[str, ...]) -> None:
        """In each combination of the parameters, as moto's IAM shows the deployed role."""
        parameters = dict(zip(CHOICES, chosen, strict=True))
        if parameters["ExecutionRoleName"]:
            parameters |= ASSUMING
        on = {name for name, value in parameters.items() if value in {"true", "my-role"}}
        on |= set() if parameters["ExecutionRoleName"] else OWN_ROLE
        with mock_aws():
            _, allowed = deployed(**parameters)
        assert set(allowed) == {action for action, (switches, _, _) in NEEDED.items() if switches <= on}

    def test_on_no_more_than_it_must(self) -> None:
        """A star is the resource only of actions that have no resource type."""
        with mock_aws():
            _, own = deployed(LandingZoneScope="true")
        with mock_aws():
            _, assuming = deployed(LandingZoneScope="true", **ASSUMING)
        assert {*own, *assuming} == set(NEEDED)
        for action, resources in {**own, **assuming}.items():
            expected = NEEDED[action][1]
            (resource,) = resources
            assert (resource == "*") == (expected == "*") == ("no resource type" in NEEDED[action][2])
            assert expected in resource

    def test_by_itself_what_the_example_needs(self) -> None:
        """Whoever follows the guide names no parameter, and has the example's KeyScope."""
        example = json.loads((ROOT / "parameters/example.json").read_text())["ruleParameters"]
        assert (example["KeyScope"], example["AssumeRoleMode"]) == ("landing-zone", "false")
        with mock_aws():
            _, allowed = deployed()
        assert set(allowed) == {
            action for action, (_, _, who) in NEEDED.items() if "AssumeRoleMode true" not in who
        }

    def test_roles_of_the_organization_only(self) -> None:
        """A role of that name in somebody else's account is out of reach."""
        with mock_aws():
            statements = deployed_statements(**ASSUMING)
        (assume,) = [statement for statement in statements if statement["Action"] == "sts:AssumeRole"]
        assert assume["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "o-exampleorgid"}}
        assert all("Condition" not in statement for statement in statements if statement is not assume)

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


class TestRules:
    """What CloudFormation refuses before it makes anything; moto does not look at Rules, so they are read."""

    @pytest.mark.parametrize(
        ("given", "accepted"),
        [
            ({}, True),
            ({"OrganizationId": "o-exampleorgid"}, True),
            (ASSUMING, True),
            ({"ExecutionRoleName": "my-role"}, False),
        ],
    )
    def test_a_role_to_assume_needs_its_organization(self, given: dict[str, str], accepted: bool) -> None:  # noqa: FBT001
        """Else the function could assume anybody's role of that name."""
        template: Any = decode(str(TEMPLATE))[0]
        values = {
            name: given.get(name, entry.get("Default")) for name, entry in template["Parameters"].items()
        }
        (rule,) = template["Rules"].values()
        (assertion,) = rule["Assertions"]
        assert "ExecutionRoleName needs OrganizationId" in assertion["AssertDescription"]
        refused = holds(rule["RuleCondition"], values) and not holds(assertion["Assert"], values)
        assert refused != accepted


def holds(condition: Any, values: dict[str, Any]) -> bool:
    """Whether a condition of Fn::Not and Fn::Equals over parameters holds."""
    ((function, operands),) = condition.items()
    if function == "Fn::Not":
        return not holds(operands[0], values)
    assert function == "Fn::Equals"
    one, other = (values[entry["Ref"]] if isinstance(entry, dict) else entry for entry in operands)
    return bool(one == other)


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
