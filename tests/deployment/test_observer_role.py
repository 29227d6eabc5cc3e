"""The role to observe with: one role of one organization may assume it, and a report asks no more with it."""

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

from lzkey.aws.actions import operation_of
from lzkey.aws.fact import actions_of
from lzkey.cli.report import EXIT_CODES
from lzkey.observed.timing import HISTORY
from lzkey.observed.values import CONFIG
from lzkey.report.facts import Options
from lzkey.report.making import make_report
from lzkey.report.observing import IN_EACH_ACCOUNT
from lzkey_sandbox import LandingZone
from lzkey_sandbox.cloudtrail import TrailState
from lzkey_sandbox.organization import OrganizationPlan

from .conftest import ROOT, RULE

if TYPE_CHECKING:
    from lzkey.report.model import Report
    from lzkey_sandbox import Organization, Sandbox

TEMPLATE = ROOT / "deploy/observer-role.yaml"
NAME = "landing-zone-observer"
GIVEN = {
    "ReporterRoleArn": "arn:aws:iam::111122223333:role/audit/reporter",
    "OrganizationId": "o-exampleorgid",
}
BUCKETS = "arn:aws:s3:::aws-controltower-*"

#: action -> (resource; who needs it)
NEEDED = {
    "config:DescribeDeliveryChannels": ("*", "where AWS Config delivers; no resource type"),
    "config:DescribeDeliveryChannelStatus": ("*", "what became of it; no resource type"),
    "s3:GetBucketObjectLockConfiguration": (BUCKETS, "Object Lock, with which AWS Config delivers nothing"),
    "s3:GetBucketRequestPayment": (BUCKETS, "Requester Pays"),
    "s3:GetEncryptionConfiguration": (BUCKETS, "the key that the bucket encrypts with by default"),
}
PLAN = OrganizationPlan(members=3, without_recorder=0, without_role=0, suspended=0)


