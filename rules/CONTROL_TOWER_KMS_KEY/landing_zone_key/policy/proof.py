"""Prove that a policy allows every request of a family, or find the request that it refuses.

What the requests differ in is cut into cases that no statement of the policy can tell apart; each case is
decided by `decide`. A bound keeps hostile policies cheap: past it the answer is `TOO_COMPLEX`, never a proof.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from landing_zone_key.policy.cases import Alternative, axes, work
from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.decision import (
    Decision,
    Reason,
    Request,
    Values,
    applies,
    decide,
    names_principal,
    names_resource,
)
from landing_zone_key.policy.document import Policy, Resources, ResourceText, Statement
from landing_zone_key.policy.family import ABSENT, UNKNOWN, AtLeast, Clock, Family, Fixed, Other, Text
from landing_zone_key.policy.patterns import NOTHING, Pattern, resource_parts
from landing_zone_key.policy.representatives import Budget, TooComplexError
from landing_zone_key.policy.variables import UNSETTLED, Template, Unsettled

MAXIMUM_STEPS: Final = 4_000
"""The bound on one proof: steps of the automata, statements and values looked at, together; about as many
microseconds."""

MAXIMUM_STEPS_REFUSED: Final = 10 * MAXIMUM_STEPS
"""The same for `prove_refused`: the requests of others differ in more."""

_STEPS_PER_CONDITION: Final = 10
_STEPS_PER_TEMPLATE: Final = 8
_STEPS_PER_WALK: Final = 50
"""Matching a pattern that cannot be matched by search."""


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
    return _search(policy, family, Budget(MAXIMUM_STEPS), wanted=True)


def prove_refused(policy: Policy, family: Family) -> Proved | Refused:
    """Prove that every request of the family is refused; doubt counts against that, too.

    The counterexample is then a request that is allowed, or that nobody can say is refused.
    """
    return _search(policy, family, Budget(MAXIMUM_STEPS_REFUSED), wanted=False)


def _search(policy: Policy, family: Family, budget: Budget, *, wanted: bool) -> Proved | Refused:
    cases = 0
    answered = set()
    try:
        reachable = _reachable(policy, family, budget)
        for action in family.actions:
            about = [statement for statement in reachable if statement.actions.include(action.lower())]
            indexes = tuple(statement.index for statement in about)
            if indexes in answered:  # nothing but the statements depends on the action
                continue
            answered.add(indexes)
            if wanted:
                about = _without_needless(about, family, action)
            statements = _contributing(about, family, doubt_allows=not wanted)
            # Fewer statements that help, fewer cases; what these prove, all of them do.
            few = tuple(s for s in statements if s.allows is not wanted or not _asks_free_key(s, family))
            result = _decide_all(few, family, action, budget, wanted=wanted)
            if isinstance(result, Refused) and few != statements:
                result = _decide_all(statements, family, action, budget, wanted=wanted)
            if isinstance(result, Refused):
                return result
            cases += result.cases
    except TooComplexError:
        return Refused(None, Decision(allowed=not wanted, statement=None, reason=Reason.TOO_COMPLEX))
    return Proved(cases)


def _decide_all(
    statements: tuple[Statement, ...], family: Family, action: str, budget: Budget, *, wanted: bool
) -> Proved | Refused:
    policy, cases = Policy(statements), 0
    for request in _requests(family, action, statements, budget):
        cases += 1
        decision = decide(policy, request, doubt_allows=not wanted)
        if decision.allowed is not wanted:
            return Refused(request, decision)
    return Proved(cases)


def _asks_free_key(statement: Statement, family: Family) -> bool:
    """Whether a condition is on a key that may be absent, or may have any value."""
    facts = (family.fact(condition.lookup_key) for condition in statement.conditions)
    return any(fact is UNKNOWN or isinstance(fact, AtLeast | Other) for fact in facts)


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
    conditions: dict[str, list[Condition]] = {}
    for condition in (condition for statement in statements for condition in statement.conditions):
        conditions.setdefault(condition.lookup_key, []).append(condition)

    def request(chosen: tuple[Alternative, ...]) -> Request:
        values = Values(family.example)
        for alternative in chosen:
            values.update(alternative)
        effort = sum(work(on_key, values.get(key, ())) for key, on_key in conditions.items())
        budget.spend(8 + len(chosen) + 3 * len(statements) + effort)
        return Request(action, family.resource, family.service, values)

    yield from map(request, product(*(axis.quick for axis in choices)))
    if any(axis.exact for axis in choices):
        yield from map(request, product(*(axis.exact() if axis.exact else axis.quick for axis in choices)))


def _reachable(policy: Policy, family: Family, budget: Budget) -> list[Statement]:
    """The statements that can match some request, whatever its action, with policy variables filled in."""
    request = Request("", family.resource, family.service)
    about = [
        statement
        for statement in policy.statements
        if names_principal(statement.principals, request) is not False
    ]
    budget.spend(sum(map(_effort, about)))
    return [
        settled
        for statement in about
        if names_resource((settled := _settle(statement, family)).resources, request) is not False
        and not any(_fails(family, condition) for condition in settled.conditions)
    ]


def _effort(statement: Statement) -> int:
    """The steps that it takes to see whether a statement is about the resource and the actions."""
    texts = statement.resources.texts if statement.resources else ()
    walked = [text for text in texts if not (isinstance(text.read, Pattern) and text.read.runs)]
    return (
        1
        + len(texts)
        + sum(_STEPS_PER_WALK + len(text.text) // 8 for text in walked)
        + 2 * len(statement.actions.patterns)
        + sum(
            _STEPS_PER_CONDITION + _STEPS_PER_TEMPLATE * len(condition.templates)
            for condition in statement.conditions
        )
    )


def _without_needless(statements: list[Statement], family: Family, action: str) -> list[Statement]:
    """Leave out all other Allows where one of them matches every request."""
    allows = [statement for statement in statements if statement.allows]
    if len(allows) == 1:
        return statements
    example = Request(action, family.resource, family.service, Values(family.example))
    for allow in allows:
        if all(_is_settled(family, condition) for condition in allow.conditions) and applies(allow, example):
            return [statement for statement in statements if statement is allow or not statement.allows]
    return statements


def _contributing(
    reachable: Sequence[Statement], family: Family, *, doubt_allows: bool
) -> tuple[Statement, ...]:
    """The statements that can make a difference to some request.

    A condition that the cases cannot cover becomes one that nobody can decide.
    """
    kinds = _kinds_of_free_keys(reachable, family)
    covered = [
        replace(
            statement,
            conditions=tuple(_covered(condition, family, kinds) for condition in statement.conditions),
        )
        if any(condition.lookup_key in kinds for condition in statement.conditions)
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
    """The condition, or one that no value decides, where the cases would not tell all its answers apart.

    Text is cut into cases as text, a clock as time; a key that one policy compares both as text and as a
    number would need both at once, and so is cut as text.
    """
    used = kinds.get(condition.lookup_key, set()) - {Kind.PRESENCE}
    if condition.operator is None or condition.operator.kind not in used:
        return condition
    fact = family.fact(condition.lookup_key)
    if isinstance(fact, Clock):
        cut = {Kind.DATE} if fact is Clock.ISO else {Kind.DATE, Kind.NUMBER}
    elif isinstance(fact, Text) or len(used) > 1:
        cut = {Kind.TEXT}
    else:
        cut = used
    if condition.operator.kind in cut:
        return condition
    return replace(condition, literals=frozenset(), patterns=(), operands=(), doubtful=True)
