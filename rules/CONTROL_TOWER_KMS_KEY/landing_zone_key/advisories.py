"""What a reviewer wants to know about a key policy; it never changes the compliance."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from landing_zone_key.finding import Question, reference
from landing_zone_key.policy.document import Policy, Principals, Statement
from landing_zone_key.policy.family import ABSENT, UNKNOWN, Fact, Family, Fixed
from landing_zone_key.policy.patterns import ARN_PARTS
from landing_zone_key.policy.proof import Proved, Refused, is_plainly_refused, prove, prove_refused
from landing_zone_key.policy.representatives import one_of
from landing_zone_key.records import dataclass
from landing_zone_key.requests import CLOUDTRAIL, cloudtrail_family, foreign_family


class AdvisoryCode(StrEnum):
    """What was noticed."""

    OPEN_TO_OTHER_TRAILS = "OPEN_TO_OTHER_TRAILS"
    WILDCARD_PRINCIPAL = "WILDCARD_PRINCIPAL"
    GRANTS_TO_SERVICE = "GRANTS_TO_SERVICE"
    NO_ACCOUNT_ROOT = "NO_ACCOUNT_ROOT"
    INEFFECTIVE_STATEMENT = "INEFFECTIVE_STATEMENT"
    NO_DESCRIBE_KEY = "NO_DESCRIBE_KEY"
    UNFILLED_VALUE = "UNFILLED_VALUE"
    SHORT_ACCOUNT_ID = "SHORT_ACCOUNT_ID"
    EXPIRING_KEY_MATERIAL = "EXPIRING_KEY_MATERIAL"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One thing that was noticed."""

    code: AdvisoryCode
    message: str
    statement: str | int | None = None


_ACCOUNT_DIGITS: Final = 12
#: In an ARN, behind `arn`.
_ACCOUNT_PART: Final = 3
#: Accounts that a policy hardly names; a policy has no room for all of them.
_STRANGERS: Final = (444455556666, 10**_ACCOUNT_DIGITS)
_DESCRIBE_KEY: Final = "kms:DescribeKey"
_ENCRYPTION_CONTEXT: Final = "kms:encryptioncontext"

#: `${Name}`, `${AWS::Region}`, `${var.name}`: policy variables have one colon in their names.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
_UNFILLED: Final = r"\$\{(?:\w+::\w+|[\w.\[\]-]+)\}"


def advise(question: Question) -> tuple[Advisory, ...]:
    """Look the key and its policy through; the policy only where there is one to look at."""
    key, policy = _expiring_key_material(question), question.policy
    if policy is None:
        return key
    own = cloudtrail_family(question.key, question.zone, question.earliest)
    return (
        *key,
        *_open_to_other_trails(question, policy, own),
        *_wildcard_principals(policy),
        *_grants_to_services(policy),
        *_account_root(question, policy),
        *_ineffective(policy),
        *_describe_key(policy, own),
        *_unfilled_values(policy),
        *_short_account_ids(policy),
    )


def _expiring_key_material(question: Question) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-import-key-material.html."""
    date = question.key.material_expires
    if date is None:
        return ()
    message = (
        f"the imported key material expires on {date}: from then on no log can be delivered or read, until "
        "the same key material is imported again"
    )
    return (Advisory(AdvisoryCode.EXPIRING_KEY_MATERIAL, message),)


def _open_to_other_trails(question: Question, policy: Policy, own: Family) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.

    A limit in which nothing fills in a value is meant as one, and told by itself.
    """
    if not any(
        statement.allows and _may_name_services(statement.principals) for statement in policy.statements
    ):
        return ()
    account, organization = _strangers(question, policy)
    trails = (
        foreign_family(own, question.key, question.zone, facts, one_of((account,)))
        for facts in _organizations(organization)
    )
    of_anybody = next(trails)
    if is_plainly_refused(policy, of_anybody) or isinstance(prove_refused(policy, of_anybody), Proved):
        return ()
    message = "CloudTrail may use the key for trails of other accounts; limit the statement by aws:SourceArn"
    for theirs in trails:
        exposed = prove_refused(policy, theirs)
        if isinstance(exposed, Refused) and exposed.request is not None:
            by = exposed.decision.statement
            if by is not None and any(map(_unfilled, _condition_texts(by))):
                continue
            return (Advisory(AdvisoryCode.OPEN_TO_OTHER_TRAILS, message, reference(by)),)
    return ()


