"""The role of the Lambda function: everything that the rule needs, and nothing else.

Its policies are decided by the engine's own policy language: an identity-based policy is a resource-based one
whose principal is everyone. Conditions on what is not known here do not count as granted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from landing_zone_key.policy import Policy, PolicyError, Request, decide
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor.check import not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Json
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

ROLE_ACTIONS: Final = (
    "lambda:GetFunctionConfiguration",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
)

_EVERYONE: Final[Mapping[str, str]] = {"Principal": "*"}

#: What deploy/lambda-role.yaml can allow, and what a role may have without anybody minding.
KNOWN: Final = frozenset(
    {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "config:PutEvaluations",
        "config:GetResourceConfigHistory",
        "config:GetComplianceDetailsByConfigRule",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:ListKeys",
        "controltower:ListLandingZones",
        "controltower:GetLandingZone",
    }
)

_ASSUME: Final = "sts:AssumeRole"
_SHOWN: Final = 5
_FIX: Final = "deploy deploy/lambda-role.yaml, give its RoleArn as deployment.lambdaRoleArn, and deploy"


@dataclass(frozen=True, slots=True)
class Source:
    """One policy of the role."""

    name: str
    attached: bool
    statements: tuple[Facts, ...]


def lambda_role(subject: Subject) -> Check:
    """Check that the function's role allows what the rule needs, and say what it allows beyond that."""
    function = subject.function()
    if function is None:
        return not_applicable("there is no function")
    name = str(function["Role"]).rpartition("/")[2]
    found = subject.reader.ask("iam:GetRole", absent={"NoSuchEntity"}, RoleName=name)
    if found is None:
        return problem(f"the role {function['Role']} does not exist: the function cannot run", _FIX)
    return powers(subject, found["Role"], needed(subject), _FIX)


def powers(subject: Subject, role: Facts, actions: Mapping[str, str], fix: str) -> Check:
    """Check that a role's policies and boundary allow the actions, and no policy what nobody needs."""
    name = role["RoleName"]
    try:
        sources = tuple(_sources(subject, name))
        missing = _missing(subject, sources, _boundary(subject, role), actions)
    except (PolicyError, ValueError) as error:
        return unknown(f"a policy of {name} cannot be read: {error}", fix)
    if missing:
        return problem(f"{name} may not {', '.join(missing)}", fix)
    excess = tuple(_excess(subject, sources))
    if excess:
        return warning(f"{name} may do more than is needed: {', '.join(excess)}", fix)
    return ok(f"{name} may do what is needed, and nothing else")


def needed(subject: Subject) -> dict[str, str]:
    """Return the actions that the function's own role must have, each with a resource to have it on.

    With a role to assume, that role reads the keys and reports; deploy/execution-role.yaml has its actions.
    """
    here = f"{subject.region}:{subject.account}"
    log = f"arn:{subject.partition}:logs:{here}:log-group:/aws/lambda/{FUNCTION_NAME}:log-stream:any"
    actions = {"logs:CreateLogStream": log, "logs:PutLogEvents": log}
    if subject.parameters.rule.get("KeyScope") == "landing-zone":
        home = f"{subject.parameters.home_region}:{subject.account}"
        zone = f"arn:{subject.partition}:controltower:{home}:landingzone/ANY"
        actions |= {"controltower:ListLandingZones": "*", "controltower:GetLandingZone": zone}
    if subject.assumes_role:
        role = subject.parameters.rule["ExecutionRoleName"]
        return {**actions, _ASSUME: f"arn:{subject.partition}:iam::{subject.account}:role/{role}"}
    return {**actions, **judging(subject)}


def judging(subject: Subject) -> dict[str, str]:
    """Return the actions that read the keys and report, of the one role or the other."""
    here = f"{subject.region}:{subject.account}"
    key = f"arn:{subject.partition}:kms:{here}:key/any"
    actions = {"config:PutEvaluations": "*", "kms:DescribeKey": key, "kms:GetKeyPolicy": key}
    if subject.parameters.deployment.on_change:
        actions |= {"config:GetResourceConfigHistory": "*"}
    if subject.parameters.deployment.periodic:
        own = f"arn:{subject.partition}:config:{here}:config-rule/config-rule-any"
        actions |= {"kms:ListKeys": "*", "config:GetComplianceDetailsByConfigRule": own}
    return actions


