"""The words for a service that may not make all its requests: which one is refused, for whom, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from landing_zone_key.finding import Finding, FindingReason, Question, Requirement, reference
from landing_zone_key.policy.conditions import Condition
from landing_zone_key.policy.decision import Decision, Reason, Request, decide
from landing_zone_key.policy.document import Policy, Statement
from landing_zone_key.policy.explanation import Miss, Outcome, certainly_allowed, explain, nearest_allow
from landing_zone_key.policy.family import Family
from landing_zone_key.policy.proof import Proved, Refused, find_refused
from landing_zone_key.policy.relevance import is_undocumented
from landing_zone_key.requests import CLOUDTRAIL, CLOUDTRAIL_ACTIONS, CONFIG, CONFIG_ACTIONS, SETTLED_BY
from landing_zone_key.settings import LandingZone, PermissionStandard
from landing_zone_key.whose import (
    FOR_ACCOUNT,
    account_of,
    find_refused_account,
    is_by_account,
    is_for_any_other,
    prove_accounts,
    refused_for,
    region_of,
)

#: What stands in an annotation, all of a finding that AWS Config keeps: `lzkey report` reads it back.
REFUSED: Final = "refused"
MAY_BE_REFUSED: Final = "may be refused"
MISSES_ON: Final = "misses on"
ALLOWS: Final = "allows"
OPEN_TO: Final = "open to account"

#: Of a list of accounts that is complete today.
TODAYS: Final = "today's"

#: Where a condition is one that the cases of a proof cannot cover: text on a number, a variable that differs.
_OTHER_REQUESTS: Final = "its conditions cannot be decided for every request of the service"

FamilyFor: TypeAlias = Callable[[LandingZone], Family]
"""The service's requests to the key, for a landing zone like the one that is asked about."""


def in_words(
    question: Question,
    requirement: Requirement,
    policy: Policy,
    family: Family,
    family_for: FamilyFor,
    wrong: Refused,
) -> Finding:
    """The finding: a request of the service that is refused, or a foreign one that is allowed."""
    if wrong.decision.allowed:
        return _exposed(requirement, policy, question.zone, wrong)
    return _refused(question, requirement, policy, family, family_for, wrong)


def _refused(
    question: Question,
    requirement: Requirement,
    policy: Policy,
    family: Family,
    family_for: FamilyFor,
    result: Refused,
) -> Finding:
    """The request that is refused for certain, where there is one; else the one that may be."""
    zone = question.zone
    # Control Tower's page documents more actions for CloudTrail than anybody has seen it ask for.
    known = replace(
        zone,
        governed_regions=zone.governed_regions or (zone.home_region,),
        permission_standard=PermissionStandard.FUNCTIONAL,
    )

    def surest(accounts: tuple[str, ...]) -> Family:
        return family_for(replace(known, accounts=accounts))

    def every(accounts: tuple[str, ...]) -> Family:
        return family_for(replace(zone, accounts=accounts))

    # CloudTrail's requests are the same for every account.
    today = tuple(dict.fromkeys(zone.accounts)) if requirement is Requirement.CONFIG_ACCESS else ()
    if today:
        proved = prove_accounts(policy, today, every)
        if isinstance(proved, Proved):
            anybody = find_refused(policy, surest(()))
            if anybody is None and result.request is None:  # nobody knows of any other account
                return _told(question, policy, family, (result, requirement, ""))
            told = _told(question, policy, family, (anybody or result, requirement, ""))
            others = anybody is not None and is_for_any_other(policy, anybody)
            return _of_the_next(told, len(today), certain=others)
        certain = find_refused_account(policy, today, surest)
        refused = certain or proved
        account = account_of(refused)
        whose = f" {FOR_ACCOUNT} {account}" if account and is_by_account(policy, refused) else ""
        return _told(question, policy, family, (refused, requirement, whose))
    certain = find_refused(policy, surest(()))
    if certain is None:
        return _told(question, policy, family, (result, requirement, ""))
    certain, whose = refused_for(policy, certain, zone.management_account_id, surest, every)
    return _told(question, policy, family, (certain, requirement, whose))


