"""Condition operators: one table from an operator's name to its behaviour.

A condition holds, does not hold, or cannot be decided (None): an unknown operator, a value of the wrong form.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from landing_zone_key.policy.patterns import Pattern, arn_parts, glob, has_wildcard, ignoring_case
from landing_zone_key.policy.spelling import nearest
from landing_zone_key.policy.values import (
    LAST_MOMENT,
    read_binary,
    read_boolean,
    read_date,
    read_network,
    read_number,
    within,
)
from landing_zone_key.policy.variables import UNSETTLED, Lookup, Template, read_text
from landing_zone_key.records import dataclass

_EPOCH_KEY: Final = "aws:epochtime"


class Kind(Enum):
    """How values are compared; the proof seeks representatives for each kind in its own way."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"
    BINARY = "binary"
    PRESENCE = "presence"


def _as_written(pattern: Pattern) -> Pattern:
    return pattern


@dataclass(frozen=True, slots=True)
class Operator:
    """What one operator does, without `Not`: a negated one holds when this does not."""

    kind: Kind
    negated: bool = False
    wildcards: bool = False
    """TEXT: whether `*` and `?` in a value are wildcards."""
    variables: bool = True
    """TEXT: whether a value may hold policy variables."""
    shape: Callable[[Pattern], Pattern | None] = _as_written
    """TEXT: what becomes of a value's pattern; None where the value has a form that is not documented."""
    read: Callable[[str], Any] = str
    """Other kinds: text to a comparable value, or None where the text is not of this kind."""
    compare: Callable[[Any, Any], bool] = eq
    """Other kinds: request value, policy value -> whether they match."""


def _boolean_shape(pattern: Pattern) -> Pattern | None:
    return None if read_boolean(str(pattern)) is None else ignoring_case(pattern)


def _negated(operators: Mapping[str, str]) -> dict[str, Operator]:
    return {name: replace(_POSITIVE[of], negated=True) for name, of in operators.items()}


_POSITIVE: Final[Mapping[str, Operator]] = {
    "StringEquals": Operator(Kind.TEXT),
    "StringEqualsIgnoreCase": Operator(Kind.TEXT, shape=ignoring_case),
    "StringLike": Operator(Kind.TEXT, wildcards=True),
    # "ArnEquals and ArnLike behave identically."
    "ArnEquals": Operator(Kind.TEXT, wildcards=True, shape=arn_parts),
    "ArnLike": Operator(Kind.TEXT, wildcards=True, shape=arn_parts),
    # One page of the guide lets Bool have variables, another does not: such a value cannot be read.
    "Bool": Operator(Kind.TEXT, variables=False, shape=_boolean_shape),
    "NumericEquals": Operator(Kind.NUMBER, read=read_number),
    "NumericLessThan": Operator(Kind.NUMBER, read=read_number, compare=lt),
    "NumericLessThanEquals": Operator(Kind.NUMBER, read=read_number, compare=le),
    "NumericGreaterThan": Operator(Kind.NUMBER, read=read_number, compare=gt),
    "NumericGreaterThanEquals": Operator(Kind.NUMBER, read=read_number, compare=ge),
    "DateEquals": Operator(Kind.DATE, read=read_date),
    "DateLessThan": Operator(Kind.DATE, read=read_date, compare=lt),
    "DateLessThanEquals": Operator(Kind.DATE, read=read_date, compare=le),
    "DateGreaterThan": Operator(Kind.DATE, read=read_date, compare=gt),
    "DateGreaterThanEquals": Operator(Kind.DATE, read=read_date, compare=ge),
    "BinaryEquals": Operator(Kind.BINARY, read=read_binary),
    "IpAddress": Operator(Kind.ADDRESS, read=read_network, compare=within),
    "Null": Operator(Kind.PRESENCE, read=read_boolean),
}

OPERATORS: Final[Mapping[str, Operator]] = {
    **_POSITIVE,
    **_negated(
        {
            "StringNotEquals": "StringEquals",
            "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
            "StringNotLike": "StringLike",
            "ArnNotEquals": "ArnEquals",
            "ArnNotLike": "ArnLike",
            "NumericNotEquals": "NumericEquals",
            "DateNotEquals": "DateEquals",
            "NotIpAddress": "IpAddress",
        }
    ),
}

