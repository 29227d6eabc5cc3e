"""Which statements can make a difference to the requests of a family, and in what: all else is left out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Final, NamedTuple

from landing_zone_key.policy.budget import Budget
from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.decision import (
    Request,
    Values,
    effort,
    filled_in,
    names_principal,
    names_resource,
)
from landing_zone_key.policy.document import (
    DOUBTFUL_RESOURCE,
    EVERY_RESOURCE,
    Actions,
    Policy,
    Resources,
    Statement,
)
from landing_zone_key.policy.family import ABSENT, MANY_VALUED, UNKNOWN, AtLeast, Clock, Family, Fixed, Text
from landing_zone_key.policy.joining import any_is_enough
from landing_zone_key.policy.patterns import exactly
from landing_zone_key.policy.variables import Template

#: So few texts are as cheap as one.
_FEW: Final = 4


class Variety(IntEnum):
    """What a statement's conditions ask for; the higher, the more cases."""

    SETTLED = 0
    """What every request has alike."""
    KNOWN = 1
    """Texts and clocks, of which it is known what they can be."""
    FREE = 2
    """Keys that may be absent, or may have any value."""


def variety_of(statement: Statement, family: Family) -> Variety:
    """The highest variety of its conditions."""
    return max((_variety(condition, family) for condition in statement.conditions), default=Variety.SETTLED)


def _variety(condition: Condition, family: Family) -> Variety:
    if is_settled(family, condition):
        return Variety.SETTLED
    return Variety.KNOWN if isinstance(family.fact(condition.lookup_key), Text | Clock) else Variety.FREE


class Reaching(NamedTuple):
    """A statement that can match some request of a family."""

    statement: Statement
    """With policy variables filled in, and what it says of resources decided."""
    surely: bool
    """Whether it matches every request for the actions that it includes."""


def reaching(policy: Policy, family: Family, budget: Budget) -> list[Reaching]:
    """The statements that can match some request, whatever its action."""
    request = Request("", family.resource, family.service, Values())
    reached = []
    for statement in policy.statements:
        named = names_principal(statement.principals, request)
        if named is False:
            continue
        budget.spend(effort(statement, family.settled_value))
        settled = _settle(statement, family)
        takes_in = names_resource(settled.resources, request)
        if takes_in is False:
            continue
        surely = named is True and takes_in is True
        for condition in settled.conditions:
            holds = _holds(family, condition)
            if holds is False:
                break
            surely = surely and holds is True
        else:
            reached.append(Reaching(_with_resource(settled, surely=takes_in is True), surely))
    return reached


def can_match(statement: Statement, family: Family, budget: Budget) -> bool:
    """Whether some request may match a statement that is reached; in doubt it does.

    It does not where a text would have to be one that it cannot be: another account's trail, say.
    """
    return not any(_is_out_of_reach(condition, family, budget) for condition in statement.conditions)


def _is_out_of_reach(condition: Condition, family: Family, budget: Budget) -> bool:
    fact, operator = family.fact(condition.lookup_key), condition.operator
    if not isinstance(fact, Text) or condition.lookup_key in MANY_VALUED:
        return False
    if operator is None or operator.kind is not Kind.TEXT or condition.patterns:
        return False
    budget.spend(sum(map(len, condition.literals)))
    return any_is_enough(condition) and not any(family.may_be(fact, each) for each in condition.literals)


def _with_resource(statement: Statement, *, surely: bool) -> Statement:
    """The statement about the one resource of all requests: whether it names that is decided once."""
    texts = statement.resources.texts
    if len(texts) == 1 and not texts[0].inner:
        return statement
    return statement.with_resources(EVERY_RESOURCE if surely else DOUBTFUL_RESOURCE)


def with_action(statement: Statement, action: str, *, surely: bool) -> Statement:
    """The statement about the one action (in lower case) that is asked for, decided once as well."""
    if len(statement.actions.literals) + statement.actions.wild <= _FEW:
        return statement
    named = frozenset({action}) if surely else frozenset[str]()
    doubtful = {} if surely else {action: exactly(action)}
    return replace(statement, actions=Actions(negated=False, literals=named, doubtful=doubtful))


