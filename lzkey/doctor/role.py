"""The role of the Lambda function, and the one that it assumes: all that the rule needs, and nothing else.

Its policies are decided by the engine's own policy language: an identity-based policy is a resource-based one
whose principal is everyone. Conditions on what is not known here do not count as granted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from landing_zone_key.policy import Policy, PolicyError, Reason, Request, decide
from lzkey.aws.fact import takes
from lzkey.aws.function import function
from lzkey.aws.role import managed_policy, role, role_policies
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor.subject import RULES, Status, not_applicable, ok, problem, unknown, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lzkey import Json
    from lzkey.aws.role import Role, RolePolicy
    from lzkey.doctor.subject import Check, Subject

#: What it takes to know what a role may do.
_POWERS: Final = (role, role_policies, managed_policy)

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


_Statements = tuple["dict[str, Any]", ...]


@takes(facts=(function, *_POWERS))
def lambda_role(subject: Subject) -> Check:
    """Check that the function's role allows what the rule needs, and say what it allows beyond that."""
    working = subject.function()
    if working is None:
        return not_applicable("there is no function")
    found = role(subject.asker, working.role)
    if found is None:
        return problem(f"the role {working.role} does not exist: the function cannot run", _FIX)
    return _powers(subject, found, _needed(subject), _FIX)


def _powers(subject: Subject, found: Role, actions: Mapping[str, str], fix: str) -> Check:
    """Check that a role's policies and boundary allow the actions, and no policy what nobody needs."""
    name = found.name
    try:
        policies = role_policies(subject.asker, name)
        missing = _missing(subject, policies, _boundary(subject, found), actions)
    except (PolicyError, ValueError) as error:
        return unknown(f"a policy of {name} cannot be read: {error}", fix)
    if missing:
        return problem(f"{name} may not {', '.join(missing)}", fix)
    excess = tuple(_excess(subject, policies))
    if excess:
        return warning(f"{name} may do more than is needed: {', '.join(excess)}", fix)
    return ok(f"{name} may do what is needed, and nothing else")


def _needed(subject: Subject) -> dict[str, str]:
    """The actions that the function's own role must have, each with a resource to have it on.

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
        name = subject.parameters.rule["ExecutionRoleName"]
        return {**actions, _ASSUME: f"arn:{subject.partition}:iam::{subject.account}:role/{name}"}
    return {**actions, **_judging(subject)}


def _judging(subject: Subject) -> dict[str, str]:
    """The actions that read the keys and report, of the one role or the other."""
    here = f"{subject.region}:{subject.account}"
    key = f"arn:{subject.partition}:kms:{here}:key/any"
    actions = {"config:PutEvaluations": "*", "kms:DescribeKey": key, "kms:GetKeyPolicy": key}
    if subject.parameters.deployment.on_change:
        actions |= {"config:GetResourceConfigHistory": "*"}
    if subject.parameters.deployment.periodic:
        own = f"arn:{subject.partition}:config:{here}:config-rule/config-rule-any"
        actions |= {"kms:ListKeys": "*", "config:GetComplianceDetailsByConfigRule": own}
    return actions


def _boundary(subject: Subject, found: Role) -> _Statements | None:
    return _statements_of(managed_policy(subject.asker, found.boundary)) if found.boundary else None


def _missing(
    subject: Subject,
    policies: tuple[RolePolicy, ...],
    boundary: _Statements | None,
    actions: Mapping[str, str],
) -> list[str]:
    """Those of the actions that are not allowed, by the policies or by the boundary."""
    own = tuple(statement for policy in policies for statement in _statements_of(policy.document))
    all_of = [_policy_of(statements) for statements in (own, boundary) if statements is not None]
    return [
        action
        for action, resource in actions.items()
        if not all(decide(policy, _request(subject, action, resource)).allowed for policy in all_of)
    ]


def _excess(subject: Subject, policies: tuple[RolePolicy, ...]) -> Iterator[str]:
    """What is allowed beyond what any deployment of the rule needs; a managed policy by its name."""
    for policy in policies:
        statements = _statements_of(policy.document)
        found = [action for statement in statements for action in _excess_of(subject, statement)]
        if found and policy.attached:
            yield policy.name
        else:
            yield from found[:_SHOWN]
            yield from [f"{len(found) - _SHOWN} more"] if found[_SHOWN:] else []


def _excess_of(subject: Subject, statement: dict[str, Any]) -> Iterator[str]:
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


def _foreign_roles(subject: Subject, statement: dict[str, Any]) -> list[str]:
    """The resources of a statement that are not the role of the rule's parameters."""
    name = subject.parameters.rule.get("ExecutionRoleName") if subject.assumes_role else None
    resources = _listed(statement.get("Resource")) or ["what is not named"]
    return [where for where in resources if not name or not where.endswith(f":role/{name}")]


