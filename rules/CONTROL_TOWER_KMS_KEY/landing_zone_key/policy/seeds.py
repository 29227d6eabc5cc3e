"""Values that are no text, for keys that may have any: numbers, dates, addresses, binary.

They are those that read well in a counterexample. What they miss is seen all the same, as the last of them is
malformed: nobody can decide a condition on it, and so no other value does worse.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from ipaddress import IPv4Network, IPv6Network
from itertools import chain, islice, pairwise
from typing import Final

from landing_zone_key.policy.conditions import Condition, Kind
from landing_zone_key.policy.values import LAST_MOMENT

_FIRST_MOMENT: Final = Decimal(-62135596800)  # the beginning of the year 1

#: No number, date, address or base64.
_MALFORMED: Final = "?"
_MOST: Final = 16


def seeds(kind: Kind, conditions: Iterable[Condition]) -> list[str]:
    """Some values near those of the conditions, and one that is malformed."""
    return [*islice(_SEEDS[kind](tuple(conditions)), _MOST), _MALFORMED]


def moments(conditions: Iterable[Condition]) -> set[Decimal]:
    """Whole seconds on either side of every date (clocks and tokens tell whole seconds)."""
    dates = {date for condition in conditions for date in condition.operands if isinstance(date, Decimal)}
    return {
        moment
        for date in dates
        for rounded in (date.to_integral_value(ROUND_FLOOR), date.to_integral_value(ROUND_CEILING))
        for moment in (rounded - 1, rounded, rounded + 1)
    }


def iso(moment: Decimal) -> str:
    """Write a moment as `aws:CurrentTime` has it."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


def _numbers(conditions: Iterable[Condition]) -> Iterator[str]:
    """One beyond either end, every number, and one between each two neighbours."""
    numbers = sorted(
        {number for condition in conditions for number in condition.operands if isinstance(number, Decimal)}
    )
    between = ((low + high) / 2 for low, high in pairwise(numbers))
    ends = [numbers[0] - 1, numbers[-1] + 1] if numbers else [Decimal(0)]
    return (format(number, "f") for number in chain(ends, numbers, between))


def _dates(conditions: Iterable[Condition]) -> Iterator[str]:
    known = sorted(moment for moment in moments(conditions) if _FIRST_MOMENT <= moment <= LAST_MOMENT)
    return map(iso, known or [Decimal(0)])


def _addresses(conditions: Iterable[Condition]) -> Iterator[str]:
    """The first address of every range and the one behind its last: ranges begin and end nowhere else."""
    found = {"0.0.0.0": None, "::": None}  # noqa: S104 - an address to be matched, none to listen on
    for network in [network for condition in conditions for network in condition.operands][:_MOST]:
        if not isinstance(network, IPv4Network | IPv6Network):
            continue
        found[str(network.network_address)] = None
        if int(network.broadcast_address) + 1 < 2**network.max_prefixlen:
            found[str(network.broadcast_address + 1)] = None
    return iter(found)


def _binaries(conditions: Iterable[Condition]) -> Iterator[str]:
    listed = {
        operand for condition in conditions for operand in condition.operands if isinstance(operand, bytes)
    }
    unused = b"x"
    while unused in listed:
        unused += b"x"
    return (b64encode(value).decode() for value in (unused, *sorted(listed)))


_SEEDS: Final[Mapping[Kind, Callable[[Iterable[Condition]], Iterator[str]]]] = {
    Kind.NUMBER: _numbers,
    Kind.DATE: _dates,
    Kind.ADDRESS: _addresses,
    Kind.BINARY: _binaries,
}