def _of_the_next(told: Finding, count: int, *, certain: bool) -> Finding:
    """What is found where an account that is not there yet would, or may, be refused."""
    allowed = f"allowed for {TODAYS} {count} account{'' if count == 1 else 's'}"
    another = "the next one would be refused" if certain else "another one may be refused"
    action, cause = told.action or CONFIG_ACTIONS[0], told.message.partition(": ")[2]
    return replace(
        told,
        reason=FindingReason.NEXT_ACCOUNT,
        summary=f"{action} {allowed}; {another}",
        message=f"{action} by {CONFIG} is {allowed}, and {another}: {cause}",
    )


def _told(
    question: Question, policy: Policy, family: Family, found: tuple[Refused, Requirement, str]
) -> Finding:
    """The refusal in words: the request, the requirement, and for whom."""
    refused, requirement, whose = found
    request, decision = refused.request, refused.decision
    if request is None:
        return Finding(
            requirement,
            FindingReason(decision.reason.value),
            "the key policy is too complex to prove",
            f"the key policy needs more cases than the bound to prove that every request of {family.service} "
            "is allowed; simplify the conditions of its statements",
        )
    outcomes = explain(_telling(policy, decision), request)
    nearest = None if decision.statement else nearest_allow(outcomes) or _perhaps_allowing(outcomes)
    cause, short = _cause(decision, nearest, outcomes)
    conditions = _conditions(nearest, decision)
    hint = ""
    if not refused.certain:
        hint = settled_by(question.zone, conditions) or _regions_hint(question.zone, request, conditions)
        hint = hint or _undocumented(family, conditions) or _unseen(request)
    statement = decision.statement or (nearest.statement if nearest else None)
    if any(condition.lookup_key == "aws:sourcearn" for condition in conditions):
        whose += region_of(policy, refused)
    short_verb, verb = (REFUSED, "would be refused") if refused.certain else (MAY_BE_REFUSED, MAY_BE_REFUSED)
    return Finding(
        requirement,
        FindingReason(decision.reason.value),
        f"{request.action} {short_verb}{whose}, {short}",
        f"{request.action} by {request.service}{whose} {verb}: {cause}{hint}",
        reference(statement),
        None if decide(policy, request).allowed else request,  # where no case was decided as it is written
        request.action,
        possible=not refused.certain,
    )


def _telling(policy: Policy, decision: Decision) -> Policy:
    """The statements that tell why: those that allow; the Deny of which it is open whether it applies."""
    deciding = decision.statement
    if deciding is None:
        return Policy(tuple(statement for statement in policy.statements if statement.allows))
    is_open = decision.reason is Reason.UNDECIDABLE_DENY
    return Policy((policy.statements[deciding.index],) if is_open else ())  # as it is written


def _unseen(request: Request) -> str:
    """The end of a message about an action of which it is not documented that the service asks for it."""
    if request.service != CLOUDTRAIL or request.action in CLOUDTRAIL_ACTIONS[PermissionStandard.FUNCTIONAL]:
        return ""
    return "; whether CloudTrail makes that request is not documented"


def _undocumented(family: Family, conditions: Iterable[Condition]) -> str:
    """The end of a message: the keys of which AWS does not say whether they are in the request."""
    keys = dict.fromkeys(
        condition.key
        for condition in conditions
        if condition.operator is not None and is_undocumented(family, condition)
    )
    if not keys:
        return ""
    are = "is" if len(keys) == 1 else "are"
    return f"; whether {' and '.join(keys)} {are} in the request is not documented"


def _conditions(nearest: Outcome | None, decision: Decision) -> tuple[Condition, ...]:
    """The conditions that refuse: those of the Deny, or those that the nearest Allow misses on."""
    if decision.statement is not None:
        return decision.statement.conditions
    return tuple(miss.condition for miss in nearest.misses if miss.condition) if nearest else ()


def _regions_hint(zone: LandingZone, request: Request, conditions: Iterable[Condition]) -> str:
    """What to do where a list of Regions is complete, and nobody has said so."""
    by_arn = any(condition.lookup_key == "aws:sourcearn" for condition in conditions)
    if request.service != CONFIG or zone.governed_regions or not by_arn:
        return ""
    return "; if only some Regions are governed, name them in the rule parameter GovernedRegions"


def _perhaps_allowing(outcomes: Iterable[Outcome]) -> Outcome | None:
    """An Allow of which it is open whether it names the service, and which misses nothing else."""
    return next((each for each in outcomes if each.statement.allows and each.matches is None), None)