_QUANTIFIERS: Final = ("ForAllValues", "ForAnyValue")
_SPELLED: Final = tuple(f"{name}{end}" for end in ("", "IfExists") for name in OPERATORS)
#: Between a misspelt operator and the one that is meant.
_MOST_EDITS: Final = 4
#: No operator's name is so long, however it is misspelt.
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key."""

    name: str
    """As written: `ForAnyValue:StringLikeIfExists`."""
    key: str
    """As written; `lookup_key` is what counts."""
    lookup_key: str
    texts: tuple[str, ...]
    operator: Operator | None
    """None: nobody knows this operator, or not in this combination."""
    quantifier: str | None = None
    if_exists: bool = False
    literals: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()
    templates: tuple[Template, ...] = ()
    operands: tuple[Any, ...] = ()
    """Kinds other than TEXT."""
    doubtful: bool = False
    """At least one value cannot be read."""

    def effort(self, values: tuple[str, ...] | None) -> int:
        """How many steps it takes to decide for these values; patterns with `?` cost more than search."""
        steps = (5 if self.quantifier else 1) + len(self.operands)
        if not self.patterns:
            return steps
        length = sum(map(len, values or ()))
        walked = sum([len(pattern.spelled) for pattern in self.patterns])
        return steps + len(self.patterns) * (1 + length // 16) + walked * (1 + length // 4096) // 4

    def resolve(self, lookup: Lookup) -> "Condition":
        """Fill policy variables in; this very condition where it has none."""
        if not self.templates or self.operator is None:
            return self
        resolved = [template.resolve(lookup) for template in self.templates]
        shaped = [self.operator.shape(pattern) for pattern in resolved if isinstance(pattern, Pattern)]
        return replace(
            self,
            templates=(),
            patterns=(*self.patterns, *(pattern for pattern in shaped if pattern is not None)),
            doubtful=self.doubtful or UNSETTLED in resolved or None in shaped,
        )

    def holds(self, values: tuple[str, ...] | None) -> bool | None:
        """Decide for the request's values of this key (None: the request does not carry it)."""
        operator = self.operator
        if operator is None:
            return None
        if operator.kind is Kind.PRESENCE:
            return _any(wanted is (values is None) for wanted in self.operands) if not self.doubtful else None
        if values is None and self.if_exists:
            return True
        if self.quantifier is not None:
            # "... or if the key values resolve to a null data set, such as an empty string"
            members = values if values is not None and any(values) else ()
            combine = _all if self.quantifier == "ForAllValues" else _any
            return combine(self._matches(value, operator) for value in members)
        if values is None:
            return operator.negated
        return self._matches(values[0], operator) if len(values) == 1 else None

    def _matches(self, value: str, operator: Operator) -> bool | None:
        if operator.kind is Kind.TEXT:
            found = value in self.literals
            for pattern in () if found else self.patterns:
                if pattern.matches(value):
                    found = True
                    break
        else:
            read = operator.read(value)
            if read is None:
                return None
            found = any(operator.compare(read, operand) for operand in self.operands)
        if not found and self.doubtful:
            return None
        return found is not operator.negated


def _any(results: Iterable[bool | None]) -> bool | None:
    seen = set(results)
    return True if True in seen else None if None in seen else False


def _all(results: Iterable[bool | None]) -> bool | None:
    seen = set(results)
    return False if False in seen else None if None in seen else True


def operator_of(name: str) -> Operator | None:
    """The condition operator of this name, with what may stand before and behind it, or None."""
    quantifier, colon, rest = name.rpartition(":")
    base = rest.removesuffix("IfExists")
    operator = OPERATORS.get(base)
    if operator is None or (colon and quantifier not in _QUANTIFIERS):
        return None
    return operator if operator.kind is not Kind.PRESENCE or name == base else None


def operator_meant(name: str) -> str:
    """The operator that a misspelt name stands for, as far as anybody can tell; or empty."""
    quantifier, _, rest = name.rpartition(":")
    base = nearest(rest, _SPELLED, most=_MOST_EDITS) if len(rest) <= _LONGEST_NAME else ""
    every = nearest(quantifier, _QUANTIFIERS, most=_MOST_EDITS) if quantifier else ""
    return next((each for each in (f"{every}:{base}", base) if operator_of(each)), "")


def empty_condition(name: str) -> Condition:
    """An operator with no key at all: nobody says what that asks for."""
    return Condition(name, "", "", (), None)


def read_condition(name: str, key: str, texts: tuple[str, ...], *, variables: bool) -> Condition:
    """Read one operator with one key and its values; what cannot be read becomes doubt, not an error."""
    operator, quantifier, if_exists = OPERATORS.get(name), None, False
    if operator is None:
        operator = operator_of(name)
        quantifier, if_exists = name.rpartition(":")[0] or None, name.endswith("IfExists")
    if operator is None:
        return Condition(name, key, key.lower(), texts, None)
    literals: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()
    templates: tuple[Template, ...] = ()
    operands: tuple[Any, ...] = ()
    lookup = key.lower()
    if operator.kind is Kind.TEXT:
        literals, patterns, templates, doubtful = _patterns(texts, operator, variables=variables)
    else:
        operands = _operands(texts, operator, latest=LAST_MOMENT if lookup == _EPOCH_KEY else None)
        doubtful = len(operands) < len(texts)
    return Condition(
        name,
        key,
        lookup,
        texts,
        operator,
        quantifier,
        if_exists,
        literals,
        patterns,
        templates,
        operands,
        doubtful,
    )


def _operands(texts: tuple[str, ...], operator: Operator, latest: Decimal | None) -> tuple[Any, ...]:
    """A number that is compared with the time is a date: past the latest one it is no more than a guess."""
    known = [operand for operand in map(operator.read, texts) if operand is not None]
    if latest is not None:
        known = [operand for operand in known if not (isinstance(operand, Decimal) and operand > latest)]
    return tuple(known)


def _patterns(
    texts: tuple[str, ...], operator: Operator, *, variables: bool
) -> tuple[frozenset[str], tuple[Pattern, ...], tuple[Template, ...], bool]:
    """The literals, patterns and templates of the values, and whether one of them cannot be read."""
    literals: list[str] = []
    patterns: list[Pattern] = []
    templates: list[Template] = []
    doubtful = False
    wildcards, shape, variables = operator.wildcards, operator.shape, variables and operator.variables
    for text in dict.fromkeys(texts):
        with_variable = variables and "${" in text
        if shape is _as_written and not with_variable:  # the common case
            if wildcards and has_wildcard(text):
                patterns.append(glob(text))
            else:
                literals.append(text)
            continue
        read = read_text(text, wildcards=wildcards, variables=with_variable)
        shaped = shape(read) if isinstance(read, Pattern) else None
        if isinstance(read, Template):
            templates.append(read)
        elif shaped is None:
            doubtful = True
        elif (literal := shaped.literal) is not None:
            literals.append(literal)
        else:
            patterns.append(shaped)
    return frozenset(literals), tuple(patterns), tuple(templates), doubtful
