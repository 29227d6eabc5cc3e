"""The two resource policies that decide in the sandbox: a role's trust policy and a function's policy.

Both are decided by the rule's own policy engine. IAM policies of the caller, boundaries and service control
policies are not looked at: whoever is named by an account's ARN is taken to be allowed by its own account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from landing_zone_key.policy import Policy, PolicyError, Request, decide
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motostate
from lzkey_sandbox.moto.motoorganizations import CONFIG, organization_of

Json = Any  # a value as the json module reads and writes it

_SERVICE_LINKED: Final = ":role/aws-service-role/"


def caller_arn(access_key: str, account: str, region: str) -> str:
    """The role whose credentials an access key is; any other key is an administrator's."""
    key = iam_backends[account][get_partition(region)].access_keys.get(access_key)
    role = getattr(key, "role_arn", None)
    if role is not None:
        return str(role)
    return f"arn:{get_partition(region)}:iam::{account}:user/administrator"


def require_trust(role: str, caller: str, region: str, external_id: str | None = None) -> None:
    """Refuse AssumeRole, with AWS's AccessDenied, unless the role exists and trusts the caller.

    A service-linked role can be assumed by its service alone, one of a suspended account by nobody. Sources:
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
    """
    trust = None if _SERVICE_LINKED in role or _is_suspended(role, region) else _trust_policy(role, region)
    account = caller.split(":")[4]
    context = {"aws:PrincipalArn": caller, "aws:PrincipalAccount": account, "sts:ExternalId": external_id}
    organization = organization_of(account, region)
    if organization is not None:
        context["aws:PrincipalOrgID"] = organization.organization_id
    asked = Request(
        "sts:AssumeRole",
        role,
        context={key: value for key, value in context.items() if value},
        principal_arn=caller,
    )
    if trust is None or not _allows(_for_role(trust, role, caller), asked):
        raise ServiceError(
            "AccessDenied",
            f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}",
            403,
        )


def require_invocation_by_config(function_arn: str, rule_account: str, rule_arn: str) -> None:
    """Refuse an invocation by Config, unless the function's policy allows it for the rule's account.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html and
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (a service's
    request has its source's account, ARN and organization, and no PrincipalOrgID)
    """
    _, _, _, region, account, _, name = function_arn.split(":")[:7]
    context = {
        "aws:SourceAccount": rule_account,
        "aws:SourceArn": rule_arn,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalServiceName": CONFIG,
    }
    organization = organization_of(rule_account, region)
    if organization is not None:
        context["aws:SourceOrgID"] = organization.organization_id
    asked = Request("lambda:InvokeFunction", function_arn, service=CONFIG, context=context)
    statements = motostate.stored_function(account, region, name).policy.statements
    if not _allows({"Version": "2012-10-17", "Statement": statements}, asked):
        raise ServiceError(
            "AccessDeniedException",
            f"User: {CONFIG} is not authorized to perform: lambda:InvokeFunction on resource: "
            f"{function_arn} because no resource-based policy allows the lambda:InvokeFunction action",
            403,
        )


def _allows(document: Json, request: Request) -> bool:
    try:
        return decide(Policy.parse(json.dumps(document)), request).allowed
    except PolicyError:
        return False


def _is_suspended(role: str, region: str) -> bool:
    owner = role.split(":")[4]
    organization = organization_of(owner, region)
    return organization is not None and owner not in organization.active


def _trust_policy(role: str, region: str) -> Json:
    account, name = role.split(":")[4], role.rpartition("/")[2]
    try:
        found = iam_backends[account][get_partition(region)].get_role(name)
    except NotFoundException:
        return None
    if found.arn != role:
        return None
    document = found.assume_role_policy_document
    return json.loads(document) if isinstance(document, str) else document


def _for_role(trust: Json, role: str, caller: str) -> Json:
    """A trust policy as the engine reads resource policies.

    A trust policy has no Resource, and is the role's own; the account as a principal is whoever that
    account lets, and so the caller.
    """
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    account = caller.split(":")[4]
    account_names = {account, f"arn:{caller.split(':')[1]}:iam::{account}:root"}
    return {
        **trust,
        "Statement": [_aimed(statement, role, account_names, caller) for statement in statements],
    }


def _aimed(statement: Mapping[str, Json], role: str, account_names: set[str], caller: str) -> Json:
    aimed = {**statement, "Resource": role}
    principal = statement.get("Principal")
    if isinstance(principal, Mapping) and "AWS" in principal:
        named: Sequence[str] = principal["AWS"] if isinstance(principal["AWS"], list) else [principal["AWS"]]
        named = [caller if name in account_names else name for name in named]
        aimed["Principal"] = {**principal, "AWS": named}
    return aimed
