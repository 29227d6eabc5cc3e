"""The cases that a proof looks at: for each free condition key, alternatives that stand for all values."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import combinations, pairwise
from typing import Final, TypeAlias

from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.family import AtLeast, Clock, Family, Other, Text
from landing_zone_key.policy.patterns import Pattern, exactly
from landing_zone_key.policy.representatives import ANY_TEXT, Budget, Domain, Tracked, representatives

Alternative: TypeAlias = Mapping[str, tuple[str, ...]]
"""Condition key -> the values that requests of this case carry."""

_LAST_MOMENT: Final = Decimal(253402300799)  # the end of the year 9999
_FIRST_MOMENT: Final = Decimal(-62135596800)  # the beginning of the year 1


@dataclass(frozen=True, slots=True)
class Axis:
    """One independent choice."""

    quick: tuple[Alternative, ...]
    """Cases that cost nothing to find; tried first, because most refusals show here."""
    exact: Callable[[], Iterable[Alternative]] | None = None
    """All cases. None: the quick ones are all."""


def axes(family: Family, conditions: Sequence[Condition], budget: Budget) -> list[Axis]:
    """The choices that can make a difference to these conditions; none is on a fixed or absent key."""
    texts: dict[str, list[Condition]] = {}
    clocks: list[Condition] = []
    free: dict[str, list[Condition]] = {}
    for condition in conditions:
        fact = family.fact(condition.lookup_key)
        if isinstance(fact, Clock):
            clocks.append(condition)
        else:
            (texts if isinstance(fact, Text) else free).setdefault(condition.lookup_key, []).append(condition)
    return [
        *([_variables_axis(family, texts, budget)] if family.variables else []),
        *(
            [_clock_axis(family, clocks)]
            if any(isinstance(fact, Clock) for fact in family.facts.values())
            else []
        ),
        *(_free_axis(family, key, on_key, budget) for key, on_key in free.items()),
    ]


def _patterns(condition: Condition) -> tuple[Pattern, ...]:
    return (*condition.patterns, *map(exactly, sorted(condition.literals)))


def _variables_axis(family: Family, texts: Mapping[str, Sequence[Condition]], budget: Budget) -> Axis:
    """The values of the family's variables, and with them every text made of them."""
    tracked = [
        Tracked(_pieces(family, key), tuple(_patterns(condition) for condition in on_key))
        for key, on_key in texts.items()
    ]
    # A value that is excluded must not hide the texts it would stand for: it is told apart like any other.
    tracked += [Tracked(("", name, ""), ((exactly(value),),)) for name, value in family.excluded.items()]
    examples = _examples(family)
    literals = {
        literal for on_key in texts.values() for condition in on_key for literal in condition.literals
    }
    named = [
        values
        for key in texts
        for literal in literals
        if (values := _parse(family, key, literal, examples[0]))
    ]
    quick = tuple(_texts(family, values) for values in (*examples, *named) if _allowed(family, values))
    if not texts:
        return Axis(quick[:1])

    def exact() -> Iterator[Alternative]:
        for values in representatives(family.variables, tracked, budget):
            if _allowed(family, values):
                yield _texts(family, values)

    return Axis(_distinct(quick, texts), exact)


def _distinct(
    alternatives: Iterable[Alternative], texts: Mapping[str, Sequence[Condition]]
) -> tuple[Alternative, ...]:
    """One alternative of each kind: a list of a thousand accounts is one kind."""
    kinds: dict[tuple[bool | None, ...], Alternative] = {}
    for alternative in alternatives:
        answers = tuple(
            condition.holds(alternative.get(key)) for key, on_key in texts.items() for condition in on_key
        )
        kinds.setdefault(answers, alternative)
    return tuple(kinds.values())


def _pieces(family: Family, key: str) -> tuple[str, ...]:
    fact = family.facts[key]
    return fact.pieces if isinstance(fact, Text) else ()


def _texts(family: Family, values: Mapping[str, str]) -> Alternative:
    return {
        key: ("".join(values[piece] if place % 2 else piece for place, piece in enumerate(fact.pieces)),)
        for key, fact in family.facts.items()
        if isinstance(fact, Text)
    }


def _examples(family: Family) -> list[dict[str, str]]:
    """Assignments that read well: the first example of each variable, then the others one at a time."""
    first = {name: domain.examples[0] for name, domain in family.variables.items()}
    others = [
        {**first, name: example}
        for name, domain in family.variables.items()
        for example in domain.examples[1:]
    ]
    return [first, *others]


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