def favourable(statement: Statement, family: Family) -> Statement | None:
    """The statement at its best for the request, whatever nobody documents; None where it need not apply.

    An Allow may meet a condition on a key of which nothing is documented, and a Deny may miss it.
    """
    kept = []
    for condition in statement.conditions:
        if not is_undocumented(family, condition):
            kept.append(condition)
        elif _may(condition, family, met=statement.allows) is not statement.allows:
            return None
    return replace(statement, conditions=tuple(kept)) if len(kept) < len(statement.conditions) else statement


def is_undocumented(family: Family, condition: Condition) -> bool:
    """Whether it depends on what AWS does not document to be in the request."""
    fact = family.fact(condition.lookup_key)
    return fact is UNKNOWN or isinstance(fact, AtLeast)


def _may(condition: Condition, family: Family, *, met: bool) -> bool:
    """Whether some request of the family meets such a condition, or misses it; in doubt it does."""
    fact = family.fact(condition.lookup_key)
    if not isinstance(fact, AtLeast) or condition.patterns or condition.templates or condition.doubtful:
        return True
    more = (*sorted(condition.literals), "")
    carried = (fact.values, *((*fact.values, value) for value in more))
    return any(condition.holds(values) is not (not met) for values in carried)


def contributing(
    reachable: Sequence[Statement], family: Family, *, doubt_allows: bool
) -> tuple[Statement, ...]:
    """The statements that can make a difference to some request.

    A condition that the cases cannot cover becomes one that nobody can decide.
    """
    uncovered = _uncovered(reachable, family)
    if uncovered:
        reachable = [_without_values(statement, uncovered) for statement in reachable]
    return tuple(
        statement
        for statement in reachable
        if statement.allows is doubt_allows
        or None not in [condition.operator for condition in statement.conditions]
    )


def _settle(statement: Statement, family: Family) -> Statement:
    """Fill in the policy variables whose keys are fixed or absent; the others cannot be settled."""
    resources = statement.resources
    if Template in [type(text.read) for text in resources.texts]:
        negated = resources.negated
        texts = tuple(
            replace(text, read=filled_in(text, family.settled_value, negated=negated))
            for text in resources.texts
        )
        resources = Resources(negated, texts)
    else:
        for condition in statement.conditions:
            if condition.templates:
                break
        else:
            return statement
    conditions = tuple(condition.resolve(family.settled_value) for condition in statement.conditions)
    return replace(statement, resources=resources, conditions=conditions)


def is_settled(family: Family, condition: Condition) -> bool:
    """Whether every request answers the condition alike."""
    fact = family.fact(condition.lookup_key)
    return fact is ABSENT or isinstance(fact, Fixed)


def _holds(family: Family, condition: Condition) -> bool | None:
    """What every request answers to the condition; None where they differ, or it cannot be decided."""
    fact = family.fact(condition.lookup_key)
    if fact is ABSENT:
        return condition.holds(None)
    return condition.holds(fact.values) if isinstance(fact, Fixed) else None


def _uncovered(statements: Iterable[Statement], family: Family) -> frozenset[tuple[str, Kind]]:
    """The keys, and the kinds by which they are compared, where the cases do not tell all answers apart.

    Text is cut into cases as text, a clock as time; a key that one policy compares both as text and as a
    number would need both at once, and so is cut as text.
    """
    compared: dict[str, set[Kind]] = {}
    for statement in statements:
        for condition in statement.conditions:
            if condition.operator is not None and not is_settled(family, condition):
                compared.setdefault(condition.lookup_key, set()).add(condition.operator.kind)
    uncovered = set()
    for key, kinds in compared.items():
        kinds.discard(Kind.PRESENCE)
        fact = family.fact(key)
        if isinstance(fact, Clock):
            cut = {Kind.DATE} if fact is Clock.ISO else {Kind.DATE, Kind.NUMBER}
        elif isinstance(fact, Text) or len(kinds) > 1:
            cut = {Kind.TEXT}
        else:
            continue
        uncovered |= {(key, kind) for kind in kinds - cut}
    return frozenset(uncovered)


def _without_values(statement: Statement, uncovered: frozenset[tuple[str, Kind]]) -> Statement:
    """The statement with conditions that no value decides in place of those that the cases do not cover."""
    conditions = tuple(
        replace(condition, literals=frozenset(), patterns=(), operands=(), doubtful=True)
        if condition.operator and (condition.lookup_key, condition.operator.kind) in uncovered
        else condition
        for condition in statement.conditions
    )
    return replace(statement, conditions=conditions)
