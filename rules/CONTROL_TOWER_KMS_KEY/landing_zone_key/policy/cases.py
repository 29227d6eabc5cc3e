"""The cases that a proof looks at: for each free condition key, alternatives that stand for all values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final, TypeAlias

from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.family import AtLeast, Clock, Family, Other, Text
from landing_zone_key.policy.patterns import Pattern, exactly
from landing_zone_key.policy.representatives import ANY_TEXT, Budget, Domain, Tracked, representatives
from landing_zone_key.policy.seeds import LAST_MOMENT, moments, seeds

Alternative: TypeAlias = Mapping[str, tuple[str, ...]]
"""Condition key -> the values that requests of this case carry."""


_STEPS_PER_KEY: Final = 20
_STEPS_PER_DATE: Final = 8
_NAMED: Final = 4
"""Of each condition so many texts are tried first; they are nearly always one kind."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One independent choice."""

    quick: tuple[Alternative, ...]
    """Cases that cost nothing to find; tried first, because most refusals show here."""
    exact: Callable[[], Iterable[Alternative]] | None = None
    """All cases. None: the quick ones are all."""


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
    return [
        *([_variables_axis(family, texts, budget)] if texts or not family.has_example else []),
        *([_clock_axis(family, clocks)] if clocks else []),
        *(_free_axis(family, key, on_key, budget) for key, on_key in free.items()),
    ]


def work(conditions: Iterable[Condition], values: Sequence[str] = ()) -> int:
    """How many steps it takes to decide conditions on one key, for its values."""
    length = 1 + sum(map(len, values)) // 8
    return sum(1 + len(condition.operands) + len(condition.patterns) * length for condition in conditions)


def _groups(conditions: Sequence[Condition]) -> tuple[tuple[Pattern, ...], ...]:
    """The patterns whose answers must be told apart; to a set operator an empty text is no value at all."""
    groups = [(*condition.patterns, *map(exactly, sorted(condition.literals))) for condition in conditions]
    quantified = any(condition.quantifier for condition in conditions)
    return (*groups, (exactly(""),)) if quantified else tuple(groups)


def _variables_axis(family: Family, texts: Mapping[str, Sequence[Condition]], budget: Budget) -> Axis:
    """The values of the family's variables, and with them every text made of them."""
    tracked = [Tracked(_pieces(family, key), _groups(on_key)) for key, on_key in texts.items()]
    # A value that is excluded must not hide the texts it would stand for: it is told apart like any other.
    tracked += [Tracked(("", name, ""), ((exactly(value),),)) for name, value in family.excluded.items()]
    examples = _examples(family)
    named = [
        values
        for key, on_key in texts.items()
        for literal in sorted({text for condition in on_key for text in sorted(condition.literals)[:_NAMED]})
        if examples and (values := _parse(family, key, literal, examples[0]))
    ]
    quick = tuple(_texts(family, values) for values in (*examples, *named) if _allowed(family, values))

    def exact() -> Iterator[Alternative]:
        for values in representatives(family.variables, tracked, budget):
            if _allowed(family, values):
                yield _texts(family, values)

    return Axis(_distinct(quick, texts, budget), exact)


def _distinct(
    alternatives: Iterable[Alternative], texts: Mapping[str, Sequence[Condition]], budget: Budget
) -> tuple[Alternative, ...]:
    """One alternative of each kind: a list of a thousand accounts is one kind."""
    kinds: dict[tuple[bool | None, ...], Alternative] = {}
    for alternative in alternatives:
        budget.spend(sum(work(on_key, alternative.get(key, ())) for key, on_key in texts.items()))
        answers = tuple(
            condition.holds(alternative.get(key)) for key, on_key in texts.items() for condition in on_key
        )
        kinds.setdefault(answers, alternative)
    return tuple(kinds.values())


def _pieces(family: Family, key: str) -> tuple[str, ...]:
    return family.texts[key].pieces


def _texts(family: Family, values: Mapping[str, str]) -> Alternative:
    return {key: (text.fill(values),) for key, text in family.texts.items()}


def _examples(family: Family) -> list[dict[str, str]]:
    """Assignments that read well: the first example of each variable, then the others one at a time."""
    taken = {
        name: [example for example in domain.examples if example != family.excluded.get(name)]
        for name, domain in family.variables.items()
    }
    if not all(taken.values()):
        return []
    first = {name: examples[0] for name, examples in taken.items()}
    return [first, *({**first, name: other} for name, examples in taken.items() for other in examples[1:])]