def _leaves_organization(subject: Subject, statement: dict[str, Any]) -> bool:
    """Whether a statement lets the function assume the role in an account of another organization."""
    if not subject.parameters.rule.get("OrganizationId"):
        return False
    name = subject.parameters.rule["ExecutionRoleName"]
    context = {"aws:ResourceOrgID": "o-0000000000", "aws:ResourceAccount": "000000000000"}
    request = Request(
        service="lambda.amazonaws.com",
        action=_ASSUME,
        resource=f"arn:{subject.partition}:iam::000000000000:role/{name}",
        context=context,
    )
    return decide(_policy_of((statement,)), request).allowed


def _statements_of(document: Json) -> _Statements:
    """The statements of a policy document; boto3 decodes it, unless it is no JSON."""
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    return tuple(statements if isinstance(statements, list) else [statements])


def _policy_of(statements: _Statements, lacking: Mapping[str, str] = _EVERYONE) -> Policy:
    """A policy with the element that its kind does not have, and a resource-based one does."""
    return Policy.parse(
        {"Version": "2012-10-17", "Statement": [{**statement, **lacking} for statement in statements]}
    )


def _request(subject: Subject, action: str, resource: str) -> Request:
    """A request of the function; what it asks for belongs to our organization."""
    context = {"aws:ResourceOrgID": subject.parameters.rule.get("OrganizationId", "")}
    return Request(service="lambda.amazonaws.com", action=action, resource=resource, context=context)


def _listed(value: Json) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value or []]


_HERE: Final = (
    "deploy deploy/execution-role.yaml (a service-managed StackSet leaves out the management account)"
)


@takes(facts=(function, *RULES, *_POWERS))
def execution_role(subject: Subject) -> Check:
    """Check that the role which the function assumes is here, lets it, and may do what the rule needs.

    Other accounts' roles cannot be seen from here.
    """
    if subject.excluded or not subject.assumes_role:
        why = "this account is excluded" if subject.excluded else "the function works with its own role"
        return not_applicable(why)
    maker = subject.made_by()
    working = None if maker else subject.function()
    if working is None and maker is None:
        return not_applicable("there is no function")
    name = subject.parameters.rule["ExecutionRoleName"]
    found = role(subject.asker, name)
    if found is None:
        return problem(f"account {subject.account} has no role {name}: its keys are not judged", _HERE)
    refused = _refusal(subject, found, working.role) if working else None
    if refused:
        return refused
    check = _powers(subject, found, _judging(subject), _HERE)
    if check.status is Status.OK:
        trusted = ", lets the function assume it," if working else ""
        seen = "" if working else f"; that account {maker} can assume it shows in the last evaluation"
        return replace(check, detail=f"{name} is here{trusted} and may do what is needed{seen}")
    return check


def _refusal(subject: Subject, found: Role, function_role: str) -> Check | None:
    """Why the function cannot assume a role; None when it can."""
    name = subject.parameters.rule["ExecutionRoleName"]
    assumed = f"arn:{subject.partition}:iam::{subject.account}:role/{name}"
    if found.arn != assumed:
        return problem(f"the function assumes {assumed}, but here is {found.arn}", _HERE)
    try:
        trust = _policy_of(_statements_of(found.trust), {"Resource": "*"})
    except (PolicyError, ValueError) as error:
        return unknown(f"the trust policy of {name} cannot be read: {error}", _HERE)
    if not _trusts(trust, subject, function_role, assumed):
        return problem(f"{name} does not let {function_role} assume it", _HERE)
    return None


def _trusts(trust: Policy, subject: Subject, function_role: str, assumed: str) -> bool:
    """Whether a trust policy lets the function's role assume it, by its own ARN or by its account's.

    An account as the principal leaves it to the role's own policies, which `lambda_role` looks at.
    """
    account = function_role.split(":")[4]
    context = {
        "aws:PrincipalArn": function_role,
        "aws:PrincipalAccount": account,
        "aws:PrincipalOrgID": subject.parameters.rule.get("OrganizationId", ""),
    }
    decisions = [
        decide(
            trust,
            Request(principal_arn=principal, action="sts:AssumeRole", resource=assumed, context=context),
        )
        for principal in (function_role, f"arn:{subject.partition}:iam::{account}:root", account)
    ]
    denied = {Reason.EXPLICIT_DENY, Reason.UNDECIDABLE_DENY}
    return any(decision.allowed for decision in decisions) and not any(
        decision.reason in denied for decision in decisions
    )
