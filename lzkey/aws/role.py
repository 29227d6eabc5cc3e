"""A role, and the policies that say what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lzkey.aws.fact import takes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lzkey import Json
    from lzkey.aws.account import Asker

#: IAM's code for a role that is not there.
NOT_FOUND: Final = "NoSuchEntity"


@dataclass(frozen=True, slots=True)
class Role:
    """As GetRole shows it (https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html)."""

    name: str
    arn: str
    trust: Json
    """AssumeRolePolicyDocument, which boto3 decodes, unless it is no JSON."""
    boundary: str | None
    """The ARN of its permissions boundary."""


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """One policy of a role."""

    name: str
    document: Json
    attached: bool
    """Whether it is a managed policy, which other roles may have too."""


@takes("iam:GetRole")
def role(asker: Asker, name: str) -> Role | None:
    """The role of a name, which IAM takes without its path, or with; None where there is none."""
    answer = asker.ask("iam:GetRole", absent={NOT_FOUND}, RoleName=name.rpartition("/")[2])
    if answer is None:
        return None
    found = answer["Role"]
    boundary: Mapping[str, str] = found.get("PermissionsBoundary", {})
    return Role(
        found["RoleName"],
        found["Arn"],
        found.get("AssumeRolePolicyDocument"),
        boundary.get("PermissionsBoundaryArn"),
    )


@takes("iam:GetPolicy", "iam:GetPolicyVersion")
def managed_policy(asker: Asker, arn: str) -> Json:
    """The document of a managed policy as it is in force."""
    version = asker.ask("iam:GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = asker.ask("iam:GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return answer["PolicyVersion"]["Document"]


@takes("iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:GetRolePolicy", facts=(managed_policy,))
def role_policies(asker: Asker, name: str) -> tuple[RolePolicy, ...]:
    """All policies of a role but its boundary, the attached ones first."""
    attached = asker.each("iam:ListAttachedRolePolicies", "AttachedPolicies", RoleName=name)
    managed = [
        RolePolicy(policy["PolicyName"], managed_policy(asker, policy["PolicyArn"]), attached=True)
        for policy in attached
    ]
    inline = [
        RolePolicy(
            policy,
            asker.ask("iam:GetRolePolicy", RoleName=name, PolicyName=policy)["PolicyDocument"],
            attached=False,
        )
        for policy in asker.each("iam:ListRolePolicies", "PolicyNames", RoleName=name)
    ]
    return (*managed, *inline)
