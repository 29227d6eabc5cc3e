"""AWS Config's advanced queries: the part of SQL's SELECT that inventories are asked with.

SELECT properties, `*` or COUNT(*); WHERE with =, IN, BETWEEN, AND, OR, NOT and parentheses; GROUP BY; ORDER
BY. Anything else is InvalidExpressionException, as is a property that no item has at its top level.
Source: https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from lzkey_sandbox.errors import ServiceError

if TYPE_CHECKING:
    from lzkey import Untyped

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
        """What the query says of the rows; without ORDER BY one by one, as they come."""
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


def value(row: Row, name: str) -> Untyped:
    """A property by its path; through a list, what is found in all of its members."""
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
    """The named properties, each in its place; one that the row lacks is left out."""
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
    """A value such that true and 'true', and 1 and 1.0, are one."""
    if isinstance(found, bool):
        return str(found).lower()
    return f"{found:g}" if isinstance(found, (int, float)) else str(found)


T = TypeVar("T")

#: Source: awslabs/aws-config-resource-schema, config/properties/AWS.ResourceProperties.
PROPERTIES: Final = frozenset(
    [
        "accountId",
        "arn",
        "availabilityZone",
        "awsRegion",
        "configuration",
        "configurationItemCaptureTime",
        "configurationItemDeliveryTime",
        "configurationItemStatus",
        "configurationStateId",
        "recordingFrequency",
        "relationships",
        "resourceCreationTime",
        "resourceId",
        "resourceName",
        "resourceType",
        "supplementaryConfiguration",
        "tags",
        "version",
    ]
)

#: The one part of it that the KMS key's own page there has; the whole can be selected.
_SUPPLEMENTARY: Final = "supplementaryConfiguration.KeyRotationStatus"

_TOKENS: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<count>COUNT\s*\(\s*\*\s*\))"
    r"|(?P<name>[A-Za-z_][\w:-]*(?:\.[A-Za-z_][\w:-]*)*)|(?P<sign>[*,()=]))",
    re.IGNORECASE,
)
_WORDS: Final = frozenset(
    [
        "AND",
        "ASC",
        "BETWEEN",
        "BY",
        "DESC",
        "FROM",
        "GROUP",
        "IN",
        "LIKE",
        "NOT",
        "OR",
        "ORDER",
        "SELECT",
        "WHERE",
    ]
)


def parse(expression: str) -> Query:
    """Understand a query, or raise InvalidExpressionException."""
    return _Parser(expression).query()


class _Parser:
    """Reads a query from its first word to its last."""

    def __init__(self, expression: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._next = 0
        place, end = 0, len(expression.rstrip(" \t\r\n;"))
        while place < end:
            found = _TOKENS.match(expression, place, end)
            if found is None:
                _refuse(f"it is not understood from {expression[place : place + 20]!r} on")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()

    def query(self) -> Query:
        """The whole."""
        self._require("SELECT")
        fields = self._list(self._field)
        condition = self._condition() if self._took("WHERE") else always
        group = self._properties("GROUP")
        order = self._list(self._ordered) if self._took("ORDER", "BY") else ()
        if self._next < len(self._tokens):
            _refuse(f"{self._tokens[self._next][1]!r} is out of place")
        shown = [name for name in fields if name != COUNT]
        if (COUNT in fields or group) and any(name not in group for name in shown):
            _refuse("what is selected beside COUNT(*) must be in GROUP BY")
        return Query(fields, condition, group, order)

    def _condition(self) -> Condition:
        found = self._conjunction()
        while self._took("OR"):
            found = either(found, self._conjunction())
        return found

    def _conjunction(self) -> Condition:
        found = self._term()
        while self._took("AND"):
            found = both(found, self._term())
        return found

    def _term(self) -> Condition:
        if self._took("NOT"):
            return negated(self._term())
        if self._took("("):
            found = self._condition()
            self._require(")")
            return found
        name = self._property()
        if self._took("="):
            return equals(name, (self._literal(),))
        if self._took("IN"):
            self._require("(")
            literals = self._list(self._literal)
            self._require(")")
            return equals(name, literals)
        if self._took("BETWEEN"):
            low = self._literal()
            self._require("AND")
            return between(name, low, self._literal())
        return _refuse(f"{name!r} is compared in a way that is not supported")

    def _field(self) -> str:
        kind, text = self._take()
        if kind == "count":
            return COUNT
        return text if text == "*" else _known(kind, text)

    def _ordered(self) -> tuple[str, bool]:
        kind, text = self._take()
        name = COUNT if kind == "count" else _known(kind, text)
        descending = self._took("DESC")
        return name, descending or (self._took("ASC") and False)

    def _properties(self, word: str) -> tuple[str, ...]:
        return self._list(self._property) if self._took(word, "BY") else ()

    def _property(self) -> str:
        return _known(*self._take())

    def _literal(self) -> object:
        kind, text = self._take()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        return _refuse(f"{text!r} is no value")

    def _list(self, member: Callable[[], T]) -> tuple[T, ...]:
        found = [member()]
        while self._took(","):
            found.append(member())
        return tuple(found)

    def _take(self) -> tuple[str, str]:
        if self._next >= len(self._tokens):
            _refuse("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _took(self, *words: str) -> bool:
        there = [text.upper() for _, text in self._tokens[self._next : self._next + len(words)]]
        if there != list(words):
            return False
        self._next += len(words)
        return True

    def _require(self, word: str) -> None:
        if not self._took(word):
            _refuse(f"{word} is missing")


def _known(kind: str, text: str) -> str:
    if kind != "name" or text.upper() in _WORDS:
        _refuse(f"{text!r} is no property")
    first, _, rest = text.partition(".")
    if first not in PROPERTIES or (rest and first == "supplementaryConfiguration" and text != _SUPPLEMENTARY):
        _refuse(f"the property {text} is not known")
    return text


def _refuse(why: str) -> NoReturn:
    raise ServiceError("InvalidExpressionException", f"The query expression is invalid: {why}.")
