"""Everything that must be true for the rule's results to be trusted, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from lzkey.aws.fact import actions_of, identity_policy, statement
from lzkey.deployment.stack import FUNCTION_NAME
from lzkey.doctor import (
    beside,
    delivery,
    evaluations,
    function,
    landing_zone,
    organization,
    recording,
    role,
    rule,
)
from lzkey.doctor.subject import RULES

if TYPE_CHECKING:
    from lzkey.aws.fact import Fact
    from lzkey.doctor.subject import Check, Subject


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
    """One thing that must be true, the check that sees it, and who looks."""

    name: str
    must: str
    look: Fact[[Subject], Check]
    seen_by: Seer = Seer.HERE
    hint: evaluations.Hint | None = None
    """What another account than the management account can tell of it."""

    @property
    def actions(self) -> frozenset[str]:
        """The IAM actions of the check, of finding who must look, and of the hint."""
        finding = RULES if self.seen_by is Seer.MAKER else ()
        return actions_of(self.look, *finding, *((self.hint,) if self.hint else ()))


EXPECTATIONS: Final = (
    Expectation(
        "landing-zone",
        "HomeRegion is the home of a landing zone",
        landing_zone.landing_zone,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "landing-zone-keys",
        "the landing zone's keys are in the rule's scope",
        landing_zone.keys_in_scope,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "landing-zone-results",
        "each of those keys has a result",
        landing_zone.keys_judged,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.results,
    ),
    Expectation(
        "former-keys",
        "its former keys can decrypt older logs",
        landing_zone.older_logs,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "trail",
        "the landing zone's trail delivers its logs",
        delivery.organization_trail,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "delivery-channel",
        "AWS Config's delivery channel delivers",
        delivery.delivery_channel,
        seen_by=Seer.BOTH,
    ),
    Expectation(
        "baselines",
        "accounts are on the present configuration",
        beside.baselines,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "key-last-use",
        "the landing zone's keys are in use",
        beside.key_last_use,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "beside-the-key",
        "the key policies are all that allows",
        beside.beside_the_key,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.manager,
    ),
    Expectation(
        "organization-id",
        "OrganizationId is the organization's",
        organization.organization_id,
    ),
    Expectation(
        "recorder",
        "AWS Config records KMS keys here",
        recording.recorder,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.source,
    ),
    Expectation(
        "recorder-role",
        "AWS Config's role exists",
        recording.recorder_role,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.source,
    ),
    Expectation(
        "key-policies",
        "AWS Config can read the keys' policies",
        recording.key_policies,
        seen_by=Seer.MANAGEMENT,
        hint=evaluations.policies,
    ),
    Expectation("rule", "the rule is as the parameters say", rule.rule),
    Expectation(
        "last-evaluation",
        "the last evaluation succeeded",
        rule.last_evaluation,
        seen_by=Seer.BOTH,
    ),
    Expectation(
        "function",
        "the Lambda function is ready",
        function.function,
        seen_by=Seer.MAKER,
    ),
    Expectation("code", "it runs the code of this version", function.code, seen_by=Seer.MAKER),
    Expectation("runtime", "AWS supports its runtime", function.runtime, seen_by=Seer.MAKER),
    Expectation(
        "role",
        "its role may do what is needed, no more",
        role.lambda_role,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "execution-role",
        "the role that it assumes is here",
        role.execution_role,
        seen_by=Seer.BOTH,
    ),
    Expectation(
        "permission",
        "AWS Config may invoke it for us only",
        function.permission,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "trusted-access",
        "the organization trusts AWS Config",
        organization.trusted_access,
    ),
    Expectation(
        "organization-rule",
        "the rule arrived in every account",
        organization.rule_in_accounts,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "accounts",
        "AWS Config left out no account",
        organization.accounts_without_rule,
        seen_by=Seer.MAKER,
    ),
    Expectation(
        "aggregator",
        "an aggregator shows all accounts, fresh",
        organization.aggregator,
    ),
    Expectation(
        "evaluations",
        "all accounts with keys have results",
        evaluations.evaluations,
    ),
)


def iam_policy(partition: str = "aws") -> dict[str, Any]:
    """The least that whoever looks must be allowed.

    An action stands on what it is about where that has a name beforehand, else on everything; all of them
    only read. What nobody can be refused, such as sts:GetCallerIdentity, is left out.
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    actions = {action for expectation in EXPECTATIONS for action in expectation.actions}
    ours = {action for action in actions if action.startswith("lambda:")}
    where = f"arn:{partition}:lambda:*:*:function:{FUNCTION_NAME}"
    return identity_policy(
        statement("ReadTheFunction", ours, where), statement("ReadTheRest", actions - ours)
    )
