"""The cases that a proof looks at: for each free condition key, alternatives that stand for all values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Final, TypeAlias

from landing_zone_key.policy.budget import Budget
from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.family import MANY_VALUED, AtLeast, Clock, Family, Other, Text
from landing_zone_key.policy.patterns import Pattern, exactly
from landing_zone_key.policy.representatives import ANY_TEXT, Tracked, representatives
from landing_zone_key.policy.seeds import moments, seeds
from landing_zone_key.policy.values import LAST_MOMENT

#: Condition key -> the values that requests of this case carry.
Alternative: TypeAlias = Mapping[str, tuple[str, ...]]

#: One independent choice: alternatives that stand for all there are.
Axis: TypeAlias = Iterable[Alternative]

_STEPS_PER_KEY: Final = 40
_STEPS_PER_DATE: Final = 8


def examples(family: Family, conditions: Iterable[Condition]) -> Iterator[Alternative]:
    """What is tried first, beside the family's example: requests that read well in a message.

    One variable at a time takes its other examples, where a condition asks for it.
    """
    if family.sample.assignment.keys() != family.variables.keys():
        return
    yield {}
    for name in sorted({name for condition in conditions for name in _variables_of(family, condition)}):
        for value in family.variables[name].examples:
            if family.allows(name, value) and value != family.sample.assignment[name]:
                yield _texts(family, {**family.sample.assignment, name: value})


def axes(family: Family, conditions: Sequence[Condition], budget: Budget) -> list[Axis]:
    """The choices that can make a difference to these conditions; none is on a fixed or absent key.

    Keys that no choice is about are as in the family's example.
    """
    texts: dict[str, list[Condition]] = {}
    clocks: list[Condition] = []
    free: dict[str, list[Condition]] = {}
    for condition in conditions:
        fact = family.fact(condition.lookup_key)
        if isinstance(fact, Clock):
            budget.spend(_STEPS_PER_DATE * len(condition.operands))
            clocks.append(condition)
        else:
            (texts if isinstance(fact, Text) else free).setdefault(condition.lookup_key, []).append(condition)
    unassigned = family.variables.keys() - family.sample.assignment.keys()
    return [
        *([_variables_axis(family, texts, budget)] if texts or unassigned else []),
        *([_clock_axis(family, clocks)] if clocks else []),
        *(_free_axis(family, key, on_key, budget) for key, on_key in free.items()),
    ]


def _groups(conditions: Sequence[Condition]) -> tuple[tuple[Pattern, ...], ...]:
    """The patterns whose answers must be told apart; to a set operator an empty text is no value at all."""
    groups = [(*condition.patterns, *map(exactly, sorted(condition.literals))) for condition in conditions]
    quantified = any(condition.quantifier for condition in conditions)
    return (*groups, (exactly(""),)) if quantified else tuple(groups)


def _variables_of(family: Family, condition: Condition) -> tuple[str, ...]:
    text = family.sample.texts.get(condition.lookup_key)
    return text.pieces[1::2] if text else ()


def _variables_axis(family: Family, texts: Mapping[str, Sequence[Condition]], budget: Budget) -> Axis:
    """The values of the variables that are asked for, and with them every text made of them."""
    asked = {name for key in texts for name in family.sample.texts[key].pieces[1::2]}
    walked = {
        name: domain
        for name, domain in family.variables.items()
        if name in asked or name not in family.sample.assignment
    }
    tracked = [Tracked(family.sample.texts[key].pieces, _groups(on_key)) for key, on_key in texts.items()]
    # A value that is excluded must not hide the texts it would stand for: it is told apart like any other.
    tracked += [
        Tracked(("", name, ""), ((exactly(value),),))
        for name, value in family.excluded.items()
        if name in walked
    ]
    twice = [
        key for key, on_key in texts.items() if key in MANY_VALUED and not all(c.quantifier for c in on_key)
    ]
    for values in representatives(walked, tracked, budget):
        if all(family.allows(name, value) for name, value in values.items()):
            alternative = _texts(family, {**family.sample.assignment, **values})
            yield alternative
            if twice:  # as in `_chosen`: to a plain operator any two values are alike
                yield {**alternative, **{key: alternative[key] * 2 for key in twice}}


def _texts(family: Family, values: Mapping[str, str]) -> Alternative:
    return {key: (text.fill(values),) for key, text in family.sample.texts.items()}


def _clock_axis(family: Family, conditions: Sequence[Condition]) -> Axis:
    earliest = Decimal(int(family.earliest.timestamp()))
    last = LAST_MOMENT if family.latest is None else Decimal(int(family.latest.timestamp()))
    later = {moment for moment in moments(conditions) if earliest < moment <= last}
    for moment in sorted({earliest, *later}):
        yield {key: (clock.write(moment),) for key, clock in family.sample.clocks.items()}


def _free_axis(family: Family, key: str, conditions: Sequence[Condition], budget: Budget) -> Axis:
    """A key that may be absent and may have any value; several values, where a set operator asks for them."""
    fact, kind = family.fact(key), _kind(conditions)
    forbidden = fact.than if isinstance(fact, Other) else None
    required = fact.values if isinstance(fact, AtLeast) else ()

    def sets(elements: Iterable[str]) -> Iterator[Alternative]:
        values = [value for value in elements if value != forbidden]
        for chosen in _chosen(values, conditions, kind, many_valued=key in MANY_VALUED):
            budget.spend(1 + len(chosen))
            together = (*required, *chosen)  # a required value twice stands for it and one that is alike
            yield {key: together} if together else {}

    budget.spend(_STEPS_PER_KEY)
    empty = [""] if any(condition.quantifier for condition in conditions) else []
    if kind is not Kind.TEXT:
        return sets([*seeds(kind, conditions), *empty])
    literals = {literal for condition in conditions for literal in condition.literals}
    if not any(condition.patterns for condition in conditions):
        budget.spend(len(literals) * len(conditions))
        unused = _unused({*literals, *required, forbidden})
        listed = {
            (text == "", *(text in condition.literals for condition in conditions)): text
            for text in (*empty, *sorted(literals - {forbidden}), unused)
        }
        return sets(reversed(listed.values()))
    groups = (*_groups(conditions), *([(exactly(forbidden),)] if forbidden is not None else ()))
    tracked = [Tracked(("", key, ""), groups)]
    return sets([values[key] for values in representatives({key: ANY_TEXT}, tracked, budget)])


def _chosen(
    values: Sequence[str], conditions: Sequence[Condition], kind: Kind, *, many_valued: bool
) -> Iterator[tuple[str, ...]]:
    """No value, one, and where a set operator asks for them so many that each answer has its own witness.

    The same value twice stands for two that are alike, where a condition without set operator is on the key:
    beside set operators, and where the key may have two values. Without set operators any two are alike.
    """
    quantified = {condition for condition in conditions if condition.quantifier}
    single = any(c.operator and c.operator.kind is kind for c in conditions if not c.quantifier)
    several = kind is Kind.TEXT and bool(quantified)
    for size in range((max(2, len(quantified)) if several else 1) + 1):
        yield from combinations(values, size)
    twice = values if quantified else values[:1] if many_valued else ()
    if single:
        yield from zip(twice, twice, strict=True)


def _kind(conditions: Iterable[Condition]) -> Kind:
    kinds = {condition.operator.kind for condition in conditions if condition.operator} - {Kind.PRESENCE}
    return kinds.pop() if len(kinds) == 1 else Kind.TEXT


def _unused(literals: set[str | None]) -> str:
    text = "x"
    while text in literals:
        text += "x"
    return text
