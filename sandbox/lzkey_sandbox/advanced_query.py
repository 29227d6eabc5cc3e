"""AWS Config's advanced queries: the part of SQL's SELECT that inventories are asked with.

SELECT properties, `*` or COUNT(*); WHERE with =, IN, BETWEEN, AND, OR, NOT and parentheses; GROUP BY; ORDER
BY. Anything else is InvalidExpressionException, as is a property that no item has at its top level.
Source: https://docs.aws.amazon.com/config/latest/developerguide/query-components.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from lzkey_sandbox.errors import ServiceError
from lzkey_sandbox.query import COUNT, Condition, Query, always, between, both, either, equals, negated

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Source: awslabs/aws-config-resource-schema, config/properties/AWS.ResourceProperties.
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

# The one part of it that the KMS key's own page there has; the whole can be selected.
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
        """Return the whole."""
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
