"""The policies of Lambda functions: statements one by one, and the whole policy.

moto keeps the statements. It takes two of the same id, loses all but one of several conditions of one
operator, cannot remove under a revision id, and has no PutResourcePolicy.
Sources: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html and
https://docs.aws.amazon.com/lambda/latest/api/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from landing_zone_key.policy import Policy, PolicyError
from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.moto import motostate

if TYPE_CHECKING:
    from moto.awslambda.policy import Policy as FunctionPolicy

    from lzkey import Untyped
    from lzkey_sandbox.http.contract import Members


def add_permission(account: str, region: str, members: Members) -> dict[str, Any]:
    """Add a statement to a function's policy; a second one of the same id is ResourceConflictException."""
    arn, policy = _policy(account, region, members["FunctionName"], members)
    statement = statement_of(arn, members)
    if any(known.get("Sid") == statement["Sid"] for known in policy.statements):
        raise ServiceError(
            "ResourceConflictException",
            f"The statement id ({statement['Sid']}) provided already exists. Please provide a new statement "
            "id, or remove the existing statement.",
            409,
        )
    _replace(policy, [*policy.statements, statement])
    return {"Statement": json.dumps(statement)}


def remove_permission(account: str, region: str, members: Members) -> dict[str, Any]:
    """Remove a statement; one that is not there is ResourceNotFoundException."""
    _, policy = _policy(account, region, members["FunctionName"], members)
    sid = members["StatementId"]
    kept = [known for known in policy.statements if known.get("Sid") != sid]
    if len(kept) == len(policy.statements):
        raise ServiceError("ResourceNotFoundException", f"Statement {sid} is not found in the policy.", 404)
    _replace(policy, kept)
    return {}


def put_resource_policy(account: str, region: str, members: Members) -> dict[str, Any]:
    """Replace the whole policy, under any conditions; PublicPolicyException for one that is open to all."""
    _, policy = _policy(account, region, members["ResourceArn"], members)
    try:
        statements = json.loads(members["Policy"])["Statement"]
        Policy.parse(members["Policy"])
    except (ValueError, KeyError, TypeError, PolicyError) as fault:
        raise ServiceError(
            "InvalidParameterValueException", f"The policy is not a policy document: {fault}"
        ) from fault
    statements = statements if isinstance(statements, list) else [statements]
    if any(_is_public(statement) for statement in statements):
        raise ServiceError("PublicPolicyException", "The policy would grant public access to the function.")
    _replace(policy, statements)
    return _shown(policy)


def get_resource_policy(account: str, region: str, members: Members) -> dict[str, Any]:
    """The whole policy; without a statement there is none, which is ResourceNotFoundException."""
    arn, policy = _policy(account, region, members["ResourceArn"], {})
    if not policy.statements:
        raise ServiceError("ResourceNotFoundException", f"No policy is associated with {arn}.", 404)
    return _shown(policy)


def delete_resource_policy(account: str, region: str, members: Members) -> dict[str, Any]:
    """Remove all statements."""
    get_resource_policy(account, region, members)
    _, policy = _policy(account, region, members["ResourceArn"], members)
    _replace(policy, [])
    return {}


def statement_of(function_arn: str, members: Members) -> dict[str, Any]:
    """The statement that Lambda makes of AddPermission's members."""
    conditions: dict[str, dict[str, str]] = {}
    if "SourceAccount" in members:
        conditions.setdefault("StringEquals", {})["AWS:SourceAccount"] = members["SourceAccount"]
    if "PrincipalOrgID" in members:
        conditions.setdefault("StringEquals", {})["aws:PrincipalOrgID"] = members["PrincipalOrgID"]
    if "SourceArn" in members:
        conditions["ArnLike"] = {"AWS:SourceArn": members["SourceArn"]}
    qualifier = members.get("Qualifier")
    statement = {
        "Sid": members["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(members["Principal"], function_arn),
        "Action": members["Action"],
        "Resource": f"{function_arn}:{qualifier}" if qualifier else function_arn,
    }
    return {**statement, "Condition": conditions} if conditions else statement


def _principal(principal: str, function_arn: str) -> Untyped:
    if principal == "*":
        return principal
    if re.fullmatch(r"\d{12}", principal):
        return {"AWS": f"arn:{function_arn.split(':')[1]}:iam::{principal}:root"}
    return {"AWS" if principal.startswith("arn:") else "Service": principal}


def _policy(account: str, region: str, name: str, members: Members) -> tuple[str, FunctionPolicy]:
    """A function's ARN and policy, if it has the version or alias and the revision that are asked for."""
    function = motostate.stored_function(account, region, name)
    if "Qualifier" in members:
        motostate.require_qualifier(account, region, function.function_name, members["Qualifier"])
    asked = members.get("RevisionId")
    if asked and asked != function.policy.revision:
        raise ServiceError(
            "PreconditionFailedException",
            "The RevisionId provided does not match the latest RevisionId for the Lambda function.",
            412,
        )
    return function.function_arn, function.policy


def _replace(policy: FunctionPolicy, statements: list[dict[str, Any]]) -> None:
    policy.statements[:] = statements
    policy.revision = str(uuid.uuid4())


def _shown(policy: FunctionPolicy) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Id": "default", "Statement": policy.statements}
    return {"Policy": json.dumps(document), "RevisionId": policy.revision}


def _is_public(statement: Members) -> bool:
    everyone = statement.get("Principal") in ("*", {"AWS": "*"})
    return everyone and statement["Effect"] == "Allow" and not statement.get("Condition")