def _sources(subject: Subject, role: str) -> Iterator[Source]:
    attached = subject.reader.all("iam:ListAttachedRolePolicies", "AttachedPolicies", RoleName=role)
    for policy in attached or []:
        yield Source(policy["PolicyName"], True, statements_of(_managed(subject, policy["PolicyArn"])))  # noqa: FBT003
    for name in subject.reader.all("iam:ListRolePolicies", "PolicyNames", RoleName=role) or []:
        document = subject.reader.ask("iam:GetRolePolicy", RoleName=role, PolicyName=name)["PolicyDocument"]
        yield Source(name, False, statements_of(document))  # noqa: FBT003


def _managed(subject: Subject, arn: str) -> Json:
    version = subject.reader.ask("iam:GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = subject.reader.ask("iam:GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return answer["PolicyVersion"]["Document"]


def _boundary(subject: Subject, role: Facts) -> tuple[Facts, ...] | None:
    arn = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return statements_of(_managed(subject, arn)) if arn else None


def _missing(
    subject: Subject,
    sources: tuple[Source, ...],
    boundary: tuple[Facts, ...] | None,
    actions: Mapping[str, str],
) -> list[str]:
    """Return those of the actions that are not allowed, by the policies or by the boundary."""
    own = tuple(statement for source in sources for statement in source.statements)
    policies = [policy_of(statements) for statements in (own, boundary) if statements is not None]
    return [
        action
        for action, resource in actions.items()
        if not all(decide(policy, _request(subject, action, resource)).allowed for policy in policies)
    ]


def _excess(subject: Subject, sources: tuple[Source, ...]) -> Iterator[str]:
    """Yield what is allowed beyond what any deployment of the rule needs; a managed policy by its name."""
    for source in sources:
        found = [action for statement in source.statements for action in _excess_of(subject, statement)]
        if found and source.attached:
            yield source.name
        else:
            yield from found[:_SHOWN]
            yield from [f"{len(found) - _SHOWN} more"] if found[_SHOWN:] else []


def _excess_of(subject: Subject, statement: Facts) -> Iterator[str]:
    if statement.get("Effect") != "Allow":
        return
    if "NotAction" in statement:
        yield f"everything but {', '.join(_listed(statement['NotAction']))}"
    for action in _listed(statement.get("Action")):
        if action.lower() == _ASSUME.lower():
            foreign = _foreign_roles(subject, statement)
            yield from (f"{_ASSUME} on {where}" for where in foreign)
            if not foreign and _leaves_organization(subject, statement):
                yield f"{_ASSUME} in other organizations (no condition on aws:ResourceOrgID)"
        elif action.lower() not in {known.lower() for known in KNOWN}:
            yield action


def _foreign_roles(subject: Subject, statement: Facts) -> list[str]:
    """Return the resources of a statement that are not the role of the rule's parameters."""
    role = subject.parameters.rule.get("ExecutionRoleName") if subject.assumes_role else None
    resources = _listed(statement.get("Resource")) or ["what is not named"]
    return [where for where in resources if not role or not where.endswith(f":role/{role}")]


def _leaves_organization(subject: Subject, statement: Facts) -> bool:
    """Whether a statement lets the function assume the role in an account of another organization."""
    if not subject.parameters.rule.get("OrganizationId"):
        return False
    role = subject.parameters.rule["ExecutionRoleName"]
    context = {"aws:ResourceOrgID": "o-0000000000", "aws:ResourceAccount": "000000000000"}
    request = Request(
        service="lambda.amazonaws.com",
        action=_ASSUME,
        resource=f"arn:{subject.partition}:iam::000000000000:role/{role}",
        context=context,
    )
    return decide(policy_of((statement,)), request).allowed


def statements_of(document: Json) -> tuple[Facts, ...]:
    """Return the statements of a policy document; boto3 decodes it, unless it is no JSON."""
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    return tuple(statements if isinstance(statements, list) else [statements])


def policy_of(statements: tuple[Facts, ...], lacking: Mapping[str, str] = _EVERYONE) -> Policy:
    """Return a policy with the element that its kind does not have, and a resource-based one does."""
    return Policy.parse(
        {"Version": "2012-10-17", "Statement": [{**statement, **lacking} for statement in statements]}
    )


def _request(subject: Subject, action: str, resource: str) -> Request:
    """Return a request of the function; what it asks for belongs to our organization."""
    context = {"aws:ResourceOrgID": subject.parameters.rule.get("OrganizationId", "")}
    return Request(service="lambda.amazonaws.com", action=action, resource=resource, context=context)


def _listed(value: Json) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value or []]
