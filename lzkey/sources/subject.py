"""What a source yields: units of work that are cheap to hand over, and the keys that are in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from landing_zone_key.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from landing_zone_key import KmsKey, LandingZone
    from landing_zone_key.manifest import ManifestKeys


@dataclass(frozen=True, slots=True)
class Kind:
    """What describes a key; each reader declares its own."""

    LIVE: ClassVar[Kind]
    """The live account."""

    name: str
    words: str = ""
    """What it is, for people who ask what may be given; "" where another one's words tell of it."""
    is_template: bool = False
    """Whether it has values that are filled in only when it is deployed."""


Kind.LIVE = Kind("live")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a source something stands."""

    source: str
    """The path as it was given or found; `-` for standard input; `s3://BUCKET/KEY`; `account 111122223333 in
    us-east-1` live.
    """
    kind: Kind | None = None
    pointer: str = ""
    """JSON pointer, logical id or resource address."""
    line: int | None = None
    """From 1; None where nobody counted lines."""


@dataclass(frozen=True, slots=True)
class FoundKey:
    """One key, as its source describes it.

    `key` is what is certain: an Allow that could not be resolved is left out, a Deny that could not be
    resolved denies, an attribute that could not be resolved is None. `hopeful` is the other extreme, where
    there is one: whatever could not be resolved is in the landing zone's favour. COMPLIANT for `key` is
    proved; NON_COMPLIANT for `hopeful` is certain; anything between is not determined.
    """

    name: str
    """What its readers call it: ARN, alias, logical id, resource address."""
    key: KmsKey
    place: Place
    hopeful: KmsKey | None = None
    unresolved: tuple[str, ...] = ()
    """What could not be resolved, a sentence each, with what would resolve it."""
    assumptions: tuple[str, ...] = ()
    """What was taken for granted, such as that a template is deployed in the management account."""
    statement_lines: tuple[int, ...] = ()
    """The line of each statement of the policy, from 1; empty where nobody counted."""
    not_known: tuple[int, ...] = ()
    """The statements of the policy, by index, that stand for ones of which nothing is known."""
    known_in_part: tuple[int, ...] = ()
    """Those that stand for ones of which something is not known."""
    arn_known: bool = True
    """False: the ARN stands in for one that is not there yet; `*` and a self-reference count as this key."""
    manifest_keys: ManifestKeys | None = None
    """Those of the landing zone's manifest, where the key was found by it: they tell what it is for."""
    label: str = ""
    """What people call it, its alias or its tag Name, where the source tells."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A source, or a part of one, of which nothing can be said; the work goes on with the rest."""

    place: Place
    message: str
    """What is wrong, where, and what would be right."""
    absent: bool = False
    """Whether it is certain that there is no such key."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file, or a resource in one, of which nothing is to be said: it is counted, and JSON lists it."""

    place: Place
    reason: str = "it holds no KMS key"
    """Why, beginning with `it`: what was not understood is never said to hold none."""
    told: bool = False
    """Whether people are told of it, who would not expect it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A key that a source declares in a language that is not read: another source must have it."""

    place: Place
    address: str
    """As a plan or a state names it, without modules and indexes: `aws_kms_key.logs`."""
    message: str
    """What to give, where none has it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a template is deployed, as far as that is told; None is "not told"."""

    account: str | None = None
    region: str | None = None
    told_by: str = ""
    """The manifest."""
    fault: str = ""
    """Why a manifest that is there does not tell it."""

    def tells(self, name: str) -> bool:
        """Tell whether it gives a pseudo parameter its value."""
        return {"AWS::AccountId": self.account, "AWS::Region": self.region}[name] is not None


#: Of a file without a manifest beside it.
UNTOLD: Final = Environment()


@dataclass(frozen=True, slots=True)
class Kept:
    """What an evidence pack keeps of a key's facts."""

    sha256: str
    """Of the facts as text."""
    facts: str | None = None
    """The facts; None where the digest is enough."""


@dataclass(frozen=True, slots=True)
class Context:
    """What files do not tell."""

    zone: LandingZone
    key_arn: str | None = None
    """For a bare key policy."""
    parameters: Mapping[str, str] | None = None
    """CloudFormation parameters by name, AWS::AccountId and the like among them."""
    keep: Callable[[FoundKey], Kept] | None = None
    """What keeps a key's facts, where an evidence pack is written; it can be pickled."""


class Unit(Protocol):
    """A part of a source; it can be pickled, so that another process can do the work."""

    def keys(self, context: Context) -> Iterator[FoundKey | Unread | PassedOver]:
        """Read the keys; no I/O happens here, but for files that a packed template names beside it."""
