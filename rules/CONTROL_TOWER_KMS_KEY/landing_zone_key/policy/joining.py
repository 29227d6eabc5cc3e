"""Statements with values of which any is enough: many taken as one, and one taken apart."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from landing_zone_key.policy.budget import Budget
from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.document import Statement

#: Comparing so many values costs a step.
_VALUES_PER_STEP: Final = 8

#: So many values of a list are taken apart.
_MOST: Final = 16


def joined(statements: Sequence[Statement], budget: Budget) -> list[Statement]:
    """Statements that differ in the values of one condition alone, as one statement with all the values.

    A request that meets any of them meets the one, and the other way round; doubt of theirs is its doubt.
    """
    left = list(statements)
    lengths = sorted(len(each.conditions) for each in statements)
    for place in range(lengths[-2] if len(lengths) > 1 else 0):
        groups: dict[object, list[Statement]] = {}
        for number, statement in enumerate(left):
            values = sum([len(condition.texts) for condition in statement.conditions])
            budget.spend(1 + values // _VALUES_PER_STEP)
            groups.setdefault(_apart_from(statement, place) or number, []).append(statement)
        left = [_with_all_values(group, place) for group in groups.values()]
    return left


def taken_apart(statement: Statement) -> Iterator[Statement]:
    """The statement with one value alone for each condition that lists some: first ones, second ones, ...

    A request that meets one of these meets the statement.
    """
    listed = [
        list(islice(_each_value(condition), _MOST)) if any_is_enough(condition) else [condition]
        for condition in statement.conditions
    ]
    for number in range(max(map(len, listed), default=0)):
        conditions = [each[min(number, len(each) - 1)] for each in listed if each]
        yield replace(statement, conditions=tuple(conditions))


def any_is_enough(condition: Condition) -> bool:
    """Whether a value of the request that matches one of the condition's is enough, and all can be read."""
    operator = condition.operator
    return (
        operator is not None
        and operator.kind is not Kind.PRESENCE
        and not operator.negated
        and condition.quantifier != "ForAllValues"
        and not condition.templates
        and not condition.doubtful
    )


def _each_value(condition: Condition) -> Iterator[Condition]:
    bare = replace(condition, literals=frozenset(), patterns=(), operands=())
    return chain(
        (replace(bare, literals=frozenset({literal})) for literal in sorted(condition.literals)),
        (replace(bare, patterns=(pattern,)) for pattern in condition.patterns),
        (replace(bare, operands=(operand,)) for operand in condition.operands),
    )


def _apart_from(statement: Statement, place: int) -> object:
    """What statements have alike that differ in the values of this condition alone; None where none may."""
    if place >= len(statement.conditions):
        return None
    condition = statement.conditions[place]
    if not any_is_enough(condition):
        return None
    actions = statement.actions
    return (
        statement.allows,
        statement.principals,
        (actions.negated, actions.literals, actions.beginnings, actions.patterns, tuple(actions.doubtful)),
        statement.resources,
        statement.conditions[:place],
        (condition.lookup_key, condition.operator, condition.quantifier, condition.if_exists),
        statement.conditions[place + 1 :],
    )


def _with_all_values(group: Sequence[Statement], place: int) -> Statement:
    first, *others = group
    if not others:
        return first
    conditions = [statement.conditions[place] for statement in group]
    whole = replace(
        conditions[0],
        texts=tuple(text for condition in conditions for text in condition.texts),
        literals=frozenset().union(*(condition.literals for condition in conditions)),
        patterns=tuple(dict.fromkeys(pattern for condition in conditions for pattern in condition.patterns)),
        operands=tuple(dict.fromkeys(operand for condition in conditions for operand in condition.operands)),
    )
    return replace(first, conditions=(*first.conditions[:place], whole, *first.conditions[place + 1 :]))