def _moments(conditions: Iterable[Condition]) -> set[Decimal]:
    """Whole seconds on either side of every date (clocks and tokens tell whole seconds)."""
    dates = {date for condition in conditions for date in condition.operands if isinstance(date, Decimal)}
    return {
        moment
        for date in dates
        for rounded in (date.to_integral_value(ROUND_FLOOR), date.to_integral_value(ROUND_CEILING))
        for moment in (rounded - 1, rounded, rounded + 1)
    }


def _clock_axis(family: Family, conditions: Sequence[Condition]) -> Axis:
    earliest = Decimal(int(family.earliest.timestamp()))
    later = {moment for moment in _moments(conditions) if earliest < moment <= _LAST_MOMENT}
    return Axis(
        tuple(
            {
                key: (_iso(moment) if fact is Clock.ISO else str(moment),)
                for key, fact in family.facts.items()
                if isinstance(fact, Clock)
            }
            for moment in sorted({earliest, *later})
        )
    )


def _iso(moment: Decimal) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _free_axis(family: Family, key: str, conditions: Sequence[Condition], budget: Budget) -> Axis:
    """A key that may be absent and may have any value; several values, where a set operator asks for them."""
    fact = family.fact(key)
    required = fact.values if isinstance(fact, AtLeast) else ()
    forbidden = fact.than if isinstance(fact, Other) else None
    quantified = sum(condition.quantifier is not None for condition in conditions)
    most = max(1, quantified)

    def sets(elements: Iterable[str]) -> Iterator[Alternative]:
        values = [value for value in dict.fromkeys(elements) if value != forbidden]
        for size in range(most + 1):
            for chosen in combinations(values, size):
                budget.spend(1 + len(chosen))
                together = tuple(dict.fromkeys((*required, *chosen)))
                yield {key: together} if together else {}

    kind, groups = _kind(conditions), [_patterns(condition) for condition in conditions]
    if kind is not Kind.TEXT:
        return Axis(tuple(sets(_SEEDS[kind](conditions))))
    literals = {literal for condition in conditions for literal in condition.literals}
    unused = _unused({*literals, forbidden})
    quick = _distinct(sets([unused, *(sorted(literals) if most == 1 else ())]), {key: conditions})
    if most == 1 and not any(condition.patterns for condition in conditions):
        return Axis(quick)
    if forbidden is not None:
        groups.append((exactly(forbidden),))
    tracked = [Tracked(("", key, ""), tuple(groups))]
    domains: dict[str, Domain] = {key: ANY_TEXT}
    return Axis(quick, lambda: sets([values[key] for values in representatives(domains, tracked, budget)]))


def _kind(conditions: Iterable[Condition]) -> Kind:
    kinds = {condition.operator.kind for condition in conditions if condition.operator} - {Kind.PRESENCE}
    return kinds.pop() if len(kinds) == 1 else Kind.PRESENCE


def _unused(literals: set[str | None]) -> str:
    text = "x"
    while text in literals:
        text += "x"
    return text


def _numbers(conditions: Iterable[Condition]) -> list[str]:
    """Every number, one between each two neighbours, and one beyond either end."""
    numbers = sorted(
        {number for condition in conditions for number in condition.operands if number is not None}
    )
    if not numbers:
        return ["0"]
    between = [(low + high) / 2 for low, high in pairwise(numbers)]
    return [format(number, "f") for number in (*numbers, *between, numbers[0] - 1, numbers[-1] + 1)]


def _dates(conditions: Iterable[Condition]) -> list[str]:
    moments = sorted(moment for moment in _moments(conditions) if _FIRST_MOMENT <= moment <= _LAST_MOMENT)
    return [_iso(moment) for moment in moments] or [_iso(Decimal(0))]


def _addresses(conditions: Iterable[Condition]) -> list[str]:
    """The first address of every range and the one behind its last: ranges begin and end nowhere else."""
    found = {"0.0.0.0": None, "::": None}  # noqa: S104 - an address to be matched, none to listen on
    for network in (network for condition in conditions for network in condition.operands):
        found[str(network.network_address)] = None
        if int(network.broadcast_address) + 1 < 2**network.max_prefixlen:
            found[str(network.broadcast_address + 1)] = None
    return list(found)


def _binaries(conditions: Iterable[Condition]) -> list[str]:
    listed = {
        operand for condition in conditions for operand in condition.operands if isinstance(operand, bytes)
    }
    unused = b"x"
    while unused in listed:
        unused += b"x"
    return [b64encode(value).decode() for value in (unused, *sorted(listed))]


_SEEDS: Final[Mapping[Kind, Callable[[Sequence[Condition]], list[str]]]] = {
    Kind.NUMBER: _numbers,
    Kind.DATE: _dates,
    Kind.ADDRESS: _addresses,
    Kind.BINARY: _binaries,
    Kind.PRESENCE: lambda _: ["x"],
}