def create(stacks: Any, **parameters: str) -> None:
    """Deploy the template, as a StackSet does in each account."""
    given = {**GIVEN, **parameters}
    stacks.create_stack(
        StackName="observer",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def deployed(**parameters: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Deploy the template into moto: the role, and the statements of its policy."""
    create(boto3.client("cloudformation", "us-east-1"), **parameters)
    iam = boto3.client("iam")
    name = parameters.get("RoleName", NAME)
    role: Any = iam.get_role(RoleName=name)["Role"]
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document: Any = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    if isinstance(document, str):  # what moto keeps of a policy that CloudFormation made: Python's repr
        document = ast.literal_eval(document)
    return role, document["Statement"]


class TestActions:
    """Widening the role means to say here who needs it."""

    def test_are_those_of_the_facts(self) -> None:
        """What a report asks in each account, and of the log buckets in the one that has them."""
        assert actions_of(*IN_EACH_ACCOUNT) == NEEDED.keys()

    def test_on_no_more_than_they_must(self) -> None:
        """A star is the resource only of what has no resource type; of buckets, the account's own."""
        with mock_aws():
            _, statements = deployed()
        allowed = {}
        for statement in statements:
            assert statement["Effect"] == "Allow"
            allowed |= dict.fromkeys(statement["Action"], statement["Resource"])
            own = {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
            assert statement.get("Condition") == (own if statement["Resource"] == BUCKETS else None)
        assert allowed == {action: resource for action, (resource, _) in NEEDED.items()}
        assert all((resource == "*") == ("no resource type" in who) for resource, who in NEEDED.values())


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
            "ArnEquals": {"aws:PrincipalArn": GIVEN["ReporterRoleArn"]},
            "StringEquals": {"aws:PrincipalOrgID": GIVEN["OrganizationId"]},
        }

    @pytest.mark.parametrize(
        ("changes", "role", "assumed"),
        [
            ({}, "audit/reporter", True),
            ({}, "audit/another", False),
            ({}, "reporter", False),
            ({"OrganizationId": "o-anotherorgid1"}, "audit/reporter", False),
        ],
    )
    def test_in_an_account_of_the_organization(
        self, sandbox: Sandbox, changes: dict[str, str], role: str, *, assumed: bool
    ) -> None:
        """As STS decides: another role, another path or another organization is refused."""
        organization = sandbox.organization(PLAN)
        create(sandbox.client("cloudformation", account=organization.audit), **changes)
        caller = session_of(sandbox, organization.make_role(sandbox.account, role)).client("sts")
        arn = f"arn:aws:iam::{organization.audit}:role/{NAME}"
        if assumed:
            assert caller.assume_role(RoleArn=arn, RoleSessionName="lzkey-report")["Credentials"]
            return
        with pytest.raises(ClientError, match="AccessDenied"):
            caller.assume_role(RoleArn=arn, RoleSessionName="lzkey-report")


class TestReport:
    """`lzkey report --observer-role` through it, made in the audit account."""

    def test_reads_every_account_with_it(self, sandbox: Sandbox) -> None:
        """Channels and buckets are read, and nothing is asked there that the role may not do."""
        organization = organized(sandbox)
        others = set(organization.accounts) - {organization.management, organization.audit}
        for account in others:
            create(sandbox.client("cloudformation", account=account), **trusting(organization))
        sandbox.forget_calls()
        made = report(sandbox, organization)
        assert channels(made) == dict.fromkeys([organization.management, organization.audit, *others], "")
        asked = [call for call in sandbox.calls if call.account in others]
        assert {call.account for call in asked} == others
        assert {call.operation for call in asked} == set(map(operation_of, NEEDED))
        buckets = {call.account for call in asked if call.service == "s3"}
        assert buckets == {organization.log_archive}

    def test_where_it_trusts_another_role(self, sandbox: Sandbox) -> None:
        """That account is not observed, with STS's answer, and the others are."""
        organization = organized(sandbox)
        refusing, *others = sorted(set(organization.accounts) - {organization.management, organization.audit})
        for account in others:
            create(sandbox.client("cloudformation", account=account), **trusting(organization))
        create(sandbox.client("cloudformation", account=refusing))
        found = channels(report(sandbox, organization))
        assert "refused sts:AssumeRole (AccessDenied" in found.pop(refusing)
        assert set(found.values()) == {""}


class TestTemplate:
    """The template is one that CloudFormation accepts in every partition."""

    def test_lint(self) -> None:
        """cfn-lint has nothing to say."""
        lint = Path(sys.executable).with_name("cfn-lint")
        result = subprocess.run([lint, TEMPLATE], capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (0, "")

    def test_name_and_boundary(self) -> None:
        """Organizations that demand a boundary can have one; the name is the help's."""
        boundary = "arn:aws:iam::123456789012:policy/my-boundary"
        with mock_aws():
            role, _ = deployed(RoleName="another", PermissionsBoundaryArn=boundary)
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        with mock_aws():
            role, _ = deployed()
        assert f"--observer-role {role['RoleName']} " in EXIT_CODES
        assert "PermissionsBoundary" not in role


def organized(sandbox: Sandbox) -> Organization:
    """An organization whose landing zone has a key, and roles to report with from the audit account."""
    sandbox.answer_sts_address()
    organization = sandbox.organization(PLAN)
    key = sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    block = {"accountId": organization.log_archive, "configurations": {"kmsKeyArn": key}}
    sandbox.landing_zone = LandingZone("4.0", {"centralizedLogging": block, "config": block})
    sandbox.client("s3", account=organization.log_archive).create_bucket(Bucket=TrailState().bucket)
    organization.make_role(organization.audit, "reporter")
    trust = {"Effect": "Allow", "Principal": {"AWS": organization.audit}, "Action": "sts:AssumeRole"}
    organization.make_role(sandbox.account, "reader", {"Version": "2012-10-17", "Statement": [trust]})
    return organization


def trusting(organization: Organization) -> dict[str, str]:
    """Parameters that let the audit account's reporter in."""
    return {"ReporterRoleArn": f"arn:aws:iam::{organization.audit}:role/reporter"}


def report(sandbox: Sandbox, organization: Organization) -> Report:
    """The report that the audit account's reporter makes, with the role in every account."""
    reporter = session_of(sandbox, f"arn:aws:iam::{organization.audit}:role/reporter")
    options = Options(RULE, management_role="reader", observer_role=NAME, sample=None)
    return make_report(reporter, options)


def channels(made: Report) -> dict[str, str]:
    """What is told of each account's delivery channel; nothing where it was read."""
    assert made.observed is not None
    told = {one.account: one.detail for one in made.observed.of(CONFIG) if one.what == HISTORY.what}
    return {account: "" if "last delivered" in detail else detail for account, detail in told.items()}


def session_of(sandbox: Sandbox, role: str) -> boto3.Session:
    """A session of a role."""
    given = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=sandbox.region
    )