def _cause(decision: Decision, nearest: Outcome | None, outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Why: in a sentence, and in a few words."""
    if decision.statement is not None:
        label = decision.statement.label
        if decision.reason is Reason.UNDECIDABLE_DENY:
            doubts = [miss.doubt for outcome in outcomes for miss in outcome.misses if miss.doubt]
            why = ", and ".join(dict.fromkeys(doubts or [_OTHER_REQUESTS]))
            return (
                f"whether the Deny {label} applies cannot be decided: {why}",
                f"perhaps denied by {label}",
            )
        return f"{label} denies it", f"denied by {label}"
    if nearest is None:
        return "no statement allows this service", "no statement allows it"
    label = nearest.statement.label
    if nearest.matches is not False:
        return _doubtful_allow(nearest)
    misses = [_missed(miss, nearest.statement) for miss in nearest.misses]
    keys = [
        miss.condition.key if miss.condition else f"{miss.element} {miss.written}".rstrip()
        for miss in nearest.misses
    ]
    return (
        f"the nearest statement, {label}, does not match its {', '.join(misses) or 'request'}",
        f"{label} {MISSES_ON} {', '.join(dict.fromkeys(keys)) or 'doubt'}",
    )


def _doubtful_allow(outcome: Outcome) -> tuple[str, str]:
    """Why an Allow proves nothing, although it may well allow the request."""
    label, doubts = outcome.statement.label, [miss.doubt for miss in outcome.misses]
    principals = outcome.statement.principals
    by_principal = bool(outcome.misses) and outcome.misses[0].element == "Principal"
    if by_principal and "*" in principals.aws and not principals.doubtful:
        cause = f'whether {{"AWS": "*"}} in {label} includes AWS services is not documented'
        return (
            f"no statement names this service: {', and '.join([cause, *doubts[1:]])}",
            f'{label} {ALLOWS} {{"AWS": "*"}}, perhaps no service',
        )
    doubts = doubts or [_OTHER_REQUESTS]
    return f"{label} may allow it, but {', and '.join(doubts)}", f"perhaps allowed by {label}"


def _missed(miss: Miss, statement: Statement) -> str:
    """The element that does not match: a condition by operator and key, a Resource by what it names."""
    if miss.condition is not None:
        return f"{miss.condition.name} {miss.condition.key}".rstrip()
    if miss.written:
        return f"{miss.element}: {miss.written}, not {miss.right}"
    if miss.element in statement.lacks:
        return f"{miss.element} (it has none, and so no effect)"
    if miss.element != "Resource":
        return miss.element
    first, *others = statement.resources.texts
    more = f" and {len(others)} more" if others else ""
    return f"{'Not' * statement.resources.negated}Resource {first.text[:160]}{more}"


def settled_by(zone: LandingZone, conditions: Iterable[Condition]) -> str:
    """The end of a message: which parameter would settle these conditions; empty where none would."""
    if zone.organization_id is not None:
        return ""
    keys = [condition.key for condition in conditions if condition.lookup_key in SETTLED_BY]
    if not keys:
        return ""
    return f"; the rule parameter {SETTLED_BY[keys[0].lower()]} would settle {keys[0]}"


def _exposed(requirement: Requirement, policy: Policy, zone: LandingZone, exposed: Refused) -> Finding:
    request, statement = exposed.request, exposed.decision.statement
    if request is None:
        return Finding(
            requirement,
            FindingReason.TOO_COMPLEX,
            "the key policy is too complex to prove",
            "the key policy needs more cases than the bound to prove that foreign requests are refused",
        )
    label = statement.label if statement else "a statement"
    account = request.values.get("aws:sourceaccount", ("?",))[0]
    certain = certainly_allowed(explain(policy, request))
    foreign = (
        ""
        if zone.organization_id
        else ", and give the rule parameter OrganizationId: without it every other account counts as foreign"
    )
    return Finding(
        requirement,
        FindingReason.FOREIGN_REQUEST_ALLOWED,
        f"{request.action} {'' if certain else 'perhaps '}{OPEN_TO} {account} by {label}",
        f"{request.action} by {request.service} for the foreign account {account} "
        f"{'is' if certain else 'may be'} allowed by {label}, and "
        "RequireConfusedDeputyProtection asks that it be refused; limit the statement to the organization or "
        f"the trail{foreign}",
        reference(statement),
        request,
        request.action,
        possible=not certain,
    )
