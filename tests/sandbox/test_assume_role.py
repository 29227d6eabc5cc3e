"""AssumeRole: only into a role that exists and trusts the caller.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .accounts import Account
    from .organizations import Organized

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "trust_policies.json").read_text())


@pytest.fixture
def organized(shared: Organized) -> Organized:
    """One organization for all tests; each makes roles of its own."""
    return shared


def assume(organized: Organized, role: str, **more: str) -> Any:
    """Assume a role, as `role/caller` of the management account; return what STS answers."""
    sandbox = organized.sandbox
    iam = sandbox.client("iam")
    if "caller" not in {known["RoleName"] for known in iam.list_roles()["Roles"]}:
        organized.organization.make_role(sandbox.account, "caller")
    caller = sandbox.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{sandbox.account}:role/caller", RoleSessionName="test"
    )
    return sts_of(organized, caller["Credentials"]).assume_role(RoleArn=role, RoleSessionName="test", **more)


def sts_of(organized: Organized, credentials: dict[str, str]) -> Any:
    """Return an STS client under temporary credentials."""
    return boto3.session.Session().client(
        "sts",
        "us-east-1",
        endpoint_url=organized.sandbox.endpoint_url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


class TestTrust:
    """What a role's trust policy says of the caller."""

    @pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
    def test_each(self, organized: Organized, case: dict[str, Any]) -> None:
        """Every policy of the table, in a member account."""
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **case["statement"]}
        trust, name = {"Version": "2012-10-17", "Statement": statement}, f"guarded-{CASES.index(case)}"
        role = organized.organization.make_role(organized.organization.audit, name, trust)
        more = {"ExternalId": case["external_id"]} if "external_id" in case else {}
        if case["assumed"]:
            assert assume(organized, role, **more)["AssumedRoleUser"]["Arn"].endswith(f"/{name}/test")
            return
        with pytest.raises(ClientError, match=f"AccessDenied.*role/caller .*sts:AssumeRole.*{role}"):
            assume(organized, role, **more)


class TestOutside:
    """A caller that is in no organization."""

    def test_an_account_outside(self, account: Account) -> None:
        """Has no organization, and so no PrincipalOrgID."""
        iam = account.sandbox.client("iam", account="444455556666")
        condition = {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        for name, more in (("open", {}), ("organization", {"Condition": condition})):
            trust = {"Version": "2012-10-17", "Statement": {**statement, **more}}
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        sts = account.sandbox.client("sts")
        arn = "arn:aws:iam::444455556666:role"
        sts.assume_role(RoleArn=f"{arn}/open", RoleSessionName="test")
        with pytest.raises(ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=f"{arn}/organization", RoleSessionName="test")


class TestRoles:
    """The role itself."""

    def test_that_is_not_there(self, organized: Organized) -> None:
        """Is refused as one that does not trust."""
        (member,) = organized.organization.without_role
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(organized, f"arn:aws:iam::{member}:role/reader")
        assert assume(organized, f"arn:aws:iam::{organized.organization.audit}:role/reader")

    def test_of_a_suspended_account(self, organized: Organized) -> None:
        """Nobody can assume it, though it exists and trusts."""
        (member,) = organized.organization.suspended
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(organized, f"arn:aws:iam::{member}:role/reader")

    def test_of_a_service(self, organized: Organized) -> None:
        """Only the service can assume it, whatever its trust policy were.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
        """
        organization = organized.organization
        name = "aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM"
        role = organization.make_role(organization.audit, name)
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(organized, role)

    @pytest.mark.parametrize(("service", "name"), [("config", "Config"), ("autoscaling", "AutoScaling")])
    def test_name_of_a_service(self, organized: Organized, service: str, name: str) -> None:
        """Is IAM's, https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html ."""
        iam = organized.sandbox.client("iam", account="123456789012")
        role = iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")["Role"]
        assert role["Arn"].endswith(f"/aws-service-role/{service}.amazonaws.com/AWSServiceRoleFor{name}")

    def test_with_a_path(self, organized: Organized) -> None:
        """The path is part of its ARN."""
        organization = organized.organization
        role = organization.make_role(organization.audit, "config/reader-2")
        assert assume(organized, role)
        with pytest.raises(ClientError, match="AccessDenied"):
            assume(organized, role.replace("config/", ""))

    def test_its_credentials(self, organized: Organized) -> None:
        """Are those of the account that the role is in."""
        audit = organized.organization.audit
        answer = assume(organized, f"arn:aws:iam::{audit}:role/reader")
        assert sts_of(organized, answer["Credentials"]).get_caller_identity()["Account"] == audit
