"""The role that the function of an organization's rule assumes, in the account that is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from landing_zone_key.policy import Policy, PolicyError, Reason, Request, decide
from lzkey.doctor.check import Status, not_applicable, problem, unknown
from lzkey.doctor.role import ROLE_ACTIONS, judging, policy_of, powers, statements_of

if TYPE_CHECKING:
    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Facts, Subject

EXECUTION_ACTIONS: Final = (
    *ROLE_ACTIONS,
    "config:DescribeConfigRules",
    "config:DescribeOrganizationConfigRules",
)

_FIX: Final = (
    "deploy deploy/execution-role.yaml (a service-managed StackSet leaves out the management account)"
)


def execution_role(subject: Subject) -> Check:
    """Check that the role which the function assumes is here, lets it, and may do what the rule needs.

    Other accounts' roles cannot be seen from here.
    """
    if subject.excluded or not subject.assumes_role:
        why = "this account is excluded" if subject.excluded else "the function works with its own role"
        return not_applicable(why)
    maker = subject.made_by()
    function = None if maker else subject.function()
    if function is None and maker is None:
        return not_applicable("there is no function")
    name = subject.parameters.rule["ExecutionRoleName"]
    found = subject.reader.ask("iam:GetRole", absent={"NoSuchEntity"}, RoleName=name.rpartition("/")[2])
    if found is None:
        return problem(f"account {subject.account} has no role {name}: its keys are not judged", _FIX)
    refused = _refusal(subject, found["Role"], function["Role"]) if function else None
    if refused:
        return refused
    check = powers(subject, found["Role"], judging(subject), _FIX)
    if check.status is Status.OK:
        trusted = ", lets the function assume it," if function else ""
        seen = "" if function else f"; that account {maker} can assume it shows in the last evaluation"
        return replace(check, detail=f"{name} is here{trusted} and may do what is needed{seen}")
    return check


def _refusal(subject: Subject, role: Facts, function_role: str) -> Check | None:
    """Return why the function cannot assume a role; None when it can."""
    name = subject.parameters.rule["ExecutionRoleName"]
    assumed = f"arn:{subject.partition}:iam::{subject.account}:role/{name}"
    if role["Arn"] != assumed:
        return problem(f"the function assumes {assumed}, but here is {role['Arn']}", _FIX)
    try:
        trust = policy_of(statements_of(role["AssumeRolePolicyDocument"]), {"Resource": "*"})
    except (PolicyError, ValueError) as error:
        return unknown(f"the trust policy of {name} cannot be read: {error}", _FIX)
    if not _trusts(trust, subject, function_role, assumed):
        return problem(f"{name} does not let {function_role} assume it", _FIX)
    return None


def _trusts(trust: Policy, subject: Subject, role: str, assumed: str) -> bool:
    """Whether a trust policy lets the function's role assume it, by its own ARN or by its account's.

    An account as the principal leaves it to the role's own policies, which `role.lambda_role` looks at.
    """
    account = role.split(":")[4]
    context = {
        "aws:PrincipalArn": role,
        "aws:PrincipalAccount": account,
        "aws:PrincipalOrgID": subject.parameters.rule.get("OrganizationId", ""),
    }
    decisions = [
        decide(
            trust,
            Request(principal_arn=principal, action="sts:AssumeRole", resource=assumed, context=context),
        )
        for principal in (role, f"arn:{subject.partition}:iam::{account}:root", account)
    ]
    denied = {Reason.EXPLICIT_DENY, Reason.UNDECIDABLE_DENY}
    return any(decision.allowed for decision in decisions) and not any(
        decision.reason in denied for decision in decisions
    )
