"""A family of requests: what is fixed about them, and what is known of every condition key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeAlias

from landing_zone_key.policy.representatives import Domain
from landing_zone_key.policy.variables import UNSETTLED, Unsettled


class Presence(Enum):
    """What is known of a key without knowing a value."""

    ABSENT = "absent"
    """No request of the family carries the key."""
    UNKNOWN = "unknown"
    """A request may lack the key, or carry any value or values."""


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


@dataclass(frozen=True, slots=True)
class Other:
    """May be absent, may have any value, but never this one."""

    than: str


class Clock(Enum):
    """A key that tells the time of the request."""

    ISO = "iso"
    EPOCH = "epoch"


Fact: TypeAlias = Presence | Fixed | AtLeast | Text | Other | Clock


@dataclass(frozen=True, slots=True)
class Family:
    """All requests of one service to one key."""

    service: str
    actions: tuple[str, ...]
    resource: str
    facts: Mapping[str, Fact]
    """Condition key in lower case -> what is known of it. A key that is not named is UNKNOWN."""
    prefixes: Mapping[str, Fact] = field(default_factory=dict)
    """The same for all keys that begin so, such as `aws:principaltag/`."""
    variables: Mapping[str, Domain] = field(default_factory=dict)
    """What the requests differ in: name -> its values, in the order in which texts use them."""
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Variable -> one value that it does not take."""
    earliest: datetime = datetime(2026, 11, 24, tzinfo=UTC)
    """Requests are made at any moment from this one on."""

    def fact(self, key: str) -> Fact:
        """What is known of a key (in lower case)."""
        if key in self.facts:
            return self.facts[key]
        return next((fact for prefix, fact in self.prefixes.items() if key.startswith(prefix)), UNKNOWN)

    def settled_value(self, key: str) -> str | Unsettled | None:
        """The one value that the key has in every request, for a policy variable."""
        fact = self.fact(key)
        if isinstance(fact, Fixed) and len(fact.values) == 1:
            return fact.values[0]
        return None if fact is ABSENT else UNSETTLED