def _allowed(family: Family, values: Mapping[str, str]) -> bool:
    return all(values[name] != value for name, value in family.excluded.items())


def _parse(family: Family, key: str, literal: str, others: Mapping[str, str]) -> dict[str, str] | None:
    """The assignment under which the key has this text; its pieces must be told apart by colons."""
    pieces, rest, values = _pieces(family, key), literal, dict(others)
    for place in range(0, len(pieces), 2):
        if not rest.startswith(pieces[place]):
            return None
        rest = rest.removeprefix(pieces[place])
        if place + 1 < len(pieces):
            following = pieces[place + 2]
            value, mark, tail = rest.partition(following) if following else (rest, "", "")
            values[pieces[place + 1]], rest = value, mark + tail
    fits = not rest and all(domain.contains(values[name]) for name, domain in family.variables.items())
    return values if fits else None


def _clock_axis(family: Family, conditions: Sequence[Condition]) -> Axis:
    earliest = Decimal(int(family.earliest.timestamp()))
    later = {moment for moment in moments(conditions) if earliest < moment <= LAST_MOMENT}
    return Axis(
        tuple(
            {key: (clock.write(moment),) for key, clock in family.clocks.items()}
            for moment in sorted({earliest, *later})
        )
    )


def _free_axis(family: Family, key: str, conditions: Sequence[Condition], budget: Budget) -> Axis:
    """A key that may be absent and may have any value; several values, where a set operator asks for them."""
    fact, kind = family.fact(key), _kind(conditions)
    forbidden = fact.than if isinstance(fact, Other) else None
    required = fact.values if isinstance(fact, AtLeast) else ()

    def sets(elements: Iterable[str]) -> Iterator[Alternative]:
        values = [value for value in elements if value != forbidden]
        for chosen in _chosen(values, conditions, kind):
            budget.spend(1 + len(chosen))
            together = (*required, *chosen)  # a required value twice stands for it and one that is alike
            yield {key: together} if together else {}

    budget.spend(_STEPS_PER_KEY)
    empty = [""] if any(condition.quantifier for condition in conditions) else []
    if kind is not Kind.TEXT:
        return Axis(tuple(sets([*seeds(kind, conditions), *empty])))
    literals = {literal for condition in conditions for literal in condition.literals}
    unused = _unused({*literals, *required, forbidden})
    if not any(condition.patterns for condition in conditions):
        budget.spend(len(literals) * len(conditions))
        listed = {
            (text == "", *(text in condition.literals for condition in conditions)): text
            for text in (*empty, *sorted(literals - {forbidden}), unused)
        }
        return Axis(tuple(sets(reversed(listed.values()))))
    groups = (*_groups(conditions), *([(exactly(forbidden),)] if forbidden is not None else ()))
    tracked = [Tracked(("", key, ""), groups)]
    domains: dict[str, Domain] = {key: ANY_TEXT}
    return Axis(
        tuple(sets([unused])),
        lambda: sets([values[key] for values in representatives(domains, tracked, budget)]),
    )


def _chosen(values: Sequence[str], conditions: Sequence[Condition], kind: Kind) -> Iterator[tuple[str, ...]]:
    """No value, one, and where a set operator asks for them so many that each answer has its own witness.

    The same value twice stands for two that are alike, where a condition without set operator is on the key.
    """
    quantified = {condition for condition in conditions if condition.quantifier}
    single = any(c.operator and c.operator.kind is kind for c in conditions if not c.quantifier)
    several = kind is Kind.TEXT and bool(quantified)
    for size in range((max(2, len(quantified)) if several else 1) + 1):
        yield from combinations(values, size)
    if quantified and single:
        yield from zip(values, values, strict=True)


def _kind(conditions: Iterable[Condition]) -> Kind:
    kinds = {condition.operator.kind for condition in conditions if condition.operator} - {Kind.PRESENCE}
    return kinds.pop() if len(kinds) == 1 else Kind.TEXT


def _unused(literals: set[str | None]) -> str:
    text = "x"
    while text in literals:
        text += "x"
    return text