def _strangers(question: Question, policy: Policy) -> tuple[str, str]:
    """An account, and an organization, that the policy does not name.

    Whom it names it means to let in: a list of accounts, or of organizations, is a limit.
    """
    named = " ".join(text for statement in policy.statements for text in _condition_texts(statement))
    named += question.zone.management_account_id
    account = next(each for each in map(str, range(*_STRANGERS)) if each not in named)
    organization = "o-stranger"
    while organization in named:
        organization += "s"
    return account, organization


def _organizations(name: str) -> tuple[Mapping[str, Fact], ...]:
    """What is known of whose account it is: nothing; that it is this organization's; that it is none's."""
    member: dict[str, Fact] = {
        "aws:sourceorgid": Fixed((name,)),
        "aws:sourceorgpaths": Fixed((f"{name}/r-ab12/",)),
    }
    return dict.fromkeys(member, UNKNOWN), member, dict.fromkeys(member, ABSENT)


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


def _describe_key(policy: Policy, own: Family) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html.

    Whether CloudTrail may describe the key, where some statement lets it use the key; a request that does so
    has no encryption context.
    """
    allows = (statement for statement in policy.statements if statement.allows)
    uses = next((each for each in allows if CLOUDTRAIL in each.principals.services), None)
    if uses is None:
        return ()
    by = None
    if any(map(_may_decide_on_describing, policy.statements)):
        facts = {name: fact for name, fact in own.facts.items() if not name.startswith(_ENCRYPTION_CONTEXT)}
        absent = (*own.absent_prefixes, _ENCRYPTION_CONTEXT)
        described = replace(own, actions=(_DESCRIBE_KEY,), facts=facts, absent_prefixes=absent)
        result = prove(policy, described)
        if not isinstance(result, Refused):
            return ()
        by = result.decision.statement
    message = (
        f"{CLOUDTRAIL} may not call kms:DescribeKey for the landing zone's trail, which CloudTrail's guide "
        "requires; the key encrypts digest files as well as logs, and without digest files the integrity of "
        "the logs cannot be validated"
    )
    return (Advisory(AdvisoryCode.NO_DESCRIBE_KEY, message, reference(by or uses)),)


def _may_decide_on_describing(statement: Statement) -> bool:
    """Whether it could allow a service to describe the key, or deny that."""
    return not statement.allows or (
        _may_name_services(statement.principals)
        and statement.actions.include(_DESCRIBE_KEY.lower()) is not False
    )


def _unfilled_values(policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html."""
    return tuple(
        Advisory(
            AdvisoryCode.UNFILLED_VALUE,
            f"a value still holds {found[0][:80]}, which nothing fills in: Fn::Sub is missing, or what does "
            "the same elsewhere",
            reference(statement),
        )
        for statement in policy.statements
        if (found := next(filter(None, map(_unfilled, _texts(statement))), None))
    )


def _unfilled(text: str) -> re.Match[str] | None:
    return re.search(_UNFILLED, text) if "${" in text else None


def _short_account_ids(policy: Policy) -> tuple[Advisory, ...]:
    """https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html."""
    return tuple(
        Advisory(
            AdvisoryCode.SHORT_ACCOUNT_ID,
            f"the account id {short} has fewer than {_ACCOUNT_DIGITS} digits: leading zeros were lost; write "
            "it as text, in quotes",
            reference(statement),
        )
        for statement in policy.statements
        if (short := next(filter(_is_short, _accounts(statement)), None))
    )


def _is_short(account: str) -> bool:
    return account.isdecimal() and account.isascii() and len(account) < _ACCOUNT_DIGITS


def _accounts(statement: Statement) -> Iterator[str]:
    """What stands where an account id should: by itself, or in an ARN."""
    yield from sorted(statement.principals.aws)
    for condition in statement.conditions:
        if condition.lookup_key.endswith("account"):
            yield from condition.texts
    for text in _texts(statement):
        arn, *parts = text.split(":", ARN_PARTS - 1)
        if arn == "arn" and len(parts) > _ACCOUNT_PART:
            yield parts[_ACCOUNT_PART]


def _texts(statement: Statement) -> Iterator[str]:
    """Whatever a statement says of principals, resources and conditions."""
    yield from sorted(statement.principals.aws | statement.principals.services)
    yield from (entry.text for entry in statement.resources.texts)
    yield from _condition_texts(statement)


def _condition_texts(statement: Statement) -> Iterator[str]:
    return (text for condition in statement.conditions for text in condition.texts)


def _is_wildcard(principals: Principals) -> bool:
    """Everyone, or everyone but a few; `NotPrincipal` with a wildcard is nobody."""
    return principals.negated is not (principals.everyone or "*" in principals.aws)


def _may_name_services(principals: Principals) -> bool:
    return bool(principals.services) or principals.everyone or principals.negated
