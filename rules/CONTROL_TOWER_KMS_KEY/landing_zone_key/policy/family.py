"""A family of requests: what is fixed about them, and what is known of every condition key."""

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Final, Protocol, TypeAlias

from landing_zone_key.policy.representatives import Domain
from landing_zone_key.policy.seeds import iso
from landing_zone_key.policy.variables import UNSETTLED, Unsettled
from landing_zone_key.records import dataclass


class Presence(Enum):
    """What is known of a key without knowing a value."""

    ABSENT = "absent"
    """No request of the family carries the key."""
    UNKNOWN = "unknown"
    """A request may lack the key, or carry any value or values."""


#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
#: Condition keys that may have many values: only set operators are defined for them.
MANY_VALUED: Final = frozenset(
    {
        "aws:calledvia",
        "aws:principalorgpaths",
        "aws:principalservicenameslist",
        "aws:resourceorgpaths",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:vpceorgpaths",
        "kms:encryptioncontextkeys",
        "kms:grantoperations",
        "kms:resourcealiases",
    }
)

ABSENT: Final = Presence.ABSENT
UNKNOWN: Final = Presence.UNKNOWN


@dataclass(frozen=True, slots=True)
class Fixed:
    """Every request carries exactly these values; one, but for keys of many values."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A key of many values: every request carries these, and perhaps any others."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text made of fixed pieces and the family's variables: `("arn:aws:config:", "Region", ":", ...)`.

    Even places hold fixed pieces, odd places names of variables in the family's order, each at most once.
    """

    pieces: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text, with values for the variables."""
        pieces = list(self.pieces)
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Other:
    """May be absent, may have any value, but never this one."""

    than: str


class Clock(Enum):
    """A key that tells the time of the request."""

    ISO = "iso"
    EPOCH = "epoch"

    def write(self, moment: Decimal) -> str:
        """The key's value at a moment, in whole seconds since 1970."""
        return iso(moment) if self is Clock.ISO else str(moment)


Fact: TypeAlias = Presence | Fixed | AtLeast | Text | Other | Clock


class Common(Protocol):
    """What is known of the requests to a key, whoever makes them: found out when it is asked for."""

    def fact(self, key: str) -> Fact | None:
        """What is known of a condition key (in lower case); None where nothing is."""

    def facts(self) -> dict[str, Fact]:
        """All of it."""


@dataclass(frozen=True, slots=True)
class Family:
    """All requests of one service to one key."""

    service: str
    actions: tuple[str, ...]
    resource: str
    facts: Mapping[str, Fact]
    """Condition key in lower case -> what is known of it. A key that is named nowhere is UNKNOWN."""
    common: Common | None = None
    """What is known of other keys."""
    absent_prefixes: tuple[str, ...] = ()
    """Keys that begin so are ABSENT, such as `aws:principaltag/`."""
    elsewhere: frozenset[str] = frozenset()
    """Keys of other requests alone, ABSENT as well; nobody misses them unless a policy asks for one."""
    variables: Mapping[str, Domain] = field(default_factory=dict)
    """What the requests differ in: name -> its values, in the order in which texts use them."""
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Variable -> one value that it does not take."""
    earliest: datetime = datetime(2026, 11, 24, tzinfo=UTC)
    """Requests are made at any moment from this one on."""
    latest: datetime | None = None
    """Up to this one; None: without end."""
    _sample: "Sample | None" = field(init=False, repr=False, compare=False)
    _found: dict[str, Fact] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make no sample yet, and look nothing up: most proofs need little of it."""
        object.__setattr__(self, "_sample", None)
        object.__setattr__(self, "_found", {})

    @property
    def sample(self) -> "Sample":
        """One of the requests, made once."""
        if self._sample is None:
            object.__setattr__(self, "_sample", Sample.of(self))
        return self._sample  # type: ignore[return-value]  # it has just been made

    def allows(self, variable: str, value: str) -> bool:
        """Whether the variable may take this value of its domain."""
        return self.excluded.get(variable) != value

    def may_be(self, text: Text, value: str) -> bool:
        """Whether the text has this value for some values of the variables, an excluded one among them."""
        reached = {0}
        for place, piece in enumerate(text.pieces):
            if place % 2:
                reached = {end for begin in reached for end in self.variables[piece].ends(value, begin)}
            else:
                reached = {begin + len(piece) for begin in reached if value.startswith(piece, begin)}
        return len(value) in reached

    def fact(self, key: str) -> Fact:
        """What is known of a key (in lower case)."""
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look_up(key)
        return found

    def _look_up(self, key: str) -> Fact:
        known = self.facts.get(key) or (self.common and self.common.fact(key))
        if known:
            return known
        absent = key in self.elsewhere or key.startswith(self.absent_prefixes)
        return ABSENT if absent else UNKNOWN

    def all_facts(self) -> dict[str, Fact]:
        """Every key of which something is known."""
        return {**(self.common.facts() if self.common else {}), **self.facts}

    def settled_values(self, key: str) -> tuple[str, ...] | None:
        """What the key has in every request; None where it is absent, or where they differ."""
        fact = self.fact(key)
        return fact.values if isinstance(fact, Fixed) else None

    def settled_value(self, key: str) -> str | Unsettled | None:
        """The one value that the key has in every request, for a policy variable."""
        fact = self.fact(key)
        if isinstance(fact, Fixed) and len(fact.values) == 1:
            return fact.values[0]
        return None if fact is ABSENT else UNSETTLED


@dataclass(frozen=True, slots=True)
class Sample:
    """One request of a family that reads well, and what the others differ from it in."""

    assignment: Mapping[str, str]
    """Variable -> the first of its examples that it may take; a variable without one is left out."""
    values: Mapping[str, tuple[str, ...]]
    """What the request carries; texts are left out where a variable has no example."""
    texts: Mapping[str, Text]
    clocks: Mapping[str, Clock]

    @classmethod
    def of(cls, family: Family) -> "Sample":
        """Sort the facts by kind, and fill in the examples."""
        values: dict[str, tuple[str, ...]] = {}
        texts: dict[str, Text] = {}
        clocks: dict[str, Clock] = {}
        assignment = {
            name: value
            for name, domain in family.variables.items()
            if (value := next((value for value in domain.examples if family.allows(name, value)), None))
        }
        moment = Decimal(int(family.earliest.timestamp()))
        for key, fact in family.all_facts().items():
            if fact is ABSENT or fact is UNKNOWN:
                continue
            if isinstance(fact, Fixed):
                values[key] = fact.values
            elif isinstance(fact, Text):
                texts[key] = fact
                if assignment.keys() >= set(fact.pieces[1::2]):
                    values[key] = (fact.fill(assignment),)
            elif isinstance(fact, AtLeast):
                values[key] = fact.values
            elif isinstance(fact, Clock):
                clocks[key] = fact
                values[key] = (fact.write(moment),)
        return cls(assignment, values, texts, clocks)
