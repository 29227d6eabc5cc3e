"""Prove that a policy allows every request of a family, or find the request that it refuses.

What the requests differ in is cut into cases that no statement of the policy can tell apart; each case is
decided by `decide`. A bound keeps hostile policies cheap: past it the answer is `TOO_COMPLEX`, never a proof.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from landing_zone_key.policy.cases import Alternative, axes
from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.decision import (
    Decision,
    Reason,
    Request,
    decide,
    names_principal,
    names_resource,
)
from landing_zone_key.policy.document import Policy, Resources, ResourceText, Statement
from landing_zone_key.policy.family import ABSENT, AtLeast, Clock, Family, Fixed, Text
from landing_zone_key.policy.patterns import NOTHING, Pattern, resource_parts
from landing_zone_key.policy.representatives import Budget, TooComplexError
from landing_zone_key.policy.variables import UNSETTLED, Template, Unsettled

MAXIMUM_STEPS: Final = 20_000
"""The bound on one proof: steps of the automata and statements decided, together."""


@dataclass(frozen=True, slots=True)
class Proved:
    """Every request of the family is allowed (or, for `prove_refused`, refused)."""

    cases: int
    """How many requests were decided to know it; they stand for all the others."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request of the family is not decided as it should be."""

    request: Request | None
    """The counterexample. None where the bound was reached first (`TOO_COMPLEX`)."""
    decision: Decision


def prove(policy: Policy, family: Family) -> Proved | Refused:
    """Prove that every request of the family is allowed; doubt counts against it."""
    return _search(policy, family, wanted=True)


def prove_refused(policy: Policy, family: Family) -> Proved | Refused:
    """Prove that every request of the family is refused; doubt counts against that, too.

    The counterexample is then a request that is allowed, or that nobody can say is refused.
    """
    return _search(policy, family, wanted=False)


def _search(policy: Policy, family: Family, *, wanted: bool) -> Proved | Refused:
    budget = Budget(MAXIMUM_STEPS)
    cases = 0
    try:
        for action in family.actions:
            statements = _contributing(policy, family, action, doubt_allows=not wanted)
            relevant = Policy(statements)
            for request in _requests(family, action, statements, budget):
                budget.spend(1 + len(statements))
                cases += 1
                decision = decide(relevant, request, doubt_allows=not wanted)
                if decision.allowed is not wanted:
                    return Refused(request, decision)
    except TooComplexError:
        return Refused(None, Decision(allowed=not wanted, statement=None, reason=Reason.TOO_COMPLEX))
    return Proved(cases)


def _requests(
    family: Family, action: str, statements: tuple[Statement, ...], budget: Budget
) -> Iterator[Request]:
    """The cases as requests: first those that are quick to find, then all, where these are not all."""
    free = [
        condition
        for statement in statements
        for condition in statement.conditions
        if condition.operator is not None and not _is_settled(family, condition)
    ]
    choices = axes(family, free, budget)
    fixed = {key: fact.values for key, fact in family.facts.items() if isinstance(fact, Fixed | AtLeast)}
    for chosen in product(*(axis.quick for axis in choices)):
        yield _request(family, action, fixed, chosen)
    if any(axis.exact for axis in choices):
        for chosen in product(*(axis.exact() if axis.exact else axis.quick for axis in choices)):
            yield _request(family, action, fixed, chosen)


def _request(family: Family, action: str, fixed: Alternative, chosen: tuple[Alternative, ...]) -> Request:
    values = dict(fixed)
    for alternative in chosen:
        values.update(alternative)
    return Request(action, family.resource, family.service, values)


def _contributing(
    policy: Policy, family: Family, action: str, *, doubt_allows: bool
) -> tuple[Statement, ...]:
    """The statements that can make a difference to some request with this action.

    What the facts settle is settled here: policy variables are filled in, and statements that cannot match
    any request are left out. A condition that the cases cannot cover becomes one that nobody can decide.
    """
    request = Request(action, family.resource, family.service)
    reachable = [
        settled
        for statement in policy.statements
        if names_principal(statement.principals, request) is not False
        and statement.actions.include(action.lower())
        and names_resource((settled := _settle(statement, family)).resources, request) is not False
        and not any(_fails(family, condition) for condition in settled.conditions)
    ]
    kinds = _kinds_of_free_keys(reachable, family)
    covered = [
        replace(
            statement,
            conditions=tuple(_covered(condition, family, kinds) for condition in statement.conditions),
        )
        if statement.conditions
        else statement
        for statement in reachable
    ]
    return tuple(
        statement
        for statement in covered
        if statement.allows is doubt_allows
        or all(condition.operator is not None for condition in statement.conditions)
    )


def _settle(statement: Statement, family: Family) -> Statement:
    """Fill in the policy variables whose keys are fixed or absent; the others cannot be settled."""
    resources = statement.resources
    if resources is not None and any(isinstance(text.read, Template) for text in resources.texts):
        texts = tuple(
            ResourceText(text.text, _settle_resource(text.read, family))
            if isinstance(text.read, Template)
            else text
            for text in resources.texts
        )
        resources = Resources(resources.negated, texts)
    elif not any(condition.templates for condition in statement.conditions):
        return statement
    conditions = tuple(condition.resolve(family.settled_value) for condition in statement.conditions)
    return replace(statement, resources=resources, conditions=conditions)


def _settle_resource(template: Template, family: Family) -> Pattern | Unsettled:
    resolved = template.resolve(family.settled_value)
    if isinstance(resolved, Pattern):
        return resource_parts(resolved)
    return UNSETTLED if resolved is UNSETTLED else NOTHING


def _is_settled(family: Family, condition: Condition) -> bool:
    """Whether every request answers the condition alike."""
    fact = family.fact(condition.lookup_key)
    return fact is ABSENT or isinstance(fact, Fixed)


def _fails(family: Family, condition: Condition) -> bool:
    fact = family.fact(condition.lookup_key)
    if fact is ABSENT:
        return condition.holds(None) is False
    return isinstance(fact, Fixed) and condition.holds(fact.values) is False


def _kinds_of_free_keys(statements: Iterable[Statement], family: Family) -> dict[str, set[Kind]]:
    kinds: dict[str, set[Kind]] = {}
    for statement in statements:
        for condition in statement.conditions:
            if condition.operator is not None and not _is_settled(family, condition):
                kinds.setdefault(condition.lookup_key, set()).add(condition.operator.kind)
    return kinds


def _covered(condition: Condition, family: Family, kinds: Mapping[str, set[Kind]]) -> Condition:
    """The condition, or one that cannot be decided where the cases would not tell all its answers apart.

    Text is cut into cases as text, a clock as time; a key that one policy compares both as text and as a
    number would need both at once.
    """
    if condition.lookup_key not in kinds:
        return condition
    used = kinds[condition.lookup_key] - {Kind.PRESENCE}
    fact = family.fact(condition.lookup_key)
    if isinstance(fact, Clock):
        covered = used <= ({Kind.DATE} if fact is Clock.ISO else {Kind.DATE, Kind.NUMBER})
    elif isinstance(fact, Text):
        covered = used <= {Kind.TEXT}
    else:
        covered = len(used) <= 1
    return condition if covered else replace(condition, operator=None)
