"""What a reviewer wants to know about a key policy; it never changes the compliance."""

from enum import StrEnum

from landing_zone_key.finding import Question, reference
from landing_zone_key.policy.document import Policy, Principals, Statement
from landing_zone_key.policy.proof import Refused, prove_refused
from landing_zone_key.records import dataclass
from landing_zone_key.requests import CLOUDTRAIL, foreign_families


class AdvisoryCode(StrEnum):
    """What was noticed."""

    OPEN_TO_OTHER_TRAILS = "OPEN_TO_OTHER_TRAILS"
    WILDCARD_PRINCIPAL = "WILDCARD_PRINCIPAL"
    GRANTS_TO_SERVICE = "GRANTS_TO_SERVICE"
    NO_ACCOUNT_ROOT = "NO_ACCOUNT_ROOT"
    INEFFECTIVE_STATEMENT = "INEFFECTIVE_STATEMENT"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One thing that was noticed."""

    code: AdvisoryCode
    message: str
    statement: str | int | None = None


def advise(question: Question) -> tuple[Advisory, ...]:
    """Look the policy through; nothing where there is none to look at."""
    if question.policy is None:
        return ()
    return (
        *_open_to_other_trails(question, question.policy),
        *_wildcard_principals(question.policy),
        *_grants_to_services(question.policy),
        *_account_root(question, question.policy),
        *_ineffective(question.policy),
    )


def _open_to_other_trails(question: Question, policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html."""
    if not any(
        statement.allows and _may_name_services(statement.principals) for statement in policy.statements
    ):
        return ()
    message = "CloudTrail may use the key for trails of other accounts; limit the statement by aws:SourceArn"
    for trails in foreign_families(CLOUDTRAIL, question.key, question.zone, question.earliest):
        exposed = prove_refused(policy, trails)
        if isinstance(exposed, Refused) and exposed.request is not None:
            statement = reference(exposed.decision.statement)
            return (Advisory(AdvisoryCode.OPEN_TO_OTHER_TRAILS, message, statement),)
    return ()


def _wildcard_principals(policy: Policy) -> tuple[Advisory, ...]:
    return tuple(
        Advisory(
            AdvisoryCode.WILDCARD_PRINCIPAL,
            "the statement allows every principal" + (" under conditions" if statement.conditions else ""),
            reference(statement),
        )
        for statement in policy.statements
        if statement.allows and not statement.lacks and _is_wildcard(statement.principals)
    )


def _grants_to_services(policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html."""
    return tuple(
        Advisory(
            AdvisoryCode.GRANTS_TO_SERVICE,
            "the statement lets an AWS service create grants, which give access that no key policy shows",
            reference(statement),
        )
        for statement in policy.statements
        if statement.allows
        and not statement.lacks
        and statement.principals.services
        and statement.actions.include("kms:creategrant") is not False
    )


def _account_root(question: Question, policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html."""
    arn = question.key.arn
    if any(_allows_account(statement, arn.partition, arn.account) for statement in policy.statements):
        return ()
    message = (
        "no statement names the account root: the key can become unmanageable when its administrators go"
    )
    return (Advisory(AdvisoryCode.NO_ACCOUNT_ROOT, message),)


def _allows_account(statement: Statement, partition: str, account: str) -> bool:
    root = {account, f"arn:{partition}:iam::{account}:root"}
    principals = statement.principals
    return statement.allows and not statement.lacks and not principals.negated and bool(root & principals.aws)


def _ineffective(policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html."""
    return tuple(
        Advisory(
            AdvisoryCode.INEFFECTIVE_STATEMENT,
            f"the statement has no {' and no '.join(statement.lacks)}, and so no effect: add what is missing "
            "or remove it; KMS does not take such a statement any more",
            reference(statement),
        )
        for statement in policy.statements
        if statement.lacks
    )


def _is_wildcard(principals: Principals) -> bool:
    """Everyone, or everyone but a few; `NotPrincipal` with a wildcard is nobody."""
    return principals.negated is not (principals.everyone or "*" in principals.aws)


def _may_name_services(principals: Principals) -> bool:
    return bool(principals.services) or principals.everyone or principals.negated
