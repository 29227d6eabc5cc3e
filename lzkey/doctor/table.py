"""Everything that must be true for the rule's results to be trusted, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor import (
    afar,
    aggregated,
    evaluations,
    execution_role,
    function,
    landing_zone,
    organization,
    recording,
    role,
    rule,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lzkey.doctor.check import Check
    from lzkey.doctor.subject import Subject


class Seer(Enum):
    """The accounts that must look; without credentials for them it is unknown."""

    HERE = auto()
    """The account that is examined."""
    MANAGEMENT = auto()
    """The management account alone."""
    BOTH = auto()
    """The account that is examined, and the management account, where the landing zone's key is."""
    MAKER = auto()
    """The account that made the organization's rule, or the one with a rule of its own."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must be true, the IAM actions that it takes to see it, and who looks."""

    name: str
    must: str
    actions: tuple[str, ...]
    look: Callable[[Subject], Check]
    seen_by: Seer = Seer.HERE
    hint: afar.Hint | None = None
    """What another account than the management account can tell of it."""

    @property
    def all_actions(self) -> tuple[str, ...]:
        """The IAM actions of the check, of finding who must look, and of the hint."""
        finding = organization.IS_ORGANIZATION if self.seen_by is Seer.MAKER else ()
        return (*self.actions, *finding, *(self.hint.actions if self.hint else ()))


EXPECTATIONS: Final = (
    Expectation(
        "landing-zone",
        "HomeRegion is the home of a landing zone",
        landing_zone.FIND_ACTIONS,
        landing_zone.landing_zone,
        seen_by=Seer.MANAGEMENT,
        hint=afar.MANAGER,
    ),
    Expectation(
        "landing-zone-keys",
        "the landing zone's keys are in the rule's scope",
        landing_zone.SCOPE_ACTIONS,
        landing_zone.keys_in_scope,
        seen_by=Seer.MANAGEMENT,
        hint=afar.MANAGER,
    ),
    Expectation(
        "landing-zone-results",
        "each of those keys has a result",
        landing_zone.RESULT_ACTIONS,
        landing_zone.keys_judged,
        seen_by=Seer.MANAGEMENT,
        hint=afar.RESULTS,
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
        seen_by=Seer.MANAGEMENT,
        hint=afar.SOURCE,
    ),
    Expectation(
        "recorder-role",
        "AWS Config's role exists",
        recording.ROLE_ACTIONS,
        recording.recorder_role,
        seen_by=Seer.MANAGEMENT,
        hint=afar.SOURCE,
    ),
    Expectation(
        "key-policies",
        "AWS Config can read the keys' policies",
        recording.POLICY_ACTIONS,
        recording.key_policies,
        seen_by=Seer.MANAGEMENT,
        hint=afar.POLICIES,
    ),
    Expectation("rule", "the rule is as the parameters say", rule.RULE_ACTIONS, rule.rule),
    Expectation(
        "last-evaluation",
        "the last evaluation succeeded",
        rule.EVALUATION_ACTIONS,
        rule.last_evaluation,
        seen_by=Seer.BOTH,
    ),
    Expectation(
        "function",
        "the Lambda function is ready",
        function.FUNCTION_ACTIONS,
        function.function,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "code", "it runs the code of this checkout", function.CODE_ACTIONS, function.code, seen_by=Seer.MAKER
    ),
    Expectation(
        "runtime", "AWS supports its runtime", function.FUNCTION_ACTIONS, function.runtime, seen_by=Seer.MAKER
    ),
    Expectation(
        "role",
        "its role may do what is needed, no more",
        role.ROLE_ACTIONS,
        role.lambda_role,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "execution-role",
        "the role that it assumes is here",
        execution_role.EXECUTION_ACTIONS,
        execution_role.execution_role,
        seen_by=Seer.BOTH,
    ),
    Expectation(
        "permission",
        "AWS Config may invoke it for us only",
        function.PERMISSION_ACTIONS,
        function.permission,
        seen_by=Seer.MAKER,
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
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "accounts",
        "AWS Config left out no account",
        organization.ACCOUNTS_ACTIONS,
        organization.accounts_without_rule,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "aggregator",
        "an aggregator shows all accounts, fresh",
        aggregated.AGGREGATOR_ACTIONS,
        aggregated.aggregator,
    ),
    Expectation(
        "evaluations",
        "all accounts with keys have results",
        evaluations.EVALUATIONS_ACTIONS,
        evaluations.evaluations,
    ),
)


def iam_policy(partition: str = "aws") -> dict[str, Any]:
    """Return the least that whoever looks must be allowed.

    An action stands on what it is about where that has a name beforehand, else on everything; all of them
    only read. What nobody can be refused, such as sts:GetCallerIdentity, is left out.
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    actions = sorted({action for expectation in EXPECTATIONS for action in expectation.all_actions})
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
