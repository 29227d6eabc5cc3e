"""A query over resources: which of them, what of each, and how many of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]

COUNT: Final = "COUNT(*)"


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT that was understood."""

    fields: tuple[str, ...]
    condition: Condition
    group: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]
    """Property, and whether it is descending."""

    @property
    def aggregates(self) -> bool:
        """Whether rows are counted, not shown."""
        return COUNT in self.fields or bool(self.group)

    def run(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Return what the query says of the rows; without ORDER BY one by one, as they come."""
        found: Iterable[Row] = filter(self.condition, rows)
        if self.aggregates:
            found = self._counted(found)
        if self.order:
            found = list(found)
            for name, descending in reversed(self.order):
                found.sort(key=lambda row: str(value(row, name)), reverse=descending)
        for row in found:
            yield dict(row) if "*" in self.fields else projected(row, self.fields)

    def _counted(self, rows: Iterable[Row]) -> list[Row]:
        counts: dict[tuple[str, ...], int] = {}
        first: dict[tuple[str, ...], Row] = {}
        for row in rows:
            key = tuple(repr(value(row, name)) for name in self.group)
            counts[key] = counts.get(key, 0) + 1
            first.setdefault(key, row)
        if not self.group:
            return [{COUNT: sum(counts.values())}]
        return [{**projected(first[key], self.group), COUNT: count} for key, count in counts.items()]


def value(row: Row, name: str) -> Any:  # noqa: ANN401 - a value of JSON
    """Return a property by its path; through a list, what is found in all of its members."""
    if name in row:
        return row[name]
    found: Any = row
    for step in name.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list):
            found = [member[step] for member in found if isinstance(member, Mapping) and step in member]
        else:
            return None
    return found


def projected(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """Return the named properties, each in its place; one that the row lacks is left out."""
    shown: dict[str, Any] = {}
    for name in names:
        found = value(row, name)
        if found is None:
            continue
        *way, last = [name] if name in row else name.split(".")
        place = shown
        for step in way:
            place = place.setdefault(step, {})
        place[last] = found
    return shown


def always(_row: Row) -> bool:
    """Hold for every row."""
    return True


def either(one: Condition, other: Condition) -> Condition:
    """Hold where one of two does."""
    return lambda row: one(row) or other(row)


def both(one: Condition, other: Condition) -> Condition:
    """Hold where two do."""
    return lambda row: one(row) and other(row)


def negated(condition: Condition) -> Condition:
    """Hold where another does not."""
    return lambda row: not condition(row)


def equals(name: str, literals: tuple[object, ...]) -> Condition:
    """Hold where a property, or a member of it that is a list, is one of some values."""
    wanted = {_comparable(literal) for literal in literals}
    return lambda row: any(_comparable(found) in wanted for found in _values(row, name))


def between(name: str, low: object, high: object) -> Condition:
    """Hold where a property is within a range, of numbers if both ends are, else of text."""
    if isinstance(low, float) and isinstance(high, float):
        return lambda row: any(
            low <= found <= high for found in _values(row, name) if isinstance(found, (int, float))
        )
    return lambda row: any(
        str(low) <= found <= str(high) for found in _values(row, name) if isinstance(found, str)
    )


def _values(row: Row, name: str) -> list[Any]:
    found = value(row, name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _comparable(found: object) -> str:
    """Return a value such that true and 'true', and 1 and 1.0, are one."""
    if isinstance(found, bool):
        return str(found).lower()
    return f"{found:g}" if isinstance(found, (int, float)) else str(found)
