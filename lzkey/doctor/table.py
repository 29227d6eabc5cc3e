"""Everything that must be true for the rule's results to be trusted, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lzkey.doctor import execution_role, function, landing_zone, organization, recording, role, rule
from lzkey.stack import FUNCTION_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Subject


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must be true, the IAM actions that it takes to see it, and who looks."""

    name: str
    must: str
    actions: tuple[str, ...]
    look: Callable[[Subject], Check]
    only_in_management: bool = False
    """Nobody but the management account can see it."""


EXPECTATIONS: Final = (
    Expectation(
        "landing-zone",
        "HomeRegion is the home of a landing zone",
        landing_zone.FIND_ACTIONS,
        landing_zone.landing_zone,
        only_in_management=True,
    ),
    Expectation(
        "landing-zone-keys",
        "the landing zone's keys are in the rule's scope",
        landing_zone.SCOPE_ACTIONS,
        landing_zone.keys_in_scope,
        only_in_management=True,
    ),
    Expectation(
        "landing-zone-results",
        "each of those keys has a result",
        landing_zone.RESULT_ACTIONS,
        landing_zone.keys_judged,
        only_in_management=True,
    ),
    Expectation(
        "organization-id",
        "OrganizationId is the organization's",
        organization.ID_ACTIONS,
        organization.organization_id,
    ),
    Expectation(
        "recorder",
        "AWS Config records KMS keys here",
        recording.RECORDER_ACTIONS,
        recording.recorder,
        only_in_management=True,
    ),
    Expectation(
        "recorder-role",
        "AWS Config's role exists",
        recording.ROLE_ACTIONS,
        recording.recorder_role,
        only_in_management=True,
    ),
    Expectation(
        "key-policies",
        "AWS Config can read the keys' policies",
        recording.POLICY_ACTIONS,
        recording.key_policies,
        only_in_management=True,
    ),
    Expectation("rule", "the rule is as the parameters say", rule.RULE_ACTIONS, rule.rule),
    Expectation(
        "last-evaluation", "the last evaluation succeeded", rule.EVALUATION_ACTIONS, rule.last_evaluation
    ),
    Expectation("function", "the Lambda function is ready", function.FUNCTION_ACTIONS, function.function),
    Expectation("code", "it runs the code of this checkout", function.CODE_ACTIONS, function.code),
    Expectation("runtime", "AWS supports its runtime", function.FUNCTION_ACTIONS, function.runtime),
    Expectation("role", "its role may do what is needed, no more", role.ROLE_ACTIONS, role.lambda_role),
    Expectation(
        "execution-role",
        "the role that it assumes is here",
        execution_role.EXECUTION_ACTIONS,
        execution_role.execution_role,
    ),
    Expectation(
        "permission", "AWS Config may invoke it for us only", function.PERMISSION_ACTIONS, function.permission
    ),
    Expectation(
        "trusted-access",
        "the organization trusts AWS Config",
        organization.ACCESS_ACTIONS,
        organization.trusted_access,
    ),
    Expectation(
        "organization-rule",
        "the rule arrived in every account",
        organization.STATUS_ACTIONS,
        organization.rule_in_accounts,
    ),
    Expectation(
        "accounts",
        "AWS Config left out no account",
        organization.ACCOUNTS_ACTIONS,
        organization.accounts_without_rule,
    ),
    Expectation(
        "aggregator",
        "an aggregator shows all accounts, fresh",
        organization.AGGREGATOR_ACTIONS,
        organization.aggregator,
    ),
)


def iam_policy(partition: str = "aws") -> dict[str, Any]:
    """Return the least that whoever looks must be allowed.

    An action stands on what it is about where that has a name beforehand, else on everything; all of them
    only read. What nobody can be refused, such as sts:GetCallerIdentity, is left out.
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    actions = sorted({action for expectation in EXPECTATIONS for action in expectation.actions})
    function_arn = f"arn:{partition}:lambda:*:*:function:{FUNCTION_NAME}"
    ours = [action for action in actions if action.startswith("lambda:")]
    other = [action for action in actions if not action.startswith("lambda:")]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "ReadTheFunction", "Effect": "Allow", "Action": ours, "Resource": function_arn},
            {"Sid": "ReadTheRest", "Effect": "Allow", "Action": other, "Resource": "*"},
        ],
    }
